import type { Pose } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { DoorRecord, MoverRecord, RunRecord } from "../record.ts";
import type { Footprint } from "../world/space/shapes.ts";
import type { Surroundings } from "../world/traffic/traffic.ts";

/** Keeps where people and vehicles went, and when doors opened and closed. */
export interface SurroundingsRecorder {
  look(t: Seconds, seen: Surroundings): void;
  record(): Pick<RunRecord, "movers" | "doors">;
}

export function createSurroundingsRecorder(): SurroundingsRecorder {
  const movers = new Map<string, Writable<MoverRecord, "samples">>();
  const doors = new Map<string, Writable<DoorRecord, "changes">>();
  function note(t: Seconds, kind: MoverRecord["kind"], id: string, footprint: Footprint, { x, y, yaw }: Pose): void {
    const mover = movers.get(id) ?? { id, kind, shape: shapeOf(footprint), samples: [] };
    mover.samples.push({ t, x, y, yaw });
    movers.set(id, mover);
  }
  return {
    look(t, seen) {
      for (const { id, x, y, radius } of seen.people) note(t, "person", id, { circle: radius }, { x, y, yaw: 0 });
      for (const { id, footprint, pose } of seen.vehicles) note(t, "vehicle", id, footprint, pose);
      for (const { id, line, state } of seen.doors) {
        const door = doors.get(id) ?? { id, line, changes: [] };
        if (door.changes.at(-1)?.state !== state) door.changes.push({ t, state });
        doors.set(id, door);
      }
    },
    record: () => ({ movers: [...movers.values()], doors: [...doors.values()] }),
  };
}

type Writable<Record, List extends keyof Record> = Omit<Record, List> & {
  readonly [Name in List]: Record[Name] extends readonly (infer Item)[] ? Item[] : never;
};

function shapeOf(footprint: Footprint): MoverRecord["shape"] {
  return "circle" in footprint ? footprint.circle : footprint;
}
