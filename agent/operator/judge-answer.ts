import { PickInputs } from "#contract/actions";
import { isOf, isSameText, readGoodsCode, type GoodsCode } from "./goods-code.ts";
import type { Answers, OperatorWork, Prompt } from "./prompts.ts";

/** What a person says to a prompt: a code that was scanned or typed, a number, or yes. */
export type Said =
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "quantity"; readonly value: number }
  | { readonly type: "done" };

/** What an answer answers, or in one sentence what is wrong and what to do. */
export type Judged =
  | { readonly ok: true; readonly answers: Answers }
  | { readonly ok: false; readonly message: string };

/** Compares what was said with what the contract asks for. */
export function judgeAnswer(prompt: Prompt, said: Said, work: OperatorWork): Judged {
  switch (said.type) {
    case "code":
      return judgeCode(prompt, said.text, work);
    case "quantity":
      return prompt.kind === "quantity" ? judgeQuantity(prompt, said.value) : refused(HINTS[prompt.kind]);
    case "done":
      return prompt.kind === "go" || prompt.kind === "confirm"
        ? { ok: true, answers: { [prompt.kind]: true } }
        : refused(HINTS[prompt.kind]);
  }
}

/** What to do at a prompt, for who did something else. */
const HINTS: Readonly<Record<Prompt["kind"], string>> = {
  go: "Go there first, then press I am here or scan the label of the place.",
  "scan-location": "Scan the label of the location.",
  "scan-item": "Scan the barcode of the item.",
  lot: "Scan or type the lot that is printed on the item.",
  serial: "Scan or type the serial number that is printed on the item.",
  quantity: "Type how many you took, then press OK.",
  "scan-code": "Scan the code.",
  confirm: "Check what is shown, then press Confirm.",
};

function judgeCode(prompt: Prompt, text: string, work: OperatorWork): Judged {
  const code = readGoodsCode(text);
  if (!code) return refused("The code was misread. Scan it again.");
  switch (prompt.kind) {
    case "go":
      return judgePlace(prompt.to, code, "go");
    case "scan-location":
      return judgePlace(prompt.location, code, "scan-location");
    case "scan-item":
      return judgeItem(prompt, code, work);
    case "lot":
      return judgeText("lot", prompt.lot, code.lot ?? code.data);
    case "serial":
      return judgeText("serial", prompt.serial, code.serial ?? code.data);
    case "scan-code":
      return judgeExpected(prompt.expect, code.data);
    case "quantity":
    case "confirm":
      return refused(`${code.data} is a code. ${HINTS[prompt.kind]}`);
  }
}

function judgeExpected(expect: string | undefined, data: string): Judged {
  if (expect === undefined || isSameText(expect, data)) return { ok: true, answers: { "scan-code": data } };
  return refused(`Wrong code: this is ${data}. Scan ${expect}.`);
}

function judgePlace(wanted: string, { data, places }: GoodsCode, kind: "go" | "scan-location"): Judged {
  if ([data, ...places].some((text) => isSameText(text, wanted))) return { ok: true, answers: { [kind]: data } };
  const found = places[0] ?? data;
  return refused(`Wrong location: this is ${found}. Go to ${wanted} and scan its label.`);
}

function judgeItem(
  prompt: Extract<Prompt, { kind: "scan-item" }>,
  code: GoodsCode,
  { stage, contract }: OperatorWork,
): Judged {
  const { sku } = prompt;
  const places = [...contract.spatial.landmarks.map(({ id }) => id), PickInputs.parse(stage.inputs).from];
  if (code.places.length > 0 || places.some((place) => isSameText(place, code.data))) {
    return refused(`${code.places[0] ?? code.data} is a location. Scan the barcode of the item ${sku}.`);
  }
  if (!isOf(code, prompt)) return refused(`Wrong item: this is ${code.gtin ?? code.data}. Take ${wantedText(prompt)}.`);
  const answers: Answers = { "scan-item": code.data };
  // A code of one physical item may carry what would be asked next; what is wrong in it must not be typed right.
  for (const kind of ["lot", "serial"] as const) {
    const [wanted, read] = [stage.inputs[kind], code[kind]];
    if (typeof wanted !== "string" || read === undefined) continue;
    const judged = judgeText(kind, wanted, read);
    if (!judged.ok) return judged;
    answers[kind] = read;
  }
  return { ok: true, answers };
}

function wantedText({ sku, gtin }: Extract<Prompt, { kind: "scan-item" }>): string {
  return gtin === undefined ? sku : `${sku} (barcode ${gtin})`;
}

function judgeText(kind: "lot" | "serial", wanted: string, read: string): Judged {
  if (isSameText(read, wanted)) return { ok: true, answers: { [kind]: wanted } };
  const what = kind === "lot" ? "lot" : "serial number";
  return refused(`Wrong ${what}: this is ${read}. Take the one with ${what} ${wanted}.`);
}

function judgeQuantity({ asked, uom, sku }: Extract<Prompt, { kind: "quantity" }>, value: number): Judged {
  if (!Number.isFinite(value) || value <= 0) {
    return refused(`${value} is no quantity. Type how many you took; if there is nothing here, report a problem.`);
  }
  if (value > asked) return refused(`${value} ${uom} are too many. Take ${asked} ${uom} of ${sku}.`);
  if (value < asked) {
    return refused(`${value} ${uom} are too few. Take ${asked} ${uom}, or report a problem: not enough here.`);
  }
  return { ok: true, answers: { quantity: value } };
}

function refused(message: string): Judged {
  return { ok: false, message };
}
