import type { TelemetryArchive } from "./archive.ts";
import { createLatestValues, type LatestValues } from "./latest.ts";
import { loadPositions, type Positions } from "./positions.ts";
import { createThingIo, type ThingIo } from "./thing-io.ts";

/** What the cloud knows of telemetry, read back from its archive. */
export interface OpenTelemetry {
  readonly archive: TelemetryArchive;
  readonly positions: Positions;
  readonly latest: LatestValues;
  readonly thingIo: ThingIo;
}

export async function openTelemetry(archive: TelemetryArchive): Promise<OpenTelemetry> {
  const latest = createLatestValues();
  return { archive, latest, positions: await loadPositions(archive), thingIo: createThingIo(archive, latest) };
}
