import { z } from "zod";
import { repeat, type Cancel, type Clock } from "#lib/clock";
import { poseFrom } from "#lib/geometry";
import { PoseTuple } from "#contract/spatial";
import type { ConsoleOrder } from "../core/console-orders.ts";
import { activeContract } from "#contract/reducer";
import type { Journal, LinkStatus } from "../core/ports.ts";
import type { RobotView, ToolResult } from "../core/situation.ts";
import type { RobotSenses } from "../execution/robot-senses.ts";
import type { ToolRequest } from "../tools/tool.ts";
import type { Carrier } from "./carrier.ts";
import { deskStatus, promptIdOf, workView, type DeskView, type Seat } from "./desk-view.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { endWithProblem, goodsTaken, objectionTo, outputOf } from "./outcome.ts";
import { PROBLEMS, problemSentence, type Problem } from "./problems.ts";
import { Answers, nextPrompt, promptsOf, type OperatorWork } from "./prompts.ts";

const PromptId = z.string().min(1).max(300);
const Code = z.string().min(1).max(8192);

/** What the screen tells the desk. */
export const DeskMessage = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("code"), promptId: PromptId, text: Code }),
  z.strictObject({ type: z.literal("quantity"), promptId: PromptId, value: z.number().max(1e9) }),
  z.strictObject({ type: z.literal("done"), promptId: PromptId }),
  z.strictObject({ type: z.literal("back"), promptId: PromptId }),
  z.strictObject({
    type: z.literal("problem"),
    promptId: PromptId,
    code: z.string().min(1).max(64),
    quantity: z.number().min(0).max(1e6).exactOptional(),
  }),
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("resume") }),
]);
export type DeskMessage = z.infer<typeof DeskMessage>;

/** Whether a message was taken, or in one sentence why not and what to do. */
export type Answered = { readonly ok: true } | { readonly ok: false; readonly message: string };

export interface DeskDeps {
  readonly clock: Clock;
  readonly deviceId: string;
  readonly journal: Pick<Journal, "state" | "contract" | "append" | "onAppended">;
  readonly link: Pick<LinkStatus, "isOnline">;
  readonly carrier: Carrier;
  readonly uuid: () => string;
  readonly senses: Pick<RobotSenses, "view">;
  /** Pauses and goes on, journaled with who did it. */
  readonly order: (order: ConsoleOrder, command: string) => Promise<unknown>;
}

/** Where stages wait for a person, and the person's screen finds them. */
export interface Desk extends Disposable {
  /** Asks all that the stage asks, one thing after the other, going on where an earlier attempt had got to. */
  perform(request: ToolRequest, signal: AbortSignal): Promise<ToolResult>;
  view(): DeskView;
  /** Takes what the screen says. Rejects `store.*` where it could not be kept. */
  tell(message: DeskMessage): Promise<Answered>;
  /** Calls `listener` whenever the view may have changed. */
  onChange(listener: () => void): Cancel;
}

/** A stage that was told to wait stops asking within this time, and the link's state is looked at as often. */
const LOOK_EVERY_MS = 500;

type SeatedMessage = Exclude<DeskMessage, { type: "pause" | "resume" }>;

export function createDesk(deps: DeskDeps): Desk {
  return new OperatorDesk(deps);
}

class OperatorDesk implements Desk {
  readonly #deps: DeskDeps;
  readonly #seats = new Set<OpenSeat>();
  readonly #listeners = new Set<() => void>();
  readonly #cancels: readonly Cancel[];
  #wasOnline = false;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    const { clock, journal, carrier } = deps;
    const seen = activeContract(journal.state())?.lastSeen?.pose;
    if (seen) carrier.standAt(poseFrom(seen));
    this.#cancels = [journal.onAppended(() => this.#changed()), repeat(clock, LOOK_EVERY_MS, () => this.#look())];
  }

  async perform(request: ToolRequest, signal: AbortSignal): Promise<ToolResult> {
    if (!request.permit().ok) return { type: "interrupted" };
    const { promise, resolve } = Promise.withResolvers<ToolResult>();
    const seat = new OpenSeat(request, () => this.#workOf(request), resolve);
    this.#seats.add(seat);
    this.#changed();
    const withdraw = (): void => resolve({ type: "interrupted" });
    signal.addEventListener("abort", withdraw, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", withdraw);
      this.#seats.delete(seat);
      this.#changed();
    }
  }

  view(): DeskView {
    const { deviceId, journal, link } = this.#deps;
    const state = journal.state();
    const active = activeContract(state);
    const work = workView(state, active && journal.contract(active.contractId));
    return {
      deviceId,
      isOnline: link.isOnline(),
      ...(work && { work }),
      status: deskStatus(state, this.#current()),
    };
  }

  async tell(message: DeskMessage): Promise<Answered> {
    if (message.type === "pause") return this.#pause();
    return message.type === "resume" ? this.#resume() : this.#answer(message);
  }

  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#cancels) cancel();
    this.#listeners.clear();
  }

  async #pause(): Promise<Answered> {
    if (this.view().status.type === "idle") return refused("There is no work to pause.");
    await this.#deps.order({ type: "hold", reason: "paused by the operator" }, "pause");
    return TAKEN;
  }

  async #resume(): Promise<Answered> {
    const { status } = this.view();
    if (status.type !== "held") return refused("Nothing is paused.");
    if (!status.canResume) return refused("This waits for somebody else: ask your supervisor.");
    await this.#deps.order({ type: "resume" }, "resume");
    return TAKEN;
  }

  async #answer(message: SeatedMessage): Promise<Answered> {
    const seat = this.#current();
    if (!seat || promptIdOf(seat) !== message.promptId) {
      return refused("The screen was out of date. Look at it again.");
    }
    if (!seat.request.permit().ok) return refused("The work is on hold. Wait until it goes on.");
    const answered = await this.#take(seat, message);
    seat.message = answered.ok ? undefined : answered.message;
    this.#changed();
    return answered;
  }

  #take(seat: OpenSeat, message: SeatedMessage): Answered | Promise<Answered> {
    if (message.type === "back") return seat.goBack();
    if (message.type === "problem") return this.#report(seat, message);
    const prompt = nextPrompt(seat.work, seat.answers);
    const judged = prompt && judgeAnswer(prompt, message, seat.work);
    if (!judged?.ok) return judged ?? TAKEN;
    const answers = { ...seat.answers, ...judged.answers };
    if (nextPrompt(seat.work, answers)) {
      seat.keep(answers);
      return TAKEN;
    }
    return this.#finish(seat, answers);
  }

  #finish(seat: OpenSeat, answers: Answers): Answered {
    const { carrier } = this.#deps;
    const { work } = seat;
    const output = outputOf(work, answers, carrier.report()?.pose);
    const objection = objectionTo(work, output, this.#robot(work));
    if (objection !== undefined) return refused(`The contract asks for something else: ${objection}.`);
    const pose = PoseTuple.safeParse(output["pose"]);
    if (pose.success) carrier.standAt(poseFrom(pose.data));
    seat.end({ type: "done", output });
    return TAKEN;
  }

  /** What is over all the same goes on; that there was a problem is told by an event of its own then, else by the failure. */
  async #report(seat: OpenSeat, { code, quantity = 0 }: Extract<DeskMessage, { type: "problem" }>): Promise<Answered> {
    const { work } = seat;
    const problem = PROBLEMS[work.stage.action]?.find((known) => known.code === code);
    if (!problem) return refused("This cannot be reported here.");
    const asked = goodsTaken(work, 0) ? Number(work.stage.inputs["quantity"]) : 0;
    if (problem.asks !== undefined && quantity >= asked) {
      return refused(`${quantity} would be all of ${asked}. Then there is no problem: go back and confirm.`);
    }
    const detail = problemSentence(problem, placeOf(work), goodsTaken(work, quantity), asked);
    const result = endWithProblem(work, problem, quantity, detail);
    if (result.type === "done" && objectionTo(work, result.output, this.#robot(work)) === undefined) {
      await this.#raise(seat, problem, detail);
    }
    seat.end(result);
    return TAKEN;
  }

  async #raise({ request }: OpenSeat, { code }: Problem, detail: string): Promise<void> {
    const { journal, uuid } = this.#deps;
    const { contract, stage } = request;
    const data = { code, severity: "MEDIUM", detail, correlation_id: uuid() } as const;
    await journal.append([{ type: "exception", contractId: contract.contractId, stageId: stage.stageId, data }]);
  }

  #workOf({ stage, contract }: ToolRequest): OperatorWork {
    const load = this.#deps.journal.state().contracts[contract.contractId]?.load ?? {};
    return { stage, contract, load };
  }

  #robot({ load }: OperatorWork): RobotView {
    return this.#deps.senses.view(load);
  }

  #current(): OpenSeat | undefined {
    return this.#seats.values().next().value;
  }

  /** Nothing has happened before the last answer, so a stage that may not go on is simply asked again later. */
  #look(): void {
    for (const seat of this.#seats) if (!seat.request.permit().ok) seat.end({ type: "interrupted" });
    const isOnline = this.#deps.link.isOnline();
    if (isOnline !== this.#wasOnline) this.#changed();
    this.#wasOnline = isOnline;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

const TAKEN: Answered = { ok: true };

/** A stage that waits, with what has been answered; kept in the journal, so that a restart goes on here. */
class OpenSeat implements Seat {
  readonly request: ToolRequest;
  readonly end: (result: ToolResult) => void;
  message: string | undefined;
  readonly #work: () => OperatorWork;
  #answers: Answers;

  constructor(request: ToolRequest, work: () => OperatorWork, end: (result: ToolResult) => void) {
    this.request = request;
    this.#work = work;
    this.end = end;
    this.#answers = keptAnswers(request);
  }

  get key(): string {
    return this.request.key;
  }

  get work(): OperatorWork {
    return this.#work();
  }

  get answers(): Answers {
    return this.#answers;
  }

  keep(answers: Answers): void {
    this.#answers = answers;
    this.request.save?.({ asked: JSON.stringify(this.request.stage.inputs), answers });
  }

  goBack(): Answered {
    const prompts = promptsOf(this.work, this.#answers).map(({ kind }) => kind);
    const last = prompts.findLast((kind) => this.#answers[kind] !== undefined);
    if (last === undefined) return refused("This is the first question of this step.");
    const { [last]: _taken, ...rest } = this.#answers;
    this.keep(rest);
    return TAKEN;
  }
}

/** Answers to what was asked before a revision changed it are none. */
const Kept = z.looseObject({ asked: z.string(), answers: Answers });

function keptAnswers({ checkpoint, stage }: ToolRequest): Answers {
  const kept = Kept.safeParse(checkpoint);
  return kept.success && kept.data.asked === JSON.stringify(stage.inputs) ? kept.data.answers : {};
}

function placeOf({ stage }: OperatorWork): string {
  const { from, to } = stage.inputs;
  const place = from ?? to;
  return typeof place === "string" ? place : stage.goal;
}

function refused(message: string): Answered {
  return { ok: false, message };
}
