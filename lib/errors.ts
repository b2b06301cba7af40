/**
 * The catalogue of edge failures. Codes travel to the cloud and into logs, so they are part of the contract;
 * each line says what happened, not how to mend it (the message at the throw does).
 */
export const ERROR_CODES = {
  "config.invalid": "a configuration file cannot be read or does not fit its schema",
  "config.port_in_use": "an address that we should listen on is taken",
  "contract.invalid": "a contract does not fit the schema or breaks a rule",
  "contract.bad_signature": "a signed document does not verify",
  "contract.unknown_key": "a signed document names a key that is not trusted",
  "transport.unreachable": "the other side cannot be reached",
  "transport.refused": "the other side answered and refused us",
  "transport.closed": "the connection ended before the operation did",
  "transport.silent": "the connection is up, but nothing has come from the other side for too long",
  "transport.taken_over": "somebody else connected under our name",
  "transport.clock": "a certificate is not valid yet at the time that this machine's clock shows",
  "transport.untrusted":
    "who answered can't prove to be the other side: a captive portal, a proxy, or a wrong certificate",
  "transport.portal": "a web server answered in place of the other side, as captive portals do",
  "store.failed": "the database refused an operation",
  "store.corrupt": "the database is damaged",
  "store.in_use": "another program has the database open",
  "driver.failed": "a device refused or failed an operation",
  "driver.timeout": "a device did not answer in time",
  "driver.down": "a device is not there",
  "planner.failed": "no route or command could be found",
  "control.failed": "the motion loop could not do what it was asked",
  "http.problem": "an HTTP request was answered by a problem document",
  cancelled: "the operation was called off",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure at the edge of the program: expected weather, with a code and a hint whether trying again may help. */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AgentError";
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** A broken invariant: a bug of ours. Never caught on purpose; the process stops safely. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Throws an `InvariantError` that names the invariant when it does not hold. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant);
}

/** Marks code that cannot be reached; the type checker proves it, the throw guards data that lies. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected value ${JSON.stringify(value)}`);
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
