import { distance, type Pose } from "#lib/geometry";
import { PickInputs, PlaceInputs } from "#contract/actions";
import { judge } from "../core/conditions.ts";
import { targetOf } from "../core/estimate.ts";
import type { RobotView, ToolResult } from "../core/situation.ts";
import { goodsOnBoard, promptsOf, type Answers, type Goods, type OperatorWork } from "./prompts.ts";
import type { Problem } from "./problems.ts";

type Output = Readonly<Record<string, unknown>>;

/** What a stage gives back whose prompts are all answered. */
export function outputOf(work: OperatorWork, answers: Answers, from: Pose | undefined): Output {
  const { stage, contract } = work;
  switch (stage.action) {
    case "navigate": {
      const [x, y, yaw] = targetOf(stage, contract.spatial.landmarks) ?? [0, 0, 0];
      // A person is where they say that they are, by the label that they scanned.
      return { pose: [x, y, yaw], error: 0, distance: from ? distance(from, { x, y }) : 0 };
    }
    case "pick":
      return { ...taken(work, Number(answers["quantity"])), location: PickInputs.parse(stage.inputs).from };
    case "place": {
      const { sku = "", quantity = 0 } = goodsOnBoard(work) ?? {};
      return { sku, quantity, handedOver: true, location: PlaceInputs.parse(stage.inputs).to };
    }
    case "scan":
      return { code: answers["scan-code"], matches: true };
    default:
      return {};
  }
}

/** What the contract's criteria object to, in its words; undefined when they hold. */
export function objectionTo({ stage, contract }: OperatorWork, output: Output, robot: RobotView): string | undefined {
  const context = { contract, robot, inputs: stage.inputs, output };
  const broken = stage.validation.find(({ expr }) => {
    const judgement = judge(expr, context);
    return !judgement.ok || !judgement.holds;
  });
  return broken?.message;
}

/**
 * How a stage ends with a problem that was reported: with what was taken all the same, which the contract's criteria then
 * judge, or as a failure without effect.
 */
export function endWithProblem(work: OperatorWork, { code }: Problem, count: number, detail: string): ToolResult {
  if (work.stage.action !== "pick" || count === 0) return { type: "failed", code, detail };
  const { from } = PickInputs.parse(work.stage.inputs);
  return { type: "done", output: { ...taken(work, count), location: from, problem: code } };
}

/** What has been taken, for the sentence about a problem. */
export function goodsTaken(work: OperatorWork, count: number): Goods | undefined {
  const quantity = promptsOf(work, {}).find((prompt) => prompt.kind === "quantity");
  return quantity && { sku: quantity.sku, quantity: count, uom: quantity.uom };
}

function taken({ stage }: OperatorWork, quantity: number): Output {
  const { sku, lot, serial } = PickInputs.parse(stage.inputs);
  return { sku, quantity, ...(lot !== undefined && { lot }), ...(serial !== undefined && { serial }) };
}
