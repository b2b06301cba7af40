import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { createMapSource } from "#edge-planner/map-cache";
import { createMemoryLog } from "#lib/log";
import { loadYaml } from "#lib/node/yaml-file";
import { createOutlooks, worldOf, type Outlooks } from "./outlook.ts";
import { nothingLearned } from "../core/durations.ts";
import { DeviceProfile } from "../profile.ts";

const profile = loadYaml(new URL("../../config/devices/amr-sim.yaml", import.meta.url).pathname, DeviceProfile);
const start = { x: 0, y: 0, yaw: 0 };

function outlooks(): Outlooks {
  return createOutlooks({ profile, maps: createMapSource(), log: createMemoryLog().log, learned: nothingLearned });
}

function without(occupancy: "occupancy", contract: Contract): Contract {
  const { [occupancy]: _map, ...spatial } = contract.spatial;
  return { ...contract, spatial };
}

describe("an outlook", () => {
  it("plans each drive from where the one before it ends", () => {
    const { routes } = outlooks().outlookOf(exampleContract(), start);
    expect([...routes.keys()]).toEqual(["go-to-rack", "go-to-station"]);
    expect(routes.get("go-to-rack")!.at(0)).toEqual([0, 0]);
    expect(routes.get("go-to-rack")!.at(-1)).toEqual([4, 0]);
    expect(routes.get("go-to-station")!.at(0)).toEqual([4, 0]);
    expect(routes.get("go-to-station")!.at(-1)).toEqual([-4, 3]);
  });

  it("goes around what the contract forbids", () => {
    const spatial = {
      ...exampleContract().spatial,
      zones: [
        {
          id: "pit",
          kind: "keepout" as const,
          polygon: [
            [1.5, -1],
            [2.5, -1],
            [2.5, 1],
            [1.5, 1],
          ] as [number, number][],
        },
      ],
    };
    const route = outlooks().outlookOf(exampleContract({ spatial }), start).routes.get("go-to-rack")!;
    expect(route.length).toBeGreaterThan(2);
    expect(route.some(([, y]) => Math.abs(y) > 1)).toBe(true);
  });

  it("is made once per revision", () => {
    const source = outlooks();
    const first = source.outlookOf(exampleContract(), start);
    expect(source.outlookOf(exampleContract(), { ...start, x: 3 })).toBe(first);
    expect(source.outlookOf(exampleContract({ revision: 2 }), start)).not.toBe(first);
  });

  it("plans no drive before the robot knows where it is", () => {
    const source = outlooks();
    expect(source.outlookOf(exampleContract(), undefined).routes.size).toBe(0);
    expect(source.outlookOf(exampleContract(), start).routes.size).toBe(2);
  });

  it("goes straight where there is no map, or no way on it, and says which it is", () => {
    const mapless = outlooks().outlookOf(without("occupancy", exampleContract()), start);
    expect(mapless.routes.get("go-to-rack")).toEqual([
      [0, 0],
      [4, 0],
    ]);
    expect(mapless.pathless?.size).toBe(0);
    const outside = outlooks().outlookOf(exampleContract(), { x: 90, y: 0, yaw: 0 });
    expect([...outside.pathless!]).toEqual(["go-to-rack"]);
    expect(outside.routes.get("go-to-rack")).toEqual([
      [90, 0],
      [4, 0],
    ]);
  });

  it("drains the battery more the faster the contract lets the robot drive", () => {
    const base = exampleContract();
    const slow = outlooks().outlookOf({ ...base, constraints: { ...base.constraints, maxSpeed: 0.5 } }, start);
    const fast = outlooks().outlookOf(base, start);
    expect(slow.speed).toBeLessThan(fast.speed);
    expect(slow.drainPerSecond).toBeLessThan(fast.drainPerSecond);
  });
});

describe("the world of a contract", () => {
  it("is what motion must know of the place, and no more", () => {
    const base = exampleContract();
    const zones = { allowed: ["aisle"], forbidden: ["pit"] };
    expect(worldOf({ ...base, constraints: { ...base.constraints, zones } })).toEqual({
      mapId: "empty",
      occupancy: base.spatial.occupancy,
      zones: [],
      forbiddenZones: ["pit"],
      allowedZones: ["aisle"],
    });
  });
});
