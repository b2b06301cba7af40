import { z } from "zod";
import { ACTIONS } from "./actions.ts";
import { Alternative, Stage } from "./contract.ts";
import { plannedMovementProblems } from "./feed/planned-movement.ts";
import { idsAt, invalid, readableItems, repeatedIds, type Finding } from "./finding.ts";
import { Name } from "./identifiers.ts";
import { schemaFindings } from "./schema-findings.ts";

/** Rules of stages and scope that a schema can't say. What does not fit its schema is left to that. */
export function stageFindings(contract: unknown): Finding[] {
  const inScope = new Set(idsAt(contract, ["scope", "actions"], "action"));
  const landmarks = new Set(idsAt(contract, ["spatial", "landmarks"], "id"));
  const scope = readableItems(contract, ["scope", "actions"], z.object({ action: Name }));
  return [
    ...repeatedIds(contract, ["stages"], "stageId"),
    ...repeatedIds(contract, ["scope", "actions"], "action"),
    ...scope.flatMap(({ item, at }) => unknownAction(item.action, ["scope", "actions", at, "action"])),
    ...worksOf(contract).flatMap((work) => [
      ...unknownAction(work.action, [...work.path, "action"]),
      ...outOfScope(work, inScope),
      ...inputFindings(work),
      ...unknownLandmark(work, landmarks),
    ]),
    ...movementFindings(contract),
    ...orderFindings(contract),
  ];
}

/** One way to do a stage: its own action, or one of its alternatives. */
interface Work {
  readonly path: readonly PropertyKey[];
  readonly action: string;
  /** Left out where they can't be read. */
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
}

const StageAction = z.object({ action: Name, inputs: Stage.shape.inputs.optional().catch(undefined) });

function worksOf(contract: unknown): readonly Work[] {
  return readableItems(contract, ["stages"], StageAction).flatMap(({ item, at }) => [
    { path: ["stages", at], ...item },
    ...readableItems(contract, ["stages", at, "alternatives"], Alternative).map((alternative) => ({
      path: ["stages", at, "alternatives", alternative.at],
      action: alternative.item.action ?? item.action,
      inputs: alternative.item.inputs,
    })),
  ]);
}

/** A movement that its stage declares must be one that the planner can take. */
function movementFindings(contract: unknown): Finding[] {
  return readableItems(contract, ["stages"], MovingStage).flatMap(({ item, at }) =>
    plannedMovementProblems(item).map(({ path, message, value }) => {
      const own = path.slice(1) === "qty" ? "quantity" : path.slice(1);
      return { ...invalid(["stages", at, "movement", own], message), value };
    }),
  );
}

const MovingStage = Stage.pick({ action: true, inputs: true, movement: true });

function unknownAction(action: string, path: readonly PropertyKey[]): Finding[] {
  if (Object.hasOwn(ACTIONS, action)) return [];
  const expected = Object.keys(ACTIONS).join(", ");
  return [{ reason: "unsupported", path, message: "unknown action", value: action, expected }];
}

function outOfScope({ action, path }: Work, inScope: ReadonlySet<string | undefined>): Finding[] {
  if (inScope.has(action) || !Object.hasOwn(ACTIONS, action)) return [];
  const expected = [...inScope].join(", ");
  return [
    { reason: "out_of_scope", path: [...path, "action"], message: "is not in scope.actions", value: action, expected },
  ];
}

function inputFindings({ action, inputs, path }: Work): Finding[] {
  if (inputs === undefined || !Object.hasOwn(ACTIONS, action)) return [];
  const parsed = ACTIONS[action]!.inputs.safeParse(inputs);
  return parsed.success ? [] : schemaFindings(inputs, parsed.error.issues, [...path, "inputs"]);
}

function unknownLandmark({ action, inputs, path }: Work, landmarks: ReadonlySet<string | undefined>): Finding[] {
  const to = inputs?.["to"];
  if (action !== "navigate" || typeof to !== "string" || landmarks.has(to)) return [];
  const expected = "the id of one of spatial.landmarks, or [x, y, yaw]";
  return [invalid([...path, "inputs", "to"], "there is no such landmark", { value: to, expected })];
}

const StageOrder = z.object({ stageId: Name, after: Stage.shape.after });
type StagesInOrder = readonly { readonly item: z.infer<typeof StageOrder>; readonly at: number }[];

/** `after` names stages, and nothing waits for itself: neither directly nor through stages that follow each other. */
function orderFindings(contract: unknown): Finding[] {
  const ids = idsAt(contract, ["stages"], "stageId");
  const stages = readableItems(contract, ["stages"], StageOrder);
  const unknown = stages.flatMap(({ item, at }) =>
    (item.after ?? []).flatMap((id, nth) =>
      ids.includes(id)
        ? []
        : [invalid(["stages", at, "after", nth], "there is no such stage", { value: id, expected: "a stageId" })],
    ),
  );
  // Among stages of one name nobody can tell who waits for whom.
  const cycle = new Set(ids).size === ids.length ? cycleOf(predecessors(ids, stages)) : undefined;
  if (!cycle) return unknown;
  const at = stages.findLast(({ item }) => cycle.includes(item.stageId) && item.after)?.at ?? 0;
  const way = [...cycle, cycle[0]].join(" after ");
  return [...unknown, invalid(["stages", at, "after"], `stages wait for each other: ${way}`, { expected: "no cycle" })];
}

type Predecessors = ReadonlyMap<string, readonly string[]>;

function predecessors(ids: readonly (string | undefined)[], stages: StagesInOrder): Predecessors {
  return new Map(
    stages.map(({ item, at }) => {
      const previous = at > 0 ? ids[at - 1] : undefined;
      return [item.stageId, item.after ?? (previous === undefined ? [] : [previous])];
    }),
  );
}

/** The stages of one cycle, each waiting for the next, or undefined. */
function cycleOf(graph: Predecessors): readonly string[] | undefined {
  const done = new Set<string>();
  const walk = (id: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(id)) return trail.slice(trail.indexOf(id));
    if (done.has(id)) return undefined;
    for (const before of graph.get(id) ?? []) {
      const cycle = walk(before, [...trail, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of graph.keys()) {
    const cycle = walk(id, []);
    if (cycle) return cycle;
  }
  return undefined;
}
