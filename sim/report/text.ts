import type { Box } from "./box.ts";
import { element, type Markup } from "./markup.ts";
import { COLOUR } from "./style.ts";

export interface TextStyle {
  readonly size: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: "bold";
  readonly fill?: string;
  /** Width of a white rim, for text on top of a drawing. */
  readonly rimPx?: number;
}

/** A line of text with its baseline at `y`. */
export function textAt(x: number, y: number, content: string, style: TextStyle): Markup {
  const rim =
    style.rimPx === undefined
      ? {}
      : { stroke: COLOUR.paper, "stroke-width": style.rimPx, "stroke-linejoin": "round", "paint-order": "stroke" };
  return element(
    "text",
    {
      x,
      y,
      "font-size": style.size,
      "font-weight": style.weight,
      "text-anchor": style.anchor === "start" ? undefined : style.anchor,
      fill: style.fill ?? COLOUR.ink,
      ...rim,
    },
    content,
  );
}

/**
 * Width of a line in pixels: an upper bound over the usual sans-serif faces (the wider of Arial and DejaVu Sans,
 * character by character), because the reader's face is not ours to choose.
 */
export function textWidth(content: string, size: number, weight?: "bold"): number {
  let ems = 0;
  for (const character of content) ems += emsOf(character);
  return ems * size * (weight === "bold" ? 1.12 : 1);
}

/** The box of a line whose baseline starts at (x, y). */
export function textBox(x: number, y: number, width: number, size: number): Box {
  return { x, y: y - 0.8 * size, width, height: 1.05 * size };
}

/** Breaks text into lines no wider than `width` pixels; a word that is wider than a line is cut with an ellipsis. */
export function wrapText(content: string, width: number, size: number, weight?: "bold"): string[] {
  const lines: string[] = [];
  for (const word of content.split(/\s+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    const joined = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && textWidth(joined, size, weight) <= width) lines[lines.length - 1] = joined;
    else lines.push(fitText(word, width, size, weight));
  }
  return lines;
}

/** `wrapText` into as few lines, all of about the same width: for headings. */
export function wrapEvenly(content: string, width: number, size: number, weight?: "bold"): string[] {
  const widest = Math.max(0, ...content.split(/\s+/).map((word) => textWidth(word, size, weight)));
  let lines = wrapText(content, width, size, weight);
  for (let narrower = width - size; narrower > widest; narrower -= size) {
    const attempt = wrapText(content, narrower, size, weight);
    if (attempt.length > lines.length) break;
    lines = attempt;
  }
  return lines;
}

/** The text, or as much of its beginning as fits with an ellipsis; empty when not even that fits. */
export function fitText(content: string, width: number, size: number, weight?: "bold"): string {
  if (textWidth(content, size, weight) <= width) return content;
  const characters = Array.from(content);
  while (characters.length > 0) {
    characters.pop();
    const shortened = `${characters.join("").trimEnd()}…`;
    if (textWidth(shortened, size, weight) <= width) return characters.length === 0 ? "" : shortened;
  }
  return "";
}

const EMS: ReadonlyMap<string, number> = new Map(
  (
    [
      [0.34, " .,:;|'!iIjl/\\·"],
      [0.46, 'ftr()[]{}-"*'],
      [0.64, "0123456789abcdeghknopqsuvxyz_J°–?$€"],
      [0.7, "ABEFKLPSTVXYZ"],
      [0.8, "CDGHNOQRU&"],
      [0.84, "+=<>#~×±−"],
      [1, "mwMW%@—…"],
    ] as const
  ).flatMap(([ems, characters]) => Array.from(characters).map((character) => [character, ems] as const)),
);

function emsOf(character: string): number {
  return EMS.get(character) ?? (character.codePointAt(0)! < 0x250 ? 0.8 : 1.1);
}
