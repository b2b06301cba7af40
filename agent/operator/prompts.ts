import { z } from "zod";
import { NavigateInputs, PickInputs, PlaceInputs, ScanInputs } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import { targetOf } from "../core/estimate.ts";

/** One thing that the screen asks of the person who carries the device. */
export type Prompt =
  | { readonly kind: "go"; readonly to: string; readonly pose?: readonly [x: number, y: number, yaw: number] }
  | { readonly kind: "scan-location"; readonly location: string }
  | { readonly kind: "scan-item"; readonly sku: string; readonly gtin?: string }
  | { readonly kind: "lot"; readonly sku: string; readonly lot: string }
  | { readonly kind: "serial"; readonly sku: string; readonly serial: string }
  | { readonly kind: "quantity"; readonly sku: string; readonly asked: number; readonly uom: string }
  | { readonly kind: "scan-code"; readonly expect?: string }
  | { readonly kind: "confirm"; readonly action: "pick" | "place"; readonly goods: Goods; readonly location: string };

/** So many of something. */
export interface Goods {
  readonly sku: string;
  readonly quantity: number;
  readonly uom: string;
}

/** What has been answered of a stage, by the kind of the prompt: `true` where there was nothing to say but yes. */
export const Answers = z.partialRecord(
  z.enum(["go", "scan-location", "scan-item", "lot", "serial", "quantity", "scan-code", "confirm"]),
  z.union([z.string(), z.number(), z.literal(true)]),
);
export type Answers = z.infer<typeof Answers>;

/** The stage that a person works at. */
export interface OperatorWork {
  readonly stage: Stage;
  readonly contract: Contract;
  /** What is on board by the journal: quantity by SKU, in the order of picking. */
  readonly load: Readonly<Record<string, number>>;
}

/** Unit of a quantity for which the contract names none. */
const EACH = "EA";

/** Everything that a stage asks, in order. Its action is one of `PROMPTED_ACTIONS`, its inputs are valid. */
export function promptsOf(work: OperatorWork, answers: Answers): readonly Prompt[] {
  const { stage } = work;
  switch (stage.action) {
    case "navigate": {
      const pose = targetOf(stage, work.contract.spatial.landmarks);
      const to = placeName(NavigateInputs.parse(stage.inputs).to);
      return [{ kind: "go", to, ...(pose && { pose }) }];
    }
    case "pick":
      return picking(PickInputs.parse(stage.inputs), answers);
    case "place": {
      const { to } = PlaceInputs.parse(stage.inputs);
      const goods = goodsOnBoard(work);
      const confirm: Prompt[] = goods ? [{ kind: "confirm", action: "place", goods, location: to }] : [];
      return [{ kind: "scan-location", location: to }, ...confirm];
    }
    case "scan": {
      const { expect } = ScanInputs.parse(stage.inputs);
      return [{ kind: "scan-code", ...(expect !== undefined && { expect }) }];
    }
    default:
      return [];
  }
}

/** The actions that a person can be asked to do. */
export const PROMPTED_ACTIONS: readonly string[] = ["navigate", "pick", "place", "scan"];

/** The first thing that is not answered; undefined when the stage is done. */
export function nextPrompt(work: OperatorWork, answers: Answers): Prompt | undefined {
  return promptsOf(work, answers).find(({ kind }) => answers[kind] === undefined);
}

/** What is to be put down: what was picked first of what is on board. */
export function goodsOnBoard({ load, contract }: OperatorWork): Goods | undefined {
  const [sku, quantity] = Object.entries(load)[0] ?? [];
  if (sku === undefined || quantity === undefined) return undefined;
  const picked = contract.stages.find(({ action, inputs }) => action === "pick" && inputs["sku"] === sku);
  const uom = picked?.inputs["uom"];
  return { sku, quantity, uom: typeof uom === "string" ? uom : EACH };
}

function picking(inputs: PickInputs, answers: Answers): readonly Prompt[] {
  const { sku, quantity: asked, from, uom = EACH, gtin, lot, serial } = inputs;
  const counted = answers["quantity"];
  const goods = { sku, quantity: typeof counted === "number" ? counted : asked, uom };
  return [
    { kind: "scan-location", location: from },
    { kind: "scan-item", sku, ...(gtin !== undefined && { gtin }) },
    ...(lot === undefined ? [] : [{ kind: "lot", sku, lot } as const]),
    ...(serial === undefined ? [] : [{ kind: "serial", sku, serial } as const]),
    { kind: "quantity", sku, asked, uom },
    { kind: "confirm", action: "pick", goods, location: from },
  ];
}

/** A place as a person is told of it. */
function placeName(to: NavigateInputs["to"]): string {
  return typeof to === "string" ? to : `x ${to[0].toFixed(1)}, y ${to[1].toFixed(1)}`;
}
