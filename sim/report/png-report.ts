import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

const FONTS = ["dejavu-sans.ttf", "dejavu-sans-bold.ttf"].map((name) =>
  fileURLToPath(new URL(`fonts/${name}`, import.meta.url)),
);
/** A character that the fonts beside this file do not have; `fonts/README.md` lists those that they have. */
const BEYOND_OUR_FONTS =
  /[^\t\n\r\u0020-\u007E\u00A0-\u017F\u0370-\u03FF\u0400-\u045F\u2010-\u2027\u2030\u2032\u2033\u2039\u203A\u20AC\u2122\u2190-\u2193\u2212\u2248\u2260\u2264\u2265\uFFFD]/u;

/**
 * The SVG report as a PNG of the same size. Written in the fonts that come along, so it is the same picture on every
 * machine; only text that they have no letters for is looked up in those of the system.
 */
export function renderPng(svg: string): Uint8Array {
  const font = {
    fontFiles: FONTS,
    loadSystemFonts: BEYOND_OUR_FONTS.test(svg),
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
  };
  return new Resvg(svg, { font, fitTo: { mode: "original" } }).render().asPng();
}
