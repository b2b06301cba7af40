import { DEFAULT_LEASE, type Contract, type Stage } from "./contract.ts";

/** A free square of 20 m x 20 m around the origin, in cells of 1 m: a PNG of 20 x 20 pixels of the value 254. */
const EMPTY_MAP_PNG =
  "iVBORw0KGgoAAAANSUhEUgAAABQAAAAUCAAAAACo4kLRAAAAEklEQVR4XmP4hwWMCqKBgRUEAKRvjPC15yiYAAAAAElFTkSuQmCC";

/**
 * A small valid contract, for tests and as a start for one's own: fetch one item from a rack and bring it to a station, on
 * an empty map. It is issued at the moment at which a `VirtualClock` starts. `overrides` replace whole top-level parts.
 */
export function exampleContract(overrides: Partial<Contract> = {}): Contract {
  return {
    schema: "hf.contract/1",
    contractId: "019b8ce6-1400-7000-8000-000000000001",
    name: "example",
    session: "session-1",
    lease: DEFAULT_LEASE,
    revision: 1,
    epoch: 1,
    taskId: "task-1",
    deviceId: "amr-07",
    issuedAt: "2026-01-05T08:00:00.000Z",
    task: { kind: "pick", title: "Bring one SKU-7890 from the rack to the station" },
    stages: STAGES,
    scope: { actions: [{ action: "navigate" }, { action: "pick" }, { action: "place" }] },
    spatial: {
      frame: "map",
      mapId: "empty",
      mapRevision: "1",
      occupancy: {
        resolution: 1,
        origin: [-10, -10, 0],
        negate: 0,
        occupied_thresh: 0.65,
        free_thresh: 0.196,
        png: EMPTY_MAP_PNG,
      },
      zones: [],
      landmarks: [
        { id: "rack", kind: "rack", pose: [4, 0, 0] },
        { id: "station", kind: "station", pose: [-4, 3, 1.5] },
      ],
    },
    constraints: { battery: { minimum: 0.2 }, window: { maxDurationSeconds: 900 }, zones: {} },
    failurePolicy: {
      rules: [{ when: "failure.attempt <= 1", strategy: "retry", retry: { attempts: 1, backoffSeconds: 1 } }],
      fallback: "abort",
      replanBudget: 3,
      offline: "finish",
    },
    assumptions: [
      { id: "battery-lasts", expr: "robot.battery > contract.constraints.battery.minimum", severity: "major" },
    ],
    ...overrides,
  };
}

const STAGES: Stage[] = [
  {
    stageId: "go-to-rack",
    goal: "Stand at the rack",
    action: "navigate",
    inputs: { to: "rack" },
    toolsRequired: ["base"],
    validation: [{ expr: "output.error <= 0.2", message: "too far from the rack" }],
    timeoutSeconds: 120,
    nominalSeconds: 10,
  },
  {
    stageId: "pick",
    goal: "Have the item on board",
    action: "pick",
    inputs: { sku: "SKU-7890", quantity: 1, from: "rack.shelf-3" },
    toolsRequired: ["load"],
    validation: [{ expr: "output.quantity == inputs.quantity", message: "wrong quantity on board" }],
    timeoutSeconds: 60,
    nominalSeconds: 5,
  },
  {
    stageId: "go-to-station",
    goal: "Stand at the station",
    action: "navigate",
    inputs: { to: "station" },
    toolsRequired: ["base"],
    validation: [],
    timeoutSeconds: 120,
    nominalSeconds: 10,
  },
  {
    stageId: "place",
    goal: "Hand the item over",
    action: "place",
    inputs: { to: "station" },
    toolsRequired: ["load"],
    validation: [{ expr: "output.handedOver", message: "the station does not report the item" }],
    timeoutSeconds: 60,
    nominalSeconds: 5,
  },
];
