import type { StoryLine } from "#sim/story";

/** A sentence of a story as the terminal shows it: time, who, what. */
export function storyText({ t, who, text }: StoryLine): string {
  return `${t.toFixed(1).padStart(6)} s  ${who.padEnd(8)} ${text}`;
}
