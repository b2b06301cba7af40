import type { ParseArgsOptionsConfig } from "node:util";
import type { Finding } from "../../doctor/finding.ts";
import type { ConsoleFacts } from "./facts.ts";
import type { Reply, Told } from "./reply.ts";
import type { PinRole, Role } from "./role.ts";
import type { Technician } from "../technician.ts";
import type { Event } from "#contract/event";

/** What lies beyond the agent's own parts: this machine, its configuration, its secrets. */
export interface ConsoleHost {
  /** All findings, or those of one check. */
  diagnose(check?: string): Promise<readonly Finding[]>;
  /** The configuration without its secrets, as lines of YAML. */
  configLines(): readonly string[];
  /** Changes one value in the file; answers why not, or nothing. */
  setConfig(path: string, value: string): string | undefined;
  /** A gzipped tar for support, without secrets. */
  bundle(facts: ConsoleFacts, actor: string): Promise<Uint8Array>;
  /** Puts a bundle into a folder, such as that of a mounted stick, and answers in words where it is, or why not. */
  saveBundle(bundle: Uint8Array, folder: string, name: string): Promise<string>;
  /** Hex. */
  sha256(bytes: Uint8Array): string;
  /** The last lines of the log. */
  logLines(count: number): readonly string[];
  onLogLine(listener: (line: string) => void): () => void;
  /** Restarts the machine; answers why it could not, or nothing. */
  reboot(): Promise<string | undefined>;
  /** Sets the wall clock, milliseconds since the Unix epoch; answers why it could not, or nothing. */
  setTime(wallMs: number): Promise<string | undefined>;
}

/** A reboot that is planned. */
export interface Schedule {
  /** `actor` is who ordered it. */
  plan(seconds: number, actor: string): void;
  /** False when none was planned. */
  cancel(): boolean;
}

/** Somebody on a door. */
export interface Visit {
  readonly tty: string;
  readonly role: Role;
  readonly sinceMs: number;
}

/** The session as a command sees it. */
export interface SessionView {
  readonly tty: string;
  role(): Role;
  setRole(role: Role): void;
  /** `ansi` colours the state word of the prompt. */
  term(): "plain" | "ansi";
  setTerm(term: "plain" | "ansi"): void;
  isTesting(): boolean;
  setTesting(isTesting: boolean): void;
  /** Asks the person; undefined where nobody can be asked. */
  readonly ask: ((prompt: string, options: { isHidden: boolean }) => Promise<string>) | undefined;
  /** Four letters that are easy to type, drawn anew. */
  drawWord(): string;
  /** Writes before the reply is there. */
  readonly say: (told: Told) => void;
  /** Takes over the line for bytes; absent where bytes would hurt. */
  readonly transfer: ((bytes: Uint8Array, name: string) => Promise<string | undefined>) | undefined;
}

/** PINs, and how often they were missed. */
export interface Gatekeeper {
  /** Tries a PIN; the answer to a wrong one says how long the door is locked, if it is. */
  check(role: PinRole, pin: string): Promise<PinVerdict>;
  /** Milliseconds that it is locked for. */
  lockedMs(): number;
  hasPin(role: PinRole): boolean;
  /** Answers why not, or nothing. */
  setPin(role: PinRole, pin: string): Promise<string | undefined>;
}

export type PinVerdict = "right" | "wrong" | "locked" | "unset";

export interface CommandContext {
  readonly facts: () => ConsoleFacts;
  /** Absent when the agent is dead. */
  readonly technician: Technician | undefined;
  readonly recent: (count: number) => Promise<readonly Event[]>;
  readonly host: ConsoleHost;
  readonly gatekeeper: Gatekeeper | undefined;
  readonly session: SessionView;
  readonly visits: () => readonly Visit[];
  readonly schedule: Schedule;
  readonly actor: string;
}

/** Words and options of a command line, as `util.parseArgs` reads them. */
export interface Arguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export interface ConsoleCommand {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  readonly role: Role;
  /** Whether it can be had of the journal alone. */
  readonly needsAgent: boolean;
  /**
   * What changes something is journaled with its actor: `all` of the command, or what begins with one of these words, which
   * may take a role of its own. `order`: it does that itself, in the transaction of what it orders.
   */
  readonly actions?: "all" | "order" | Readonly<Record<string, Role>>;
  readonly options?: ParseArgsOptionsConfig;
  readonly wordsMax: number;
  /** For completion. */
  readonly choices?: (context: CommandContext) => readonly string[];
  readonly run: (args: Arguments, context: CommandContext) => Reply | Promise<Reply>;
}
