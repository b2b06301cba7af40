import type { Execution } from "#cloud/execution";
import { repeat, type Clock } from "#lib/clock";
import type { ContractDraft } from "#contract/contract";
import type { ScheduledContract } from "./scenario-file.ts";

/** Pushes a scenario's contracts, each at its time or as soon after as the device is live and free. */
export interface Pusher {
  isDone(): boolean;
  /** What became of each push, in the order of the scenario; undefined while it has not been answered. */
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

/** To whoever pushed when the cloud died; pushing again could do the work twice. */
const LOST: PushAnswer = {
  status: 504,
  detail: "the cloud died before it answered: only a journal tells if it was taken",
};

/** `execution` gives the cloud that runs now, if one does. Pushing starts by itself; what it throws goes to `onFailure`. */
export function startPusher(
  contracts: readonly ScheduledContract[],
  deps: {
    clock: Clock;
    execution: () => Pick<Execution, "pushContract"> | undefined;
    onFailure: (thrown: unknown) => void;
  },
): Pusher {
  const { clock, execution, onFailure } = deps;
  const answers: (PushAnswer | undefined)[] = contracts.map(() => undefined);
  async function push(draft: ContractDraft): Promise<PushAnswer | undefined> {
    const asked = execution();
    if (!asked) return undefined;
    const lost = Promise.withResolvers<"lost">();
    const stop = repeat(clock, RETRY_MS, () => execution() !== asked && lost.resolve("lost"));
    const answer = await Promise.race([asked.pushContract(draft), lost.promise]).finally(stop);
    if (answer === "lost") return LOST;
    if (answer.ok) return { status: 201, contractId: answer.value.contractId };
    const { status, detail, errors = [] } = answer.problem;
    return { status, detail, problems: errors.map(({ path, message }) => `${path}: ${message}`) };
  }
  for (const [index, { draft, atMs }] of contracts.entries()) {
    const attempt = async (): Promise<void> => {
      const answer = await push(draft);
      if (answer && !PASSING.has(answer.status)) answers[index] = answer;
      else clock.after(RETRY_MS, begin);
    };
    const begin = (): void => void attempt().catch(onFailure);
    clock.after(atMs, begin);
  }
  return { isDone: () => answers.every((answer) => answer !== undefined), answers: () => answers };
}
