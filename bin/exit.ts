/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  /** An expectation was not met, or a contract is invalid. */
  unmet: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  bug: 70,
} as const;

/** The command ran, and its answer is no: exit 1 with this one line. */
export class Unmet extends Error {
  override readonly name = "Unmet";
}
