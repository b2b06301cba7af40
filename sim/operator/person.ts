import type { Answered, DeskMessage } from "#agent/operator/desk";
import type { Prompt } from "#agent/operator/prompts";
import type { DeskStatus, DeskView, PromptView } from "#agent/operator/desk-view";
import { sleep, type Clock } from "#lib/clock";
import { poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Body } from "./body.ts";
import type { OperatorScript, ScriptEntry } from "./script.ts";

/** The screen of the device that the person carries; undefined while nothing answers there. */
export interface Screen {
  view(): Promise<DeskView | undefined>;
  tell(message: DeskMessage): Promise<Answered | undefined>;
}

export interface PersonDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly screen: Screen;
  readonly body: Body;
  readonly script: OperatorScript;
  /** Told what the person does that the screen did not ask for, and what it said to that. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The screen is looked at so often. */
const LOOK_EVERY_MS = 500;

/** Works at what the screen asks until told to end: reads, walks, takes, scans, and makes the mistakes of the script. */
export async function work(deps: PersonDeps): Promise<void> {
  const { clock, screen, signal } = deps;
  const person = new Person(deps);
  while (!signal.aborted) {
    await sleep(clock, LOOK_EVERY_MS);
    const status = (await screen.view())?.status;
    if (status) await person.react(status);
  }
}

class Person {
  readonly #deps: PersonDeps;
  readonly #script: ScriptEntry[];
  #pausedUntilMs = 0;

  constructor(deps: PersonDeps) {
    this.#deps = deps;
    this.#script = [...deps.script.script];
  }

  async react(status: DeskStatus): Promise<void> {
    const { clock, screen } = this.#deps;
    if (status.type === "held" && status.canResume && clock.nowMs() >= this.#pausedUntilMs) {
      await screen.tell({ type: "resume" });
    }
    if (status.type !== "prompt") return;
    // At a place, not on the way to it: the other prompts are answered where the person stands.
    await this.#reach(status);
    await this.#think();
    const entry = this.#entryFor(status);
    await (entry ? this.#follow(entry, status) : this.#doRight(status));
  }

  async #reach({ prompt, promptId }: PromptView): Promise<void> {
    if (prompt.kind !== "go" || !prompt.pose) return;
    const isThere = await this.#deps.body.walk(poseFrom(prompt.pose));
    if (!isThere) await this.#say({ type: "problem", promptId, code: "unreachable" });
  }

  #think(): Promise<void> {
    const { clock, rng, script } = this.#deps;
    const [least, most] = script.seconds;
    return sleep(clock, 1000 * (least + (most - least) * rng.float()));
  }

  #entryFor({ stageId, prompt }: PromptView): ScriptEntry | undefined {
    const at = this.#script.findIndex(({ stage, at: kind }) => stage === stageId && kind === prompt.kind);
    return at === -1 ? undefined : this.#script.splice(at, 1)[0];
  }

  async #follow(entry: ScriptEntry, status: PromptView): Promise<void> {
    const { clock } = this.#deps;
    const { promptId } = status;
    if ("scan" in entry) return this.#say({ type: "code", promptId, text: entry.scan }, `scans ${entry.scan}`);
    if ("quantity" in entry) {
      return this.#say({ type: "quantity", promptId, value: entry.quantity }, `enters ${entry.quantity}`);
    }
    if ("pause" in entry) {
      this.#pausedUntilMs = clock.nowMs() + entry.pause;
      return this.#say({ type: "pause" }, `pauses for ${entry.pause / 1000} s`);
    }
    return this.#report(entry, status);
  }

  async #report({ report, taken }: Extract<ScriptEntry, { report: string }>, status: PromptView): Promise<void> {
    const { promptId, prompt } = status;
    if (taken > 0 && "sku" in prompt && status.location !== undefined) {
      await this.#deps.body.take({ sku: prompt.sku, quantity: taken, from: status.location });
    }
    const message = { type: "problem", promptId, code: report, quantity: taken } as const;
    await this.#say(message, `reports ${report}${taken > 0 ? `, ${taken} taken` : ""}`);
  }

  #doRight({ prompt, promptId }: PromptView): Promise<void> {
    if (prompt.kind === "go") return this.#say({ type: "done", promptId });
    if (prompt.kind === "quantity") return this.#say({ type: "quantity", promptId, value: prompt.asked });
    if (prompt.kind === "confirm") return this.#handle(prompt, promptId);
    return this.#say({ type: "code", promptId, text: labelOf(prompt) });
  }

  /** Does it, then says so. */
  async #handle({ action, goods, location }: PromptOf<"confirm">, promptId: string): Promise<void> {
    const { body } = this.#deps;
    const refusal = await (action === "pick" ? body.take({ ...goods, from: location }) : body.put(location));
    if (refusal === undefined) return this.#say({ type: "done", promptId });
    return this.#say({ type: "problem", promptId, code: "unreachable" }, `cannot ${action}: ${refusal}`);
  }

  async #say(message: DeskMessage, noted?: string): Promise<void> {
    const { note, screen } = this.#deps;
    const answered = await screen.tell(message);
    const objection = answered && !answered.ok ? `; the screen says: ${answered.message}` : "";
    if (noted !== undefined || objection !== "") note(`the operator ${noted ?? "answers"}${objection}`);
  }
}

type PromptOf<Kind extends Prompt["kind"]> = Extract<Prompt, { kind: Kind }>;

/** What is on the label that the person was sent to. */
function labelOf(prompt: PromptOf<"scan-location" | "scan-item" | "lot" | "serial" | "scan-code">): string {
  switch (prompt.kind) {
    case "scan-location":
      return prompt.location;
    case "scan-item":
      return prompt.gtin ?? prompt.sku;
    case "lot":
      return prompt.lot;
    case "serial":
      return prompt.serial;
    case "scan-code":
      return prompt.expect ?? "UNLABELLED";
  }
}
