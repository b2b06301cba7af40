import { compileExpression, evaluate } from "#contract/expression";
import type { Expectation, SimulationResult } from "./result.ts";

/** A result before it has been judged. */
export type Unjudged = Omit<SimulationResult, "outcome" | "expectations">;

/** Names that an expectation may use, besides `robot(id)` and `contract(idOrName)`. */
const VARIABLES = ["scenario", "seed", "virtualSeconds", "devices", "cloud"];

/** Says for every expectation (CEL over the result object) whether it holds, and if not, why in words. */
export function judge(result: Unjudged, expectations: readonly { name: string; that: string }[]): Expectation[] {
  const functions = {
    robot: (id: unknown) => result.devices.find((device) => device.id === id),
    contract: (name: unknown) =>
      result.devices
        .flatMap((device) => device.contracts)
        .findLast((contract) => contract.name === name || contract.contractId === name),
  };
  return expectations.map(({ name, that }) => {
    const compiled = compileExpression(that, { variables: VARIABLES, functions });
    if (!compiled.ok) {
      return { name, ok: false, detail: `${that}: ${compiled.message} (character ${compiled.position + 1})` };
    }
    const outcome = evaluate(compiled.expression, { ...result });
    if (!outcome.ok) return { name, ok: false, detail: `${that}: ${outcome.message}` };
    const ok = outcome.value === true;
    return { name, ok, detail: ok ? that : `${that} is ${JSON.stringify(outcome.value)}` };
  });
}

/** Problems of expectations that can be seen before anything runs: the index, and what is wrong. */
export function checkExpectations(expectations: readonly { that: string }[]): { index: number; message: string }[] {
  const functions = { robot: () => undefined, contract: () => undefined };
  return expectations.flatMap(({ that }, index) => {
    const compiled = compileExpression(that, { variables: VARIABLES, functions });
    return compiled.ok ? [] : [{ index, message: `${compiled.message} (character ${compiled.position + 1})` }];
  });
}
