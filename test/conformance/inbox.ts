import type { ErrorCode } from "#lib/errors";
import type { ConnectionHandlers, Message } from "#lib/transport";

/** Keeps what a connection hands over and lets a test wait for it. */
export class Inbox implements ConnectionHandlers {
  readonly messages: Message[] = [];
  readonly reasons: string[] = [];
  readonly codes: ErrorCode[] = [];
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
  readonly #waiting = new Set<() => void>();
  readonly #close: (reason: string) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#close = resolve;
  }

  onMessage(message: Message): void {
    this.messages.push(message);
    for (const check of this.#waiting) check();
  }

  onClose(reason: string, code?: ErrorCode): void {
    this.reasons.push(reason);
    if (code !== undefined) this.codes.push(code);
    this.#close(reason);
  }

  topics(): string[] {
    return this.messages.map(({ topic }) => topic);
  }

  /** Resolves when `expected` messages have arrived. */
  count(expected: number): Promise<void> {
    return this.#until(() => this.messages.length >= expected);
  }

  /** Resolves when a message that fits has arrived. */
  has(fits: (message: Message) => boolean): Promise<void> {
    return this.#until(() => this.messages.some(fits));
  }

  #until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isMet()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
