import { COLOUR, deviceColour } from "./style.ts";

/** The variable of the page's style sheet for each colour of the drawings. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  [COLOUR.paper, "--paper"],
  [COLOUR.ink, "--ink"],
  [COLOUR.muted, "--muted"],
  [COLOUR.faint, "--faint"],
  [COLOUR.hairline, "--hairline"],
  [COLOUR.outside, "--outside"],
  [COLOUR.wall, "--wall"],
  [COLOUR.unknown, "--unknown"],
  [COLOUR.unknownGround, "--unknown"],
  [COLOUR.unknownLine, "--unknown-line"],
  [COLOUR.planned, "--planned"],
  [COLOUR.projected, "--projected"],
  [COLOUR.keepout, "--keepout"],
  [COLOUR.slow, "--slow"],
  [COLOUR.slowText, "--slow-text"],
  [COLOUR.offline, "--faint"],
  ...[0, 1, 2, 3].map((at) => [deviceColour(at), `--robot-${at}`] as const),
]);

/** A drawing whose colours follow the reader's choice of light or dark. */
export function themed(markup: string): string {
  return markup.replace(/"(#[0-9a-f]{6})"/g, (quoted, colour: string) => {
    const variable = VARIABLES.get(colour);
    return variable === undefined ? quoted : `"var(${variable})"`;
  });
}
