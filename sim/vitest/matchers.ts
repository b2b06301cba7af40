import { AgentError } from "#lib/errors";
import { nameHint } from "#lib/nearest-name";
import { checkExpectations, judge } from "../expectations.ts";
import { remarksOf, type SimulationResult } from "../result.ts";

/** What a matcher of vitest answers; `message` is shown where the answer is not the expected one. */
interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers that `holdfast/vitest` adds to `expect`, all over the result of a run. */
export const matchers = {
  toHavePassed: (received: SimulationResult): Verdict => {
    const result = resultOf(received);
    const failed = result.expectations.filter(({ ok }) => !ok).map(({ name, detail }) => `  ${name}: ${detail}`);
    const remarks = remarksOf(result).map((remark) => `  ${remark}`);
    const found =
      failed.length > 0 ? ["these do not hold:", ...failed, ...remarks].join("\n") : "every expectation holds";
    return verdict(result, failed.length === 0, found);
  },

  toHaveFulfilled: (received: SimulationResult, contract: string): Verdict => {
    const result = resultOf(received);
    const all = result.devices.flatMap((device) => device.contracts);
    const own = all.findLast(({ name, contractId }) => name === contract || contractId === contract);
    const names = all.map(({ name, contractId }) => name ?? contractId);
    if (!own) throw unknownName("contract", contract, names);
    const stages = own.stages.map(({ stageId, status }) => `  ${stageId}: ${status}`);
    return verdict(result, own.status === "completed", [`${contract} is ${own.status}`, ...stages].join("\n"));
  },

  toHaveCollided: (received: SimulationResult, robot?: string): Verdict => {
    const result = resultOf(received);
    requireRobot(result, robot);
    const asked = result.devices.filter(({ id }) => robot === undefined || id === robot);
    const told = asked.map(({ id, collisions }) => `${id} moved into something ${collisions} times`);
    return verdict(
      result,
      asked.some(({ collisions }) => collisions > 0),
      told.join(", "),
    );
  },

  toHaveReconciled: (received: SimulationResult, device?: string): Verdict => {
    const result = resultOf(received);
    requireRobot(result, device);
    const all = result.cloud.reconciliations.map(({ deviceId }) => deviceId);
    const found = all.length === 0 ? "nothing was reconciled" : `the cloud reconciled ${[...new Set(all)].join(", ")}`;
    return verdict(result, device === undefined ? all.length > 0 : all.includes(device), found);
  },

  toHold: (received: SimulationResult, expression: string): Verdict => {
    const result = resultOf(received);
    const [problem] = checkExpectations([{ that: expression }], { hasMatrix: result.matrix !== undefined });
    if (problem) throw new AgentError("config.invalid", `${expression}: ${problem.message}`);
    const [judged, opposite] = judge(
      result,
      [expression, `!(${expression})`].map((that) => ({ name: that, that })),
    );
    // Neither true nor false: it asks for what the run does not have, and must fail behind `not`, too.
    if (!judged!.ok && !opposite!.ok) throw new AgentError("config.invalid", judged!.detail);
    return verdict(result, judged!.ok, judged!.ok ? `${expression} is true` : judged!.detail);
  },
};

/** What was handed to `expect`; mostly a forgotten `await` where it is no result. */
function resultOf(received: SimulationResult): SimulationResult {
  if (typeof received === "object" && received !== null && "digest" in received) return received;
  throw new AgentError("config.invalid", 'expected the result of a run, such as: await scenario("dock.yaml").run()');
}

function requireRobot({ devices }: SimulationResult, robot: string | undefined): void {
  const ids = devices.map(({ id }) => id);
  if (robot !== undefined && !ids.includes(robot)) throw unknownName("robot", robot, ids);
}

/** A test that names what is not there must fail, also behind `not`. */
function unknownName(what: string, name: string, known: readonly string[]): AgentError {
  return new AgentError(
    "config.invalid",
    `the run has no ${what} ${name}${nameHint(name, known) || "; there is none"}`,
  );
}

/** A verdict that names the run, so that it can be repeated. */
function verdict({ scenario, seed, matrix = {} }: SimulationResult, pass: boolean, found: string): Verdict {
  const parameters = Object.entries(matrix).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return { pass, message: () => `${scenario}${parameters.join("")} with seed ${seed}: ${found}` };
}
