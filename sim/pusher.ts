import type { Execution } from "#cloud/execution";
import type { Clock } from "#lib/clock";
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
  for (const [index, { draft, atMs }] of contracts.entries()) {
    const attempt = async (): Promise<void> => {
      const answer = await execution()?.pushContract(draft);
      if (answer?.ok) answers[index] = { status: 201, contractId: answer.value.contractId };
      else if (answer && !PASSING.has(answer.problem.status)) {
        const { status, detail, errors = [] } = answer.problem;
        answers[index] = { status, detail, problems: errors.map(({ path, message }) => `${path}: ${message}`) };
      } else clock.after(RETRY_MS, begin);
    };
    const begin = (): void => void attempt().catch(onFailure);
    clock.after(atMs, begin);
  }
  return { isDone: () => answers.every((answer) => answer !== undefined), answers: () => answers };
}
