import { describe, expect, it } from "vitest";
import type { ContractDraft } from "#contract/contract";
import { readContractFile } from "#contract/io/contract-file";
import { judgeAnswer, type Said } from "./judge-answer.ts";
import { nextPrompt, type Answers, type OperatorWork } from "./prompts.ts";

const file = new URL("../../config/contracts/pick-4711.yaml", import.meta.url).pathname;
const contract = readContractFile(file) as ContractDraft as OperatorWork["contract"];
const stage = contract.stages.find(({ stageId }) => stageId === "pick-item")!;
const work: OperatorWork = { stage, contract, load: {} };

const AT_ITEM: Answers = { "scan-location": "x" };
const AT_LOT: Answers = { ...AT_ITEM, "scan-item": "x" };
const AT_QUANTITY: Answers = { ...AT_LOT, lot: "L-2207" };
const AT_CONFIRM: Answers = { ...AT_QUANTITY, quantity: 3 };
const code = (text: string): Said => ({ type: "code", text });

function answer(answers: Answers, said: Said): unknown {
  return judgeAnswer(nextPrompt(work, answers)!, said, work);
}

describe("an operator's answer to a pick", () => {
  it.each<[string, Answers, Said, Answers]>([
    ["the location in capitals", {}, code("RACK-B-12.SHELF-3"), { "scan-location": "RACK-B-12.SHELF-3" }],
    ["the item's EAN with AIM identifier", AT_ITEM, code("]E04006381333931"), { "scan-item": "4006381333931" }],
    ["the SKU itself", AT_ITEM, code("sku-7890"), { "scan-item": "sku-7890" }],
    ["the EAN and the lot of a GS1 code", AT_ITEM, code("]C1010400638133393110L-2207"), { lot: "L-2207" }],
    ["the same without an identifier", AT_ITEM, code("010400638133393110L-2207"), { lot: "L-2207" }],
    ["the lot typed in small letters", AT_LOT, code("l-2207"), { lot: "L-2207" }],
    ["the quantity", AT_QUANTITY, { type: "quantity", value: 3 }, { quantity: 3 }],
    ["yes", AT_CONFIRM, { type: "done" }, { confirm: true }],
  ])("takes %s", (_what, answers, said, taken) => {
    expect(answer(answers, said)).toMatchObject({ ok: true, answers: taken });
  });

  it.each<[string, Answers, Said, string]>([
    ["another location", {}, code("rack-b-11.shelf-3"), "Wrong location: this is rack-b-11.shelf-3."],
    ["another item", AT_ITEM, code("5901234123457"), "Wrong item: this is 05901234123457."],
    ["a location for an item", AT_ITEM, code("rack-b-12.shelf-3"), "rack-b-12.shelf-3 is a location."],
    ["a misread code", AT_ITEM, code("]E04006381333932"), "misread"],
    ["the right item of another lot", AT_ITEM, code("]C1010400638133393110L-1"), "Wrong lot: this is L-1."],
    ["too many", AT_QUANTITY, { type: "quantity", value: 4 }, "4 EA are too many."],
    ["too few", AT_QUANTITY, { type: "quantity", value: 2 }, "2 EA are too few."],
    ["nothing", AT_QUANTITY, { type: "quantity", value: 0 }, "0 is no quantity."],
    ["a code for a quantity", AT_QUANTITY, code("4006381333931"), "4006381333931 is a code."],
    ["yes where something is asked", {}, { type: "done" }, "Scan the label"],
  ])("refuses %s, and says what to do", (_what, answers, said, message) => {
    expect(answer(answers, said)).toMatchObject({ ok: false, message: expect.stringContaining(message) as string });
  });
});
