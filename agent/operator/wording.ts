import type { Prompt } from "./prompts.ts";

/** A prompt as the screen shows it. */
export interface PromptText {
  /** What to do, in two or three words. */
  readonly title: string;
  /** What it is to be done with, in large letters. */
  readonly subject: string;
  readonly hint: string;
  /** What can be entered: a code that is scanned or typed, a number, or nothing but the button. */
  readonly entry: "code" | "number" | "none";
  /** Label of the button that says yes, where that is an answer. */
  readonly button?: string;
}

/** The words of a prompt. */
export function wordingOf(prompt: Prompt): PromptText {
  switch (prompt.kind) {
    case "go":
      return { title: "Go to", subject: prompt.to, hint: BUTTON_OR_LABEL, entry: "code", button: "I am here" };
    case "scan-location":
      return {
        title: "Scan location",
        subject: prompt.location,
        hint: "Scan the label of the location.",
        entry: "code",
      };
    case "scan-item":
      return { title: "Scan item", subject: prompt.sku, hint: itemHint(prompt.gtin), entry: "code" };
    case "lot":
      return { title: "Scan or type lot", subject: prompt.lot, hint: `Lot of ${prompt.sku}.`, entry: "code" };
    case "serial":
      return {
        title: "Scan or type serial number",
        subject: prompt.serial,
        hint: `Serial number of ${prompt.sku}.`,
        entry: "code",
      };
    case "quantity":
      return {
        title: "Enter quantity",
        subject: `${prompt.asked} ${prompt.uom}`,
        hint: `of ${prompt.sku}: type how many you took.`,
        entry: "number",
      };
    case "scan-code":
      return { title: "Scan code", subject: prompt.expect ?? "any code", hint: "Scan the code.", entry: "code" };
    case "confirm": {
      const { action, goods, location } = prompt;
      const [title, word] = action === "pick" ? ["Confirm pick", "from"] : ["Confirm put", "to"];
      const subject = `${goods.quantity} ${goods.uom}`;
      return { title, subject, hint: `of ${goods.sku} ${word} ${location}.`, entry: "none", button: "Confirm" };
    }
  }
}

const BUTTON_OR_LABEL = "Press the button when you are there, or scan the label of the place.";

function itemHint(gtin: string | undefined): string {
  return gtin === undefined ? "Scan the barcode of the item." : `Scan the barcode of the item: ${gtin}.`;
}
