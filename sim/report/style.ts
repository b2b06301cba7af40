/** One colour a meaning. Everything coloured also has a shape, a hatch or a word of its own, so it reads in grey. */
export const COLOUR = {
  paper: "#ffffff",
  ink: "#1c2530",
  muted: "#5b6673",
  faint: "#98a2ad",
  hairline: "#dde2e7",
  outside: "#f4f5f7",
  wall: "#3a444f",
  unknown: "#e2e6ea",
  unknownGround: "#eceff2",
  unknownLine: "#d3d9df",
  planned: "#6b7683",
  projected: "#b32d74",
  keepout: "#c0291f",
  slow: "#b97700",
  slowText: "#7a4f00",
  offline: "#8a95a1",
  failed: "#c0291f",
} as const;

/** Sizes of type, in pixels: the title, running text, and what stands in drawings. */
export const TYPE = { title: 22, body: 13, small: 11 } as const;

export const FONT = "Helvetica Neue, Helvetica, Arial, sans-serif";

/** Line pitch of running text and of the rows of the time axis, in pixels. */
export const LINE = 18;

/** Devices in their order, after Okabe and Ito's palette for colour-blind readers (darkened where text needs it). */
const DEVICE_COLOURS = ["#0072b2", "#00805e", "#b35900", "#4d4fa8"] as const;

export function deviceColour(at: number): string {
  return DEVICE_COLOURS[at % DEVICE_COLOURS.length]!;
}
