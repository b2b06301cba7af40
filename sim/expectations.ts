import { compileExpression, evaluate, type ExpressionScope } from "#contract/expression";
import { deviceMembersIn, unknownMember } from "./expectation-members.ts";
import type { DeviceResult, Expectation, SimulationResult } from "./result.ts";

/** A result before it has been judged. */
export type Unjudged = Omit<SimulationResult, "outcome" | "expectations">;

/** Names that an expectation may use, besides `robot(id)` and `contract(idOrName)`. */
const VARIABLES = ["scenario", "seed", "virtualSeconds", "devices", "cloud"];
/** The parameters of this run, where the scenario has any. */
const MATRIX = "matrix";

/** Says for every expectation (CEL over the result object) whether it holds, and if not, why in words. */
export function judge(result: Unjudged, expectations: readonly Expected[]): Expectation[] {
  return expectations.map((expected) => judgeOne(result, expected, () => undefined));
}

/**
 * The robots that an expectation which does not hold is about: those that it asks for (a contract stands for its robot), or,
 * when it asks for none, those without which it would hold. Empty when it is about the whole.
 */
export function suspectsOf(result: Unjudged, expected: Expected): string[] {
  const asked = new Set<string>();
  judgeOne(result, expected, (device) => asked.add(device.id));
  if (asked.size > 0) return [...asked];
  const guilty = result.devices.filter(
    (device) => !judgeOne({ ...result, devices: [device] }, expected, () => undefined).ok,
  );
  return guilty.length === result.devices.length && guilty.length > 1 ? [] : guilty.map(({ id }) => id);
}

interface Expected {
  readonly name: string;
  readonly that: string;
}

/** `onAsked` is told of every robot that the expectation asks for, directly or by a contract. */
function judgeOne(result: Unjudged, { name, that }: Expected, onAsked: (device: DeviceResult) => void): Expectation {
  const functions = functionsOver(result, onAsked);
  const compiled = compileExpression(that, { variables: [...VARIABLES, MATRIX], functions });
  if (!compiled.ok) {
    return { name, ok: false, detail: `${that}: ${compiled.message} (character ${compiled.position + 1})` };
  }
  const outcome = evaluate(compiled.expression, { ...result });
  if (!outcome.ok) return { name, ok: false, detail: `${that}: ${outcome.message}` };
  if (outcome.value === true) return { name, ok: true, detail: that };
  const found = factsOf(
    that,
    result.devices.map(({ id }) => id),
    (source) => valueOf(source, result),
  );
  return { name, ok: false, detail: `${that} is ${JSON.stringify(outcome.value)}${found}` };
}

/** What an expectation may ask of a result: a robot by its id, and the last contract of a name or id. */
function functionsOver(
  result: Unjudged,
  onAsked: (device: DeviceResult) => void,
): NonNullable<ExpressionScope["functions"]> {
  const tell = <Found>(device: DeviceResult | undefined, found: Found): Found => {
    if (device) onAsked(device);
    return found;
  };
  return {
    robot: (id: unknown) => {
      const device = result.devices.find((one) => one.id === id);
      return tell(device, device);
    },
    contract: (wanted: unknown) => {
      const all = result.devices.flatMap((device) => device.contracts.map((contract) => ({ device, contract })));
      const found = all.findLast(({ contract }) => contract.name === wanted || contract.contractId === wanted);
      return tell(found?.device, found?.contract);
    },
  };
}

/** What an expression looks up: a member of a robot, of a contract or of the whole, and sizes. */
const LOOKUP =
  /(?:\b(?:robot|contract)\(\s*(?:'[^']*'|"[^"]*")\s*\)(?:\.\w+(?![\w(]))+|\b(?:cloud|matrix)(?:\.\w+(?![\w(]))+|\bdevices\b|\bvirtualSeconds\b)(?:\.size\(\))?/g;

/** The single values that an expression looked up, for the person who wonders why it does not hold. */
function factsOf(that: string, ids: readonly string[], valueAt: (source: string) => unknown): string {
  const sources = [
    ...lookupsIn(that),
    ...deviceMembersIn(that).flatMap((member) => ids.map((id) => `robot('${id}').${member}`)),
  ].filter((source) => source !== that);
  const facts = sources.flatMap((source) => {
    const value = valueAt(source);
    if (typeof value === "number") return [`${source} is ${Number(value.toFixed(3))}`];
    return typeof value === "string" || typeof value === "boolean" ? [`${source} is ${JSON.stringify(value)}`] : [];
  });
  return facts.length === 0 ? "" : `: ${facts.join(", ")}`;
}

function lookupsIn(that: string): Set<string> {
  return new Set([...that.matchAll(LOOKUP)].map(([source]) => source));
}

/** A word that nothing has is mostly a text without its quotes. */
function quotes(message: string): string {
  const word = /^unknown variable (\w+)/.exec(message)?.[1];
  return word === undefined ? "" : `; a text stands in quotes: '${word}'`;
}

function valueOf(source: string, result: Unjudged): unknown {
  const functions = functionsOver(result, () => undefined);
  const compiled = compileExpression(source, { variables: [...VARIABLES, MATRIX], functions });
  const outcome = compiled.ok ? evaluate(compiled.expression, { ...result }) : undefined;
  return outcome?.ok ? outcome.value : undefined;
}

/** Problems of expectations that can be seen before anything runs: the index, and what is wrong. */
export function checkExpectations(
  expectations: readonly { that: string }[],
  { hasMatrix }: { hasMatrix: boolean } = { hasMatrix: false },
): { index: number; message: string }[] {
  const variables = hasMatrix ? [...VARIABLES, MATRIX] : VARIABLES;
  const functions = { robot: () => undefined, contract: () => undefined };
  return expectations.flatMap(({ that }, index) => {
    const compiled = compileExpression(that, { variables, functions });
    if (!compiled.ok)
      return [
        { index, message: `${compiled.message} (character ${compiled.position + 1})${quotes(compiled.message)}` },
      ];
    const unknown = unknownMember(that);
    return unknown === undefined ? [] : [{ index, message: unknown }];
  });
}
