import { describe, expect, it } from "vitest";
import { compileExpression, evaluate, type ExpressionScope } from "./expression.ts";
import { ExpressionFault } from "./expression-values.ts";
import { exampleContract } from "./example.ts";

const CONTEXT = {
  inputs: { quantity: 2, sku: "SKU-7890", tags: ["a", "b", "c"], constructor: "own" },
  output: { quantity: 2, error: 0.05, handedOver: true, code: "größe" },
  contract: exampleContract(),
  robot: { battery: 1, pose: [1, 2, 0.5], zone: "aisle", speed: 0, loaded: false, online: true },
  failure: { code: "timeout", severity: "minor", stageId: "pick", action: "pick", attempt: 1 },
};

/** The value, or the message in angle brackets. */
function valueOf(source: string, scope?: ExpressionScope, context: Record<string, unknown> = CONTEXT): unknown {
  const compiled = compileExpression(source, scope);
  if (!compiled.ok) return `<${compiled.message} @${compiled.position}>`;
  const evaluated = evaluate(compiled.expression, context);
  return evaluated.ok ? evaluated.value : `<${evaluated.message}>`;
}

describe("expressions over JS numbers", () => {
  it.each([
    "robot.battery > 0.2",
    "failure.attempt <= 1",
    "output.quantity == inputs.quantity",
    "output.quantity == 2",
    "failure.attempt + 1 == 2",
    "inputs.quantity * 1.5 == 3",
    "robot.battery - 1 == 0.0",
    "inputs.quantity % 2 == 0",
    "inputs.quantity / 4 == 0.5",
    "-inputs.quantity < 0",
    "1 == 1.0",
    "inputs.quantity in [1, 2, 3]",
    "inputs.tags[failure.attempt] == 'b'",
    "size(inputs.tags) == inputs.quantity + 1",
    "robot.pose == [1, 2, 0.5]",
    "robot.battery > contract.constraints.battery.minimum",
    "0.1 + 0.2 != 0.3",
    "9007199254740993 != 9007199254740992",
    "9007199254740993 > 9007199254740992.0",
  ])("%s", (source) => {
    expect(valueOf(source)).toBe(true);
  });

  it("divides ints as CEL does, and doubles as JS does", () => {
    expect([valueOf("7 / 2"), valueOf("-7 / 2"), valueOf("-7 % 3"), valueOf("7 / 2.0")]).toEqual([3, -3, -1, 3.5]);
  });

  it("hands ints out as JS numbers, in lists and maps too", () => {
    expect(valueOf("[1, {'n': size('abc')}]")).toEqual([1, { n: 3 }]);
  });
});

describe("the language", () => {
  it.each([
    ["has(inputs.lot)", false],
    ["has(inputs.sku)", true],
    ["has(inputs.toString)", false],
    ["inputs.constructor == 'own'", true],
    ["'sku' in inputs", true],
    ["'toString' in inputs", false],
    ["inputs['sku']", "SKU-7890"],
    ["inputs.sku.startsWith('SKU') && inputs.sku.endsWith('90') && inputs.sku.contains('-')", true],
    ["output.code.size()", 5],
    ["size('😀')", 1],
    ["robot.loaded ? 'full' : 'empty'", "empty"],
    ["!robot.loaded", true],
    ["null == null", true],
    ["'1' == 1", false],
    ["[1, [2.0]] == [1.0, [2]]", true],
    ["{'a': 1} == {'a': 1.0}", true],
    ["{'a': 1} == {'a': 1, 'b': 2}", false],
    ["'a' < 'b' && false < true", true],
    ["'ab' + 'cd'", "abcd"],
    ["[1] + [2]", [1, 2]],
    ["int('42') + int(2.9)", 44],
    ["double('2.5') + 1", 3.5],
    ["string(2) + string(0.5) + string(true)", "20.5true"],
    ["type(1) + type(1.0)", "intdouble"],
    ["contract.stages.all(s, s.timeoutSeconds > 0)", true],
    ["contract.stages.exists(s, s.action == 'pick')", true],
    ["contract.stages.exists_one(s, s.action == 'navigate')", false],
    ["contract.stages.filter(s, s.action == 'pick').map(s, s.stageId)", ["pick"]],
    ["[1, 2, 3].map(n, n > 1, n * 2)", [4, 6]],
    ["{'a': 1, 'b': 2}.all(key, key in ['a', 'b'])", true],
    ["[1, 2].all(x, [3, 4].all(y, x < y))", true],
    ["[1, 2].exists(x, [2].exists(x, x == 2) && x == 1)", true],
  ])("%s is %j", (source, value) => {
    expect(valueOf(source)).toEqual(value);
  });

  it("lets either side of && and || decide, whatever the other side does", () => {
    expect(valueOf("inputs.missing > 1 || robot.online")).toBe(true);
    expect(valueOf("inputs.missing > 1 && robot.loaded")).toBe(false);
    expect(valueOf("[1, 'x'].exists(v, v > 0)")).toBe(true);
    expect(valueOf("['x', -1].all(v, v > 0)")).toBe(false);
  });

  it.each([
    ["inputs.missing > 1", "<no such key: missing (character 8)>"],
    ["inputs.missing > 1 || robot.loaded", "<no such key: missing (character 8)>"],
    ["robot.zone > 1", "<string and int are in no order (character 1)>"],
    ["robot.zone && true", "<expected a bool, got string (character 1)>"],
    ["inputs.tags[3]", "<index 3 is outside of the list (character 1)>"],
    ["inputs.tags[0.5]", "<a list is indexed by a whole number, not by double (character 1)>"],
    ["1 / 0", "<division by zero (character 1)>"],
    ["9223372036854775807 + 1", "<integer overflow (character 1)>"],
    ["'a' + 1", "<string + int is not defined (character 1)>"],
    ["size(1)", "<int has no size (character 1)>"],
    ["inputs.__proto__", "<no such key: __proto__ (character 8)>"],
  ])("%s faults", (source, message) => {
    expect(valueOf(source)).toBe(message);
  });

  it("faults on a variable that is not known yet", () => {
    expect(valueOf("failure.code == 'x'", {}, { robot: {} })).toBe("<failure is not known here (character 1)>");
  });
});

describe("compileExpression", () => {
  it.each([
    ["", 0],
    ["1 +", 3],
    ["robot.battery >", 15],
    ["robot.battery = 1", 14],
    ["(1", 2],
    ["true && robt.battery > 1", 8],
    ["1 + nofn(2)", 4],
    ["inputs.sku.matches('a')", 0],
    ["size(1, 2)", 0],
    ["has(1)", 0],
    ["[1].all(1, true)", 8],
    ["b'bytes'", 0],
    ["1u", 0],
    ["[1].all(x, y > 1)", 11],
    ["99999999999999999999", 0],
    ["import == 1", 0],
  ])("refuses %j at offset %i", (source, position) => {
    const compiled = compileExpression(source);
    expect(compiled).toMatchObject({ ok: false, position });
  });

  it("says what is wrong in one line", () => {
    expect(valueOf("robt.battery > 1")).toBe(
      "<unknown variable robt, expected one of inputs, output, contract, robot, failure @0>",
    );
  });

  it("calls functions that it was given, with plain numbers", () => {
    const scope: ExpressionScope = {
      variables: [],
      functions: { robot: (id) => (id === "amr-07" ? { collisions: 0 } : undefined), half: (n) => (n as number) / 2 },
    };
    expect(valueOf("robot('amr-07').collisions == 0", scope)).toBe(true);
    expect(valueOf("half(3)", scope)).toBe(1.5);
    expect(valueOf("robot('amr-99').collisions == 0", scope)).toBe("<there is no robot(amr-99) (character 1)>");
    expect(valueOf("contract == 1", scope)).toMatch(/unknown variable/);
  });

  it("evaluates the same expression over and over without remembering", () => {
    const compiled = compileExpression("[1, 2].map(x, x + inputs.n)");
    const run = (n: number): unknown => compiled.ok && evaluate(compiled.expression, { inputs: { n } });
    expect([run(1), run(2), run(1)]).toEqual([
      { ok: true, value: [2, 3] },
      { ok: true, value: [3, 4] },
      { ok: true, value: [2, 3] },
    ]);
  });
});

describe("bounds", () => {
  const nested = (depth: number): string =>
    Array.from({ length: depth }).reduce<string>((inner, _, at) => `[1,2,3,4,5,6,7,8].all(x${at},${inner})`, "true");

  it.each([
    ["a long source", `true${" ".repeat(997)}`],
    ["deep parentheses", "(".repeat(100) + "1" + ")".repeat(100)],
    ["a deep list", "[".repeat(100) + "]".repeat(100)],
    ["many nodes", Array.from({ length: 300 }).fill("1").join("+")],
    ["a long list", `[${Array.from({ length: 300 }).fill("1").join(",")}]`],
  ])("refuses %s", (_name, source) => {
    expect(compileExpression(source).ok).toBe(false);
  });

  it("compiles long chains of unary operators", () => {
    expect(valueOf(`${"!".repeat(400)}true`)).toBe(true);
  });

  it.each([
    ["nested macros", nested(6)],
    ["a growing text", "[1,2,3,4,5,6,7,8,9].map(a, inputs.text + inputs.text).map(b, b + b + b + b).size() > 0"],
    ["a growing list", "inputs.list.map(a, inputs.list + inputs.list).size() > 0"],
    ["pairwise comparison", "inputs.list.all(a, inputs.list.all(b, a <= b || a > b))"],
    ["membership in a loop", "inputs.list.all(a, a in inputs.list)"],
    ["deep equality in a loop", "inputs.list.all(a, inputs.list == inputs.copy)"],
    ["comparing long texts in a loop", "inputs.list.all(a, inputs.text == inputs.otherText)"],
    ["searching long texts in a loop", "inputs.list.all(a, !inputs.text.contains('b'))"],
    ["an answer of the size of the world", "inputs.list.map(a, inputs.list)"],
  ])("ends the evaluation of %s", (_name, source) => {
    const list = Array.from({ length: 1000 }, (_, at) => at);
    const text = "a".repeat(10_000);
    const inputs = { list, copy: [...list], text, otherText: `${text.slice(1)}a` };
    expect(valueOf(source, {}, { inputs })).toMatch(/^<the evaluation takes too many steps/);
  });

  it.each(["inputs.all(a, a > 0) || true", "inputs.exists(a, a < 0) && false"])("stops %s at once", (source) => {
    const compiled = compileExpression(source);
    let spends = 0;
    const spend = (): void => {
      if (++spends >= 20) throw new ExpressionFault("over", undefined, "exhausted");
    };
    const inputs = Array.from({ length: 1000 }, (_, at) => at + 1);
    expect(() => compiled.ok && compiled.expression.run({ context: { inputs }, spend })).toThrow("over");
    expect(spends).toBe(20);
  });

  it("leaves the context as it was", () => {
    const before = structuredClone(CONTEXT);
    valueOf("inputs.tags + ['d']");
    valueOf("contract.stages.map(s, s.inputs)");
    expect(CONTEXT).toEqual(before);
  });
});
