import { exampleContract } from "#contract/example";
import { Ack, Presence, type Command } from "#contract/messages";
import type { Signer } from "#contract/crypto";
import type { Rng } from "#lib/rng";

/** Documents that a device would act on, whose likenesses it must not act on. */
export interface Models {
  readonly contract: string;
  readonly hold: string;
  readonly byStranger: readonly string[];
  readonly ack: string;
  readonly presence: string;
}

export type HostileTopic = "contract" | "command" | "ack" | "presence";

/** How many of twenty messages go where; what is let in of each topic differs as much. */
const TOPICS: readonly HostileTopic[] = [
  "contract",
  ...Array.from({ length: 6 }, () => "command" as const),
  ...Array.from({ length: 8 }, () => "ack" as const),
  ...Array.from({ length: 5 }, () => "presence" as const),
];

/** A message that is none: random, mutated, cut, deep, forged. It never is a well-formed message by chance. */
export function hostileMessage(models: Models, rng: Rng): { readonly topic: HostileTopic; readonly payload: string } {
  const topic = pick(TOPICS, rng);
  const isSigned = topic === "contract" || topic === "command";
  for (;;) {
    const payload = isSigned ? hostileJws(models, topic, rng) : hostileJson(models[topic], rng);
    if (!isWellFormed(topic, payload, models)) return { topic, payload };
  }
}

/** The contract and the hold that the device would obey, and the same from somebody whom it does not trust. */
export async function signModels(
  session: string,
  { signer, stranger }: { readonly signer: Signer; readonly stranger: Signer },
): Promise<Pick<Models, "contract" | "hold" | "byStranger">> {
  const contract = { ...exampleContract(), contractId: "019b8ce6-1400-7000-8000-000000000099", session };
  const { issuedAt, deviceId } = contract;
  const commandId = "019b8ce6-1400-7000-8000-00000000009a";
  const hold: Command = { commandId, n: 2 ** 42, session, deviceId, issuedAt, type: "hold" };
  const signBy = async (by: Signer): Promise<[string, string]> => [
    await by.sign("hf-contract+jws", contract),
    await by.sign("hf-command+jws", hold),
  ];
  const [signed, byStranger] = [await signBy(signer), await signBy(stranger)];
  return { contract: signed[0], hold: signed[1], byStranger };
}

function isWellFormed(topic: HostileTopic, payload: string, models: Models): boolean {
  switch (topic) {
    case "contract":
      return payload === models.contract;
    case "command":
      return payload === models.hold;
    case "ack":
      return Ack.safeParse(parse(payload)).success;
    case "presence":
      return Presence.safeParse(parse(payload)).success;
  }
}

interface Parts {
  readonly model: string;
  readonly other: string;
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  readonly byStranger: readonly string[];
}

/** Ways to make a compact JWS that must not be believed from one that must. */
const FORGERIES: readonly ((parts: Parts, rng: Rng) => string)[] = [
  (_parts, rng) => randomText(rng),
  ({ model }, rng) => mutate(model, rng),
  ({ model }, rng) => model.slice(0, rng.integer(0, model.length - 1)),
  ({ byStranger }, rng) => pick(byStranger, rng),
  ({ other }) => other,
  ({ header, other, signature }) => [header, other.split(".")[1], signature].join("."),
  ({ payload }, rng) =>
    [encode({ alg: pick(["none", "HS256", "EdDSA"], rng), kid: randomText(rng) }), payload, ""].join("."),
  ({ header, signature }, rng) => [header, Buffer.from(deep(rng)).toString("base64url"), signature].join("."),
  ({ header, payload, signature }, rng) => [header, payload, signature].map((part) => mutate(part, rng)).join("."),
  ({ model, signature }, rng) => `${model}${pick([".", "=", " ", "\n", "\0", `.${signature}`], rng)}`,
];

function hostileJws(models: Models, topic: "contract" | "command", rng: Rng): string {
  const [model, other] = topic === "contract" ? [models.contract, models.hold] : [models.hold, models.contract];
  const [header = "", payload = "", signature = ""] = model.split(".");
  return pick(FORGERIES, rng)({ model, other, header, payload, signature, byStranger: models.byStranger }, rng);
}

/** A likeness of a JSON document; it may be well-formed by chance. */
export function hostileJson(model: string, rng: Rng): string {
  switch (rng.integer(0, 5)) {
    case 0:
      return randomText(rng);
    case 1:
      return model.slice(0, rng.integer(0, model.length - 1));
    case 2:
      return deep(rng);
    case 3:
      return JSON.stringify(randomValue(rng, 4));
    case 4:
      return model.replace(/:("[^"]*"|\d+)/, () => `:${JSON.stringify(randomValue(rng, 2))}`);
    default:
      return mutate(mutate(model, rng), rng);
  }
}

/** One to four characters are replaced, put in, or taken out. */
function mutate(text: string, rng: Rng): string {
  let mutated = text;
  for (let times = rng.integer(1, 4); times > 0; times--) {
    const at = rng.integer(0, mutated.length);
    const put = rng.chance(2, 3) ? String.fromCharCode(rng.integer(0, rng.chance(9, 10) ? 127 : 65_535)) : "";
    mutated = mutated.slice(0, at) + put + mutated.slice(at + rng.integer(put === "" ? 1 : 0, 1));
  }
  return mutated;
}

function deep(rng: Rng): string {
  const [open, close] = pick(
    [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const,
    rng,
  );
  const depth = rng.chance(1, 20) ? 10_000 : pick([65, 200], rng);
  return open.repeat(depth) + (rng.chance(1, 2) ? `0${close.repeat(depth)}` : "");
}

function randomText(rng: Rng): string {
  return Array.from({ length: rng.integer(0, 120) }, () => String.fromCharCode(rng.integer(0, 255))).join("");
}

const KEYS = ["v", "cloudId", "__proto__", "journalSeq", "state", "toString"];

function randomValue(rng: Rng, depth: number): unknown {
  const few = <Made>(make: () => Made): Made[] => Array.from({ length: rng.integer(0, 4) }, make);
  const inner = (): unknown => randomValue(rng, depth - 1);
  if (depth > 0 && rng.chance(1, 4)) return few(inner);
  if (depth > 0 && rng.chance(1, 3))
    return Object.fromEntries(few(() => [pick([...KEYS, randomText(rng)], rng), inner()]));
  const numbers = [0, -1, 1e308, 2 ** 53, -0.5, rng.uint32()];
  return pick([null, true, false, {}, [], "__proto__", "", "1", "online", randomText(rng), ...numbers], rng);
}

export function pick<Item>(items: readonly Item[], rng: Rng): Item {
  return items[rng.integer(0, items.length - 1)]!;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** The value of a text, undefined where it is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Most of what is made here is no JSON.
    return undefined;
  }
}
