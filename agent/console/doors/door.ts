import type { Role } from "../core/role.ts";

/** A way for bytes in and out: a socket, a serial port, a terminal. */
export interface Line {
  readonly tty: string;
  /** What somebody may do there without a PIN. */
  readonly role: Role;
  /** Whether a person types, whom characters are echoed to. */
  readonly isInteractive: boolean;
  write(text: string): void;
  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void;
  /** Calls `listener` with what comes in; nothing is read before. */
  onBytes(listener: (chunk: Uint8Array) => void): void;
  /** Calls `listener` once when the other side is gone. */
  onEnd(listener: () => void): void;
  close(): void;
}

/** What happens when nobody has typed for long. */
export type AtIdle = "close" | "log-out";

/** Reads lines from a `Line`, one at a time. */
export interface LineReader extends Disposable {
  /** The next line; undefined when the other side is gone. */
  read(prompt: string): Promise<string | undefined>;
  /** Asks for an answer; what is typed is not shown if `isHidden`. An empty text when the other side is gone. */
  ask(prompt: string, options: { readonly isHidden: boolean }): Promise<string>;
  /** Resolves with the next byte that comes, and swallows it, or at the end. */
  anyKey(): Promise<void>;
  /** Gives what comes in to `listener` as it is, until the function that it returns is called. */
  raw(listener: (chunk: Uint8Array) => void): () => void;
}
