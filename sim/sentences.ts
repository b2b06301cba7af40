import { LIGHTER_MODE, WAIT } from "#agent/core/resource-steps";
import type { Event } from "#contract/event";
import type { EventType } from "#contract/event-data";
import type { CloudNote } from "./observer.ts";

type Data = Readonly<Record<string, unknown>>;
type Sentence = (data: Data, goal: string) => string | undefined;

/** What a person is told of an event of a device's journal, or undefined when it is not worth a sentence. */
export function eventSentence(event: Event, goal: string): string | undefined {
  return Object.hasOwn(EVENTS, event.type) ? EVENTS[event.type as EventType]?.(event.data, goal) : undefined;
}

/** What a person is told of an entry of the cloud's log. */
export function cloudSentence({ type, deviceId = "", data }: CloudNote): string | undefined {
  return Object.hasOwn(CLOUD, type) ? CLOUD[type]?.(data, deviceId) : undefined;
}

const ended =
  (word: string): Sentence =>
  (data) =>
    `ends the contract as ${word} (${text(data["reason"])})`;

const EVENTS: { readonly [Type in EventType]?: Sentence } = {
  boot: (data) => (data["start"] === "restart" ? "is back after a restart, and reads its journal" : undefined),
  "link.changed": (data) => (data["state"] === "offline" ? "has lost its connection, and goes on alone" : undefined),
  "contract.accepted": (data) =>
    `has stored contract ${text(data["name"] ?? data["taskId"])} (${count(data["stages"])} steps) on its disk`,
  "contract.rejected": ({ reason, problems }) =>
    `refuses the contract (${[text(reason), ...problemMessages(problems)].join("; ")})`,
  "contract.started": (data) => `starts, and expects to need ${number(data["secondsEstimated"], 0)} s`,
  "contract.held": (data) => `holds (${text(data["by"])}: ${text(data["reason"])})`,
  "contract.resumed": () => "goes on",
  "contract.completed": (data) =>
    `has fulfilled the contract: ${number(data["distance"], 1)} m, ${number(data["durationSeconds"], 0)} s`,
  "contract.failed": ended("failed"),
  "contract.aborted": ended("aborted"),
  "contract.cancelled": ended("cancelled"),
  "contract.expired": ended("expired"),
  "contract.released": ended("released"),
  "contract.revoked": ended("revoked"),
  "stage.started": (_data, goal) => `begins: ${goal}`,
  "stage.completed": (data, goal) => {
    const driven = Number(data["distance"]) > 0.5 ? `, ${number(data["distance"], 1)} m driven` : "";
    return `has done: ${goal} (${number(data["durationSeconds"], 1)} s${driven})`;
  },
  "stage.verified": (data, goal) => `asks the tool whether it happened: ${text(data["answer"])} (${goal})`,
  "stage.failed": (data, goal) => `fails: ${goal} (${text(data["code"])}: ${text(data["detail"])})`,
  "fix.attempted": (data, goal) => {
    const fix = text(data["fix"]);
    if (fix === WAIT) return `waits: ${text(data["detail"])}`;
    if (fix === LIGHTER_MODE) return `goes on with less (${text(data["detail"])}): ${goal}`;
    return `tries again${fix === "retry" ? "" : ` (${fix})`}: ${goal}`;
  },
  "replan.requested": (data) => `asks for a new plan: ${text(data["code"])}`,
  "replan.adopted": (data) => `goes on by a plan of its own: ${text(data["detail"])}`,
  "replan.refused": (data) => `gets no new plan from the ${text(data["by"] ?? "cloud")}: ${text(data["reason"])}`,
  notice: (data) => (data["kind"] === "needs-human" ? `tells the people around: ${text(data["text"])}` : undefined),
  movement: (data) => {
    const item = `${text(data["qty"])} ${text(data["uom"])} of ${text(data["sku"])}`;
    return data["kind"] === "PICK"
      ? `took ${item} from ${text(data["from_location"])}`
      : `put ${item} at ${text(data["to_location"])}`;
  },
  "constraint.violated": (data) => `cannot keep a constraint: ${text(data["detail"])}`,
  exception: (data) => `reports: ${text(data["code"])}, ${text(data["detail"])}`,
};

const CLOUD: Readonly<Record<string, (data: Data, deviceId: string) => string | undefined>> = {
  "device.mode": (data, deviceId) => {
    if (data["to"] === "projected")
      return `cannot hear ${deviceId}: it is projected from now on, its task stays locked`;
    if (data["to"] === "reconciled") return `hears ${deviceId}, and takes in the journal of what it did meanwhile`;
    return `sees ${deviceId} live`;
  },
  "contract.status": (data, deviceId) =>
    data["to"] === "completed" ? `has the proof that ${deviceId}'s contract is completed` : undefined,
  reconciliation: (data) => {
    const items = (data["items"] ?? []) as readonly DivergenceText[];
    const wrong = items.filter(({ size }) => size !== "none");
    const right = items.filter(({ size }) => size === "none").map(({ kind }) => kind);
    const told = wrong.map((item) => `${item.kind} ${divergenceText(item)} (${item.size})`);
    if (right.length > 0) told.push(`${right.join(", ")} as projected`);
    return `reconciles projection with fact: ${told.join("; ") || "nothing to compare"}`;
  },
  "replan.triggered": () => "replans: what was projected and what happened differ materially",
};

/** An item of a divergence report, as far as words need it. */
export interface DivergenceText {
  readonly kind: string;
  readonly size: string;
  readonly delta: number;
  readonly unit: string;
  readonly projected: unknown;
  readonly actual: unknown;
}

/** How far a projection was off, in words: `off by 3.2 m`, `completed, not running`. */
export function divergenceText({ delta, unit, projected, actual }: DivergenceText): string {
  if (unit === "m") return `off by ${Math.abs(delta).toFixed(2)} m`;
  if (unit === "s") return `${Math.abs(delta).toFixed(1)} s ${delta < 0 ? "earlier" : "later"} than projected`;
  if (typeof actual === "string") {
    return actual === projected ? `${actual} as projected` : `${actual}, not ${text(projected)}`;
  }
  return `off by ${(Math.abs(delta) * 100).toFixed(1)} %`;
}

function problemMessages(problems: unknown): string[] {
  return Array.isArray(problems) ? problems.map(({ message }: { message?: unknown }) => text(message)) : [];
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value ?? "?");
}

function number(value: unknown, digits: number): string {
  return typeof value === "number" ? value.toFixed(digits) : "?";
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
