import { PassThrough, Writable } from "node:stream";
import { createInterface, type Interface } from "node:readline";
import { LINE_CHARS_MAX } from "../core/parse.ts";
import type { Line, LineReader } from "./door.ts";
import { KeyFilter } from "./key-filter.ts";

export interface LineReaderOptions {
  readonly complete: (line: string) => string[];
  /** Told of every byte, so that somebody who types is not idle. */
  readonly onActivity: () => void;
}

/** Bytes that come while nobody reads; a person does not type ahead more, and a program has no claim. */
const AHEAD_BYTES_MAX = 65_536;
const HISTORY = 100;

type Mode =
  | { readonly kind: "held" }
  | { readonly kind: "line"; readonly resolve: (line: string | undefined) => void }
  | { readonly kind: "key"; readonly resolve: () => void }
  | { readonly kind: "raw"; readonly listener: (chunk: Uint8Array) => void };

/** Lines with editing, history and completion where a person types, plain ones elsewhere. */
export function createLineReader(line: Line, options: LineReaderOptions): LineReader {
  return new EditedLines(line, options);
}

class EditedLines implements LineReader {
  readonly #line: Line;
  readonly #onActivity: () => void;
  readonly #filter = new KeyFilter();
  readonly #keys = new PassThrough();
  readonly #editor: Interface;
  #isMuted = false;
  #isEnded = false;
  #ahead: Uint8Array = new Uint8Array();
  #mode: Mode = { kind: "held" };

  constructor(line: Line, { complete, onActivity }: LineReaderOptions) {
    this.#line = line;
    this.#onActivity = onActivity;
    const echo = new Writable({
      decodeStrings: false,
      write: (text: string | Buffer, _encoding, done) => {
        if (!this.#isMuted && line.isInteractive) line.write(String(text));
        done();
      },
    });
    this.#editor = createInterface({
      input: this.#keys,
      output: Object.assign(echo, { isTTY: true, columns: 80 }),
      terminal: true,
      historySize: HISTORY,
      removeHistoryDuplicates: true,
      escapeCodeTimeout: 50,
      completer: (text: string) => [complete(text), text],
    });
    this.#editor.on("line", (text) => this.#settle(text));
    line.onBytes((chunk) => this.#take(chunk));
    line.onEnd(() => this.#end());
  }

  read(prompt: string): Promise<string | undefined> {
    return this.#next(prompt, false);
  }

  async ask(prompt: string, { isHidden }: { isHidden: boolean }): Promise<string> {
    const answer = await this.#next(prompt, isHidden);
    if (isHidden && this.#line.isInteractive) this.#line.write("\r\n");
    this.#forgetNewest();
    return answer ?? "";
  }

  anyKey(): Promise<void> {
    if (this.#isEnded || this.#ahead.length > 0) {
      this.#ahead = new Uint8Array();
      return Promise.resolve();
    }
    return new Promise((resolve) => (this.#mode = { kind: "key", resolve }));
  }

  raw(listener: (chunk: Uint8Array) => void): () => void {
    this.#mode = { kind: "raw", listener };
    return () => (this.#mode = { kind: "held" });
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#editor.close();
  }

  #next(prompt: string, isHidden: boolean): Promise<string | undefined> {
    if (this.#isEnded) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#mode = { kind: "line", resolve };
    if (this.#line.isInteractive) {
      this.#isMuted = false;
      this.#editor.setPrompt(prompt);
      this.#editor.prompt();
      this.#isMuted = isHidden;
    }
    const ahead = this.#ahead;
    this.#ahead = new Uint8Array();
    if (ahead.length > 0) this.#edit(ahead);
    return promise;
  }

  #take(chunk: Uint8Array): void {
    this.#onActivity();
    const mode = this.#mode;
    switch (mode.kind) {
      case "raw":
        return mode.listener(chunk);
      case "key":
        this.#mode = { kind: "held" };
        return mode.resolve();
      case "line":
        return this.#edit(chunk);
      case "held":
        if (this.#ahead.length + chunk.length <= AHEAD_BYTES_MAX) this.#ahead = Buffer.concat([this.#ahead, chunk]);
    }
  }

  #edit(chunk: Uint8Array): void {
    const { keys, rest, isLine, isOverlong } = this.#filter.take(chunk);
    if (isLine) this.#ahead = rest.subarray(0, AHEAD_BYTES_MAX);
    // What got too long was cleared; in its place goes a line that is refused for its length.
    if (!isOverlong) return void this.#keys.write(keys);
    this.#keys.write(keys.slice(0, -1));
    if (this.#line.isInteractive) this.#line.write("\r\n");
    this.#settle(" ".repeat(LINE_CHARS_MAX + 1));
  }

  #settle(text: string | undefined): void {
    const mode = this.#mode;
    if (mode.kind !== "line") return;
    this.#mode = { kind: "held" };
    this.#isMuted = false;
    mode.resolve(text);
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const mode = this.#mode;
    this.#mode = { kind: "held" };
    if (mode.kind === "line") mode.resolve(undefined);
    if (mode.kind === "key") mode.resolve();
  }

  /** Answers are no commands: a PIN must not come back with the arrow key. */
  #forgetNewest(): void {
    const { history } = this.#editor as Interface & { history?: string[] };
    history?.shift();
  }
}
