import { element, type Markup } from "./markup.ts";
import { COLOUR } from "./style.ts";

/** Fills that read without colour; each is used as `fill="url(#name)"`. */
export const PATTERN = {
  keepout: "url(#holdfast-keepout)",
  unmapped: "url(#holdfast-unmapped)",
  offline: "url(#holdfast-offline)",
  projected: "url(#holdfast-projected)",
  unknown: "url(#holdfast-unknown)",
} as const;

/** The definitions behind `PATTERN`. */
export function patternDefinitions(): Markup {
  return element(
    "defs",
    {},
    hatch("holdfast-keepout", { colour: COLOUR.keepout, pitch: 7, width: 1, angle: 45 }),
    hatch("holdfast-offline", { colour: COLOUR.muted, pitch: 5, width: 1.4, angle: 45 }),
    hatch("holdfast-unknown", {
      colour: COLOUR.unknownLine,
      pitch: 6,
      width: 1,
      angle: -45,
      ground: COLOUR.unknownGround,
    }),
    crossHatch("holdfast-unmapped"),
    dots("holdfast-projected"),
  );
}

interface Hatch {
  readonly colour: string;
  readonly pitch: number;
  readonly width: number;
  readonly angle: number;
  readonly ground?: string;
}

function hatch(id: string, { colour, pitch, width, angle, ground }: Hatch): Markup {
  return pattern(id, pitch, angle, [
    ...(ground === undefined ? [] : [element("rect", { width: pitch, height: pitch, fill: ground })]),
    element("rect", { width, height: pitch, fill: colour }),
  ]);
}

function crossHatch(id: string): Markup {
  return pattern(id, 4, 45, [
    element("rect", { width: 4, height: 4, fill: COLOUR.paper }),
    element("path", { d: "M0 0V4M0 0H4", stroke: COLOUR.ink, "stroke-width": 1.6 }),
  ]);
}

function dots(id: string): Markup {
  return pattern(id, 5, 45, [element("circle", { cx: 2.5, cy: 2.5, r: 1.1, fill: COLOUR.projected })]);
}

function pattern(id: string, pitch: number, angle: number, content: readonly Markup[]): Markup {
  return element(
    "pattern",
    { id, width: pitch, height: pitch, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` },
    ...content,
  );
}
