import { readFileSync } from "node:fs";
import { z } from "zod";
import { bytesFromHex, bytesOf } from "./bytes.ts";

/** A frame that others saw, with what it means in the words of its file. */
export interface FixtureFrame {
  readonly name: string;
  readonly direction: string | undefined;
  readonly bytes: Uint8Array;
  readonly decoded: Readonly<Record<string, unknown>>;
  readonly isNegative: boolean;
}

const Fixture = z.object({
  frames: z.array(
    z.object({
      name: z.string(),
      direction: z.string().optional(),
      hex: z.string().optional(),
      ascii: z.string().optional(),
      decoded: z.record(z.string(), z.unknown()).nullable(),
      negative: z.boolean().optional(),
    }),
  ),
});

/** The frames of a device in `test/fixtures/frames`, for tests. */
export function fixtureFrames(device: string): readonly FixtureFrame[] {
  const file = new URL(`../../test/fixtures/frames/${device}.json`, import.meta.url);
  const { frames } = Fixture.parse(JSON.parse(readFileSync(file, "utf8")));
  return frames.map(({ name, direction, hex, ascii, decoded, negative }) => ({
    name,
    direction,
    bytes: hex === undefined ? bytesOf(ascii ?? "") : bytesFromHex(hex),
    decoded: decoded ?? {},
    isNegative: negative === true,
  }));
}

/** The frame of that name. */
export function fixtureFrame(device: string, name: string): FixtureFrame {
  return fixtureFrames(device).find((frame) => frame.name === name)!;
}
