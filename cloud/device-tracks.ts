import { z } from "zod";
import { Timestamp } from "#contract/identifiers";
import { PointTuple } from "#contract/spatial";
import type { CloudContext } from "./context.ts";
import { timelineOf } from "./core/timeline.ts";
import { basisOf } from "./fleet.ts";
import { type Answer, refuse } from "./problem.ts";
import type { ThingIo } from "./thing-io/thing-io.ts";

/** The ways of a device on its map: the one that its plan leads it, and the one that it came. */
export const TracksView = z.object({
  planned: z
    .array(PointTuple)
    .meta({ description: "way of the contract's remaining stages; empty when none is known" }),
  actual: z
    .array(z.object({ at: Timestamp, x: z.number(), y: z.number() }))
    .meta({ description: "where it was in the last ten minutes by its telemetry, oldest first" }),
});
export type TracksView = z.infer<typeof TracksView>;

const PAST_MS = 600_000;
const SAMPLES_MAX = 10_000;
/** More would not be seen. */
const POINTS_MAX = 600;

/** Planned and actual track of a device. What it recorded while it was out of reach is there when it has delivered it. */
export async function deviceTracks(
  { fleet, clock }: CloudContext,
  thingIo: Pick<ThingIo, "history"> | undefined,
  deviceId: string,
): Promise<Answer<TracksView>> {
  const device = fleet.get(deviceId);
  if (!device) return refuse("unknown_device", `${deviceId} was never heard by this cloud`);
  const legs = timelineOf(basisOf(device))?.legs ?? [];
  const planned = legs.flatMap(({ route }) => route.map(([x, y]): [number, number] => [x, y]));
  const toMs = clock.wallMs();
  const span = { fromMs: toMs - PAST_MS, toMs, limit: SAMPLES_MAX };
  const { samples } = (await thingIo?.history({ deviceId, channel: "pose", ...span })) ?? { samples: [] };
  const places = samples.flatMap(({ at, values: { x, y } }) =>
    typeof x === "number" && typeof y === "number" ? [{ at, x, y }] : [],
  );
  const stride = Math.max(1, Math.ceil(places.length / POINTS_MAX));
  const actual = places.filter((_place, index) => index % stride === 0 || index === places.length - 1);
  return { ok: true, value: { planned, actual } };
}
