import { AgentError } from "#lib/errors";
import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";
import type { Event } from "#contract/event";
import { COMMANDS } from "./core/catalogue.ts";
import type {
  CommandContext,
  ConsoleCommand,
  ConsoleHost,
  Gatekeeper,
  Schedule,
  SessionView,
  Visit,
} from "./core/command.ts";
import { stateWord } from "./core/condition.ts";
import type { ConsoleFacts } from "./core/facts.ts";
import { importanceOf } from "./core/importance.ts";
import { parseLine, type Parsed } from "./core/parse.ts";
import { refused, type Reply, type Told } from "./core/reply.ts";
import { mayAct, type Role } from "./core/role.ts";
import { folded, printable } from "./core/text.ts";
import { eventLine } from "./commands/events.ts";
import type { Technician } from "./technician.ts";

/** What all sessions of a console share. */
export interface ConsoleParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly facts: () => ConsoleFacts;
  /** Absent when the agent is dead. */
  readonly technician?: Technician;
  readonly recent: (count: number) => Promise<readonly Event[]>;
  readonly host: ConsoleHost;
  readonly gatekeeper?: Gatekeeper;
  readonly schedule: Schedule;
  readonly visits: () => readonly Visit[];
}

/** The door that a session came through. */
export interface SessionDoor {
  readonly tty: string;
  /** What somebody may do without a PIN. */
  readonly role: Role;
  readonly ask?: SessionView["ask"];
  readonly transfer?: SessionView["transfer"];
  readonly say: (told: Told) => void;
}

/** A reply, and how it is to be written. */
export interface Answer {
  readonly reply: Reply;
  readonly isJson: boolean;
}

const NEWS_MAX = 5;
const LETTERS = "abcdefghkmnprstuvwxyz";

/** One person on one door: who they are to the robot, and what comes of the lines that they type. */
export class ConsoleSession implements Disposable {
  readonly #parts: ConsoleParts;
  readonly #door: SessionDoor;
  readonly #sinceMs: number;
  readonly #stopNews: () => void;
  #role: Role;
  #term: "plain" | "ansi" = "plain";
  #isTesting = false;
  #news: Event[] = [];
  #missedNews = 0;

  constructor(parts: ConsoleParts, door: SessionDoor) {
    this.#parts = parts;
    this.#door = door;
    this.#role = door.role;
    this.#sinceMs = parts.clock.nowMs();
    this.#stopNews = parts.technician?.onEvents((events) => this.#hear(events)) ?? (() => undefined);
  }

  /** `amr-017 RUN> `. */
  prompt(): string {
    const facts = this.#parts.facts();
    const word = stateWord(facts);
    const shown = this.#term === "ansi" ? `\u001b[1m${word}\u001b[0m` : word;
    return `${printable(facts.identity.deviceId)} ${shown}${this.#role === "viewer" ? ">" : "#"} `;
  }

  /** What was worth a word since the last prompt. */
  takeNews(): string[] {
    const lines = this.#news.flatMap((event) => folded(printable(`! ${eventLine(event)}`)));
    if (this.#missedNews > 0) lines.unshift(`! ${this.#missedNews} more; events lists them`);
    this.#news = [];
    this.#missedNews = 0;
    return lines;
  }

  /** Carries out a line; undefined when it is empty. */
  async execute(line: string): Promise<Answer | undefined> {
    const context = this.#context();
    const parsed = parseLine(line, context);
    if (parsed === undefined) return undefined;
    if ("kind" in parsed) return { reply: parsed, isJson: line.includes("--json") };
    return { reply: await this.#run(parsed, context), isJson: parsed.isJson };
  }

  /** What the line may go on with. */
  complete(line: string): string[] {
    const [first = "", second, ...rest] = line.trimStart().split(/\s+/);
    const starting = first.toLowerCase();
    if (second === undefined) return COMMANDS.map(({ name }) => `${name} `).filter((name) => name.startsWith(starting));
    const command = COMMANDS.find(({ name }) => name === starting);
    if (!command?.choices || rest.length > 0) return [];
    return command
      .choices(this.#context())
      .filter((choice) => choice.startsWith(second.toLowerCase()))
      .map((choice) => `${starting} ${choice} `);
  }

  /** Nobody has typed for long: the role is given back. */
  logOut(): void {
    this.#role = this.#door.role;
    this.#isTesting = false;
  }

  visit(): Visit {
    return { tty: this.#door.tty, role: this.#role, sinceMs: this.#sinceMs };
  }

  [Symbol.dispose](): void {
    this.#stopNews();
  }

  async #run(parsed: Parsed, context: CommandContext): Promise<Reply> {
    const { command, args } = parsed;
    const needed = roleFor(command, args.words);
    if (!mayAct(this.#role, needed))
      return refused("denied", `${command.name} takes the role ${needed}: login ${needed}`);
    if (command.needsAgent && !context.technician) return refused("agent_down", "the agent does not run");
    try {
      const reply = await command.run(args, context);
      if (isRecorded(command, args.words)) await this.#record(command, args.words, context, reply);
      return reply;
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      return refused(thrown.code, thrown.message);
    }
  }

  /** Values are left out, because one may be a secret. */
  async #record(
    { name }: ConsoleCommand,
    words: readonly string[],
    { technician, actor }: CommandContext,
    reply: Reply,
  ): Promise<void> {
    const result = reply.kind === "ok" ? "done" : reply.code;
    await technician?.record({ actor, command: [name, ...words.slice(0, 2)].join(" "), result });
  }

  #context(): CommandContext {
    const { facts, technician, recent, host, gatekeeper, visits, schedule } = this.#parts;
    const { tty } = this.#door;
    const actor = `console:${tty}:${this.#role}`;
    return { facts, technician, recent, host, gatekeeper, visits, schedule, actor, session: this.#view() };
  }

  #view(): SessionView {
    const { tty, ask, transfer, say } = this.#door;
    return {
      tty,
      ask,
      transfer,
      say,
      role: () => this.#role,
      setRole: (role) => (this.#role = role),
      term: () => this.#term,
      setTerm: (term) => (this.#term = term),
      isTesting: () => this.#isTesting,
      setTesting: (isTesting) => (this.#isTesting = isTesting),
      drawWord: () => Array.from({ length: 4 }, () => LETTERS[this.#parts.rng.integer(0, LETTERS.length - 1)]).join(""),
    };
  }

  #hear(events: readonly Event[]): void {
    for (const event of events) {
      if (importanceOf(event) === "info") continue;
      this.#news.push(event);
      if (this.#news.length > NEWS_MAX) {
        this.#news.shift();
        this.#missedNews++;
      }
    }
  }
}

function roleFor({ role, actions }: ConsoleCommand, [first]: readonly string[]): Role {
  if (typeof actions !== "object" || first === undefined) return role;
  return actions[first] ?? role;
}

function isRecorded({ actions }: ConsoleCommand, [first]: readonly string[]): boolean {
  if (actions === "all") return true;
  return typeof actions === "object" && first !== undefined && Object.hasOwn(actions, first);
}
