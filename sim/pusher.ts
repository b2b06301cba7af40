import type { Execution } from "#cloud/execution";
import { repeat, type Clock } from "#lib/clock";
import { present } from "#cloud/present";
import type { Answer } from "#cloud/problem";
import type { LoadedScenario, ScheduledContract, ScheduledTask } from "./scenario-file.ts";

/** Pushes a scenario's contracts, each at its time or as soon after as the device is live and free, and asks for its tasks. */
export interface Pusher {
  isDone(): boolean;
  /** What became of each push, in the order of the scenario, contracts before tasks; undefined while it has not been answered. */
  answers(): readonly (PushAnswer | undefined)[];
}

export interface PushAnswer {
  /** HTTP status that the cloud would answer. */
  readonly status: number;
  readonly contractId?: string;
  readonly detail?: string;
  /** What is wrong with the contract, by its places in it. */
  readonly problems?: readonly string[];
}

const RETRY_MS = 1000;
/** Answers that pass: not live, busy, no broker yet, and the cloud being dead. */
const PASSING: ReadonlySet<number> = new Set([404, 409, 503]);

type Cloud = Pick<Execution, "pushContract" | "submitTask">;
type Push = (cloud: Cloud) => Promise<Answer<{ readonly contractId?: string }>>;

/** To whoever pushed when the cloud died; pushing again could do the work twice. */
const LOST: PushAnswer = {
  status: 504,
  detail: "the cloud died before it answered: only a journal tells if it was taken",
};

/** `execution` gives the cloud that runs now, if one does. Pushing starts by itself; what it throws goes to `onFailure`. */
export function startPusher(
  { contracts, tasks }: Pick<LoadedScenario, "contracts" | "tasks">,
  deps: {
    clock: Clock;
    execution: () => Cloud | undefined;
    onFailure: (thrown: unknown) => void;
  },
): Pusher {
  const { clock, execution, onFailure } = deps;
  const jobs = [...contracts.map(jobOfContract), ...tasks.map(jobOfTask)];
  const answers: (PushAnswer | undefined)[] = jobs.map(() => undefined);
  async function ask(push: Push): Promise<PushAnswer | undefined> {
    const asked = execution();
    if (!asked) return undefined;
    const lost = Promise.withResolvers<"lost">();
    const stop = repeat(clock, RETRY_MS, () => execution() !== asked && lost.resolve("lost"));
    const answer = await Promise.race([push(asked), lost.promise]).finally(stop);
    if (answer === "lost") return LOST;
    if (answer.ok) return { status: 201, ...present({ contractId: answer.value.contractId }) };
    const { status, detail, errors = [] } = answer.problem;
    return { status, detail, problems: errors.map(({ path, message }) => `${path}: ${message}`) };
  }
  for (const [index, { push, atMs }] of jobs.entries()) {
    const attempt = async (): Promise<void> => {
      const answer = await ask(push);
      if (answer && !PASSING.has(answer.status)) answers[index] = answer;
      else clock.after(RETRY_MS, begin);
    };
    const begin = (): void => void attempt().catch(onFailure);
    clock.after(atMs, begin);
  }
  return { isDone: () => answers.every((answer) => answer !== undefined), answers: () => answers };
}

interface Job {
  readonly push: Push;
  readonly atMs: number;
}

function jobOfContract({ draft, reference, atMs }: ScheduledContract): Job {
  return { push: (cloud) => cloud.pushContract(reference ? { ...draft, spatial: reference } : draft), atMs };
}

function jobOfTask({ order, atMs }: ScheduledTask): Job {
  const push: Push = async (cloud) => {
    const answer = await cloud.submitTask(order);
    return answer.ok ? { ok: true, value: {} } : answer;
  };
  return { push, atMs };
}
