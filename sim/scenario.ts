import { z } from "zod";
import { TaskOrder } from "#cloud/core/scheduling/task-order";
import { Name } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { Fault } from "./faults/fault.ts";
import { NetworkFault } from "./faults/network-fault.ts";
import { Duration } from "./moment.ts";
import { OperatorScript } from "./operator/script.ts";
import { Matrix } from "./scenario-matrix.ts";
import {
  BodySpec,
  DirtSpec,
  DoorSpec,
  EmptyFloor,
  ObstacleSpec,
  PersonSpec,
  SiteSpec,
  uniqueIds,
  VehicleSpec,
} from "./world/world-spec.ts";

const Path = z.string().min(1).max(500);
const Length = z.number().positive().max(1000).meta({ unit: "m" });
const Robot = z.strictObject({
  id: Name,
  profile: Path,
  pose: PoseTuple,
  set: z.record(z.string(), z.json()).optional().meta({ description: "overrides of the profile, by path" }),
  battery: z.number().min(0).max(1).optional().meta({ unit: "1", description: "charge at the start" }),
  odometryOrigin: PoseTuple.optional().meta({ description: "where its wheels believe to start; zeros if absent" }),
  body: BodySpec.optional().meta({ description: "what the robot really is, where that differs from its profile" }),
  knowsMap: z.boolean().default(true),
  operator: OperatorScript.optional().meta({ description: "who carries it, of a device whose worker is a person" }),
  navigate: z
    .strictObject({ to: PoseTuple, tolerance: Length.optional() })
    .optional()
    .meta({ description: "shorthand for a one-stage contract" }),
});

/** Work for whichever robot the cloud finds (`POST /tasks`), under an id that expectations can name. */
const Task = TaskOrder.omit({ schedule: true }).extend({ taskId: Name, at: Duration });

/** A scenario file (`docs/scenarios.md`); paths are relative to it. */
export const Scenario = z
  .strictObject({
    name: Name,
    title: z.string().max(200).optional(),
    matrix: Matrix.optional(),
    map: z.union([Path, EmptyFloor]),
    maskKeepout: Path.optional(),
    maskSpeed: Path.optional(),
    obstacles: z.array(ObstacleSpec).default([]),
    people: z.array(PersonSpec).default([]),
    vehicles: z.array(VehicleSpec).default([]),
    doors: z.array(DoorSpec).default([]),
    sites: z.array(SiteSpec).default([]),
    dirt: DirtSpec.optional(),
    motion: z.enum(["full", "coarse"]).default("full").meta({
      description: "coarse: fewer ticks and rays, and a follower that steers for a point ahead",
    }),
    robots: z.array(Robot).min(1),
    contracts: z.array(z.strictObject({ file: Path, at: Duration })).default([]),
    tasks: z.array(Task).default([]),
    network: z.array(NetworkFault).default([]),
    faults: z.array(Fault).default([]),
    until: Duration.refine((ms) => ms > 0, "expected a time after the start"),
    expect: z.array(z.strictObject({ name: z.string(), that: z.string() })).default([]),
  })
  .check(uniqueIds("robots"), uniqueIds("sites"), uniqueIds("doors"), beforeTheEnd, uniqueTasks, uniqueExpectations);
export type Scenario = z.infer<typeof Scenario>;

/** Results, JUnit's too, tell expectations by their names. */
function uniqueExpectations({ value: { expect }, issues }: z.core.ParsePayload<{ expect: { name: string }[] }>): void {
  for (const [index, input] of repeated(expect.map(({ name }) => name))) {
    issues.push({
      code: "custom",
      input,
      path: ["expect", index, "name"],
      message: "another expectation has this name",
    });
  }
}

function uniqueTasks({ value: { tasks }, issues }: z.core.ParsePayload<{ tasks: { taskId: string }[] }>): void {
  for (const [index, input] of repeated(tasks.map(({ taskId }) => taskId))) {
    issues.push({ code: "custom", input, path: ["tasks", index, "taskId"], message: "another task has this id" });
  }
}

/** Those that an earlier one equals, with their index. */
function repeated(names: readonly string[]): (readonly [index: number, name: string])[] {
  return [...names.entries()].filter(([index, name]) => names.indexOf(name) !== index);
}

interface Timed {
  readonly at?: number | undefined;
}

/** Refuses what would begin when the run is over: expectations would hold because it never happens. */
function beforeTheEnd({
  value: { until, contracts, tasks, network, faults },
  issues,
}: z.core.ParsePayload<Record<"contracts" | "tasks" | "network" | "faults", Timed[]> & { until: number }>): void {
  for (const [list, entries] of Object.entries({ contracts, tasks, network, faults })) {
    for (const [index, { at }] of entries.entries()) {
      if (at === undefined || at < until) continue;
      const message = `would never happen: the run ends after ${until / 1000} s (until)`;
      issues.push({ code: "custom", input: at, path: [list, index, "at"], message });
    }
  }
}
