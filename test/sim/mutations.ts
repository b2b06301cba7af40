import type { StoreOp as CloudOp } from "#cloud/io/store-ops";
import type { Contract } from "#contract/contract";
import type { Verified, Verifier } from "#contract/crypto";
import type { LoadHandler, MotionDrivers, Scan, ToolDrivers } from "#drivers/driver";
import { assert } from "#lib/errors";
import type { Message, Transport } from "#lib/transport";
import type { Rewiring } from "#sim/rewiring";

/** A way to break the code under test, and the sentence of the checker that must notice. */
export interface Mutation {
  readonly breaks: string;
  readonly noticedBy: string;
  readonly rewiring: Rewiring;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    breaks: "the cloud's database locks no task, and counts no epochs",
    noticedBy: "at most one device works on a task",
    rewiring: cloudOps((op) =>
      op.op === "insert-contract" ? [{ ...op, row: { ...op.row, taskId: op.row.contractId } }] : [op],
    ),
  },
  {
    breaks: "the agent reads an action into the contract that nobody has signed",
    noticedBy: "nothing is done that is not in scope",
    rewiring: {
      verifier: readContracts((contract) => ({
        ...contract,
        stages: [{ ...contract.stages[0]!, stageId: "extra", action: "scan", inputs: {}, toolsRequired: [] }],
        scope: { actions: [...contract.scope.actions, { action: "scan" }] },
      })),
    },
  },
  {
    breaks: "the agent reads a longer time into the contract",
    noticedBy: "no work is begun after a contract's time",
    rewiring: {
      verifier: readContracts((contract) => ({
        ...contract,
        constraints: { ...contract.constraints, window: { maxDurationSeconds: 10_000 } },
      })),
    },
  },
  {
    breaks: "the agent reads another demand of battery into the contract",
    noticedBy: "no stage is begun with less battery than the contract demands",
    rewiring: {
      verifier: readContracts((contract) => ({
        ...contract,
        constraints: { ...contract.constraints, battery: { minimum: 0 } },
        assumptions: [],
      })),
    },
  },
  {
    breaks: "the agent overlooks the contract's speed limits",
    noticedBy: "no robot drives faster than its contract allows",
    rewiring: {
      verifier: readContracts(({ constraints: { maxSpeed: _none, ...constraints }, scope, ...contract }) => ({
        ...contract,
        constraints,
        scope: { actions: scope.actions.map(({ action }) => ({ action })) },
      })),
    },
  },
  {
    breaks: "the agent overlooks the contract's zones",
    noticedBy: "a robot keeps out of forbidden zones and slow in slow ones while it knows where it is",
    rewiring: {
      verifier: readContracts((contract) => ({
        ...contract,
        spatial: { ...contract.spatial, zones: [] },
        constraints: { ...contract.constraints, zones: {} },
      })),
    },
  },
  {
    breaks: "the base creeps round when it is told to stand",
    noticedBy: "a robot moves only for a contract",
    rewiring: { motion: creeping },
  },
  {
    breaks: "the lidar sees through everything",
    noticedBy: "a robot never touches what it could see in time",
    rewiring: { motion: blind },
  },
  {
    breaks: "the hand's driver puts back what it has taken and takes it again",
    noticedBy: "nothing is picked or placed twice for one stage",
    rewiring: { tools: hand((load) => ({ pick: (request) => pickTwice(load, request) })) },
  },
  {
    breaks: "the hand's driver says that it has taken what it has not",
    noticedBy: "no journal tells of what was not moved",
    rewiring: { tools: hand(() => ({ pick: ({ sku, quantity }) => Promise.resolve({ sku, quantity }) })) },
  },
  {
    breaks: "the cloud's database forgets an event now and then",
    noticedBy: "a journal has no gap",
    rewiring: cloudOps((op) => (op.op === "append-events" ? [{ ...op, rows: op.rows.filter(isKept) }] : [op])),
  },
  {
    breaks: "the cloud stores an event under another id now and then",
    noticedBy: "what the cloud has committed is a prefix of the journal",
    rewiring: cloudOps((op) => withEvents(op, (event) => (event.seq % 11 === 0 ? { ...event, id: OTHER_ID } : event))),
  },
  {
    breaks: "the device sends each batch of its journal a hundred times",
    noticedBy: "journals, messages, logs and timers stay within bounds",
    rewiring: {
      transport: publishing(async (message, publish) => {
        const times = message.topic.endsWith("/journal") ? 100 : 1;
        await Promise.all(Array.from({ length: times }, () => publish(message)));
      }),
    },
  },
  {
    breaks: "a device throws on what it has not foreseen",
    noticedBy: "no part fails",
    rewiring: {
      store: (store) => ({
        ...store,
        commit: (ops) => {
          const isForeseen = !ops.some((op) => op.type === "append" && op.entry.event.type === "contract.held");
          assert(isForeseen, "a contract is never held");
          return store.commit(ops);
        },
      }),
    },
  },
  {
    breaks: "no command reaches a device",
    noticedBy: "every contract has ended, and cloud and device agree how",
    rewiring: { transport: deafTo(/\/command$/) },
  },
  {
    breaks: "no device says that it is there",
    noticedBy: "every device is live",
    rewiring: { transport: publishing(swallowing(/\/presence$/)) },
  },
  {
    breaks: "the cloud stores that a contract failed when it was completed",
    noticedBy: "cloud and device fold to the same state",
    rewiring: cloudOps((op) =>
      withEvents(op, (event) => ({ ...event, type: event.type.replace("contract.completed", "contract.failed") })),
    ),
  },
  {
    breaks: "the cloud books no movement",
    noticedBy: "world, journal and ledger tell of the same movements",
    rewiring: cloudOps((op) => (op.op === "insert-movement" ? [] : [op])),
  },
  {
    breaks: "the cloud takes a device for live at once when it is heard again",
    noticedBy: "every outage was reconciled",
    rewiring: cloudOps((op) => {
      const isReturn = op.op === "log" && op.entry.type === "device.mode" && op.entry.data["to"] === "reconciled";
      return [isReturn ? { ...op, entry: { ...op.entry, data: { ...op.entry.data, to: "live" } } } : op];
    }),
  },
];

const OTHER_ID = "019b8ce6-1400-7000-8000-00000000dead";

/** A verifier that reads every contract otherwise than it was signed. */
function readContracts(change: (contract: Contract) => object): (verifier: Verifier) => Verifier {
  return (verifier) => ({
    async verify(jws, type): Promise<Verified> {
      const verified = await verifier.verify(jws, type);
      if (!verified.ok || type !== "hf-contract+jws") return verified;
      return { ...verified, payload: change(verified.payload as Contract) };
    },
  });
}

function creeping(drivers: MotionDrivers): MotionDrivers {
  const { base } = drivers;
  const drive: typeof base.drive = (velocity, validForMs) => {
    const isStop = velocity.linear === 0 && velocity.angular === 0;
    base.drive(isStop ? { linear: 0, angular: 0.3 } : velocity, validForMs);
  };
  return { ...drivers, base: { ...base, drive } };
}

function blind(drivers: MotionDrivers): MotionDrivers {
  const { lidar } = drivers;
  const latest = (): Scan | undefined => {
    const scan = lidar.latest();
    return scan && { ...scan, ranges: scan.ranges.map(() => Infinity) };
  };
  return { ...drivers, lidar: { ...lidar, latest } };
}

function hand(change: (load: LoadHandler) => Partial<LoadHandler>): (tools: ToolDrivers) => ToolDrivers {
  return (tools) => ({ ...tools, ...(tools.load && { load: { ...tools.load, ...change(tools.load) } }) });
}

async function pickTwice(
  load: LoadHandler,
  request: Parameters<LoadHandler["pick"]>[0],
): ReturnType<LoadHandler["pick"]> {
  await load.pick(request);
  await load.place({ key: `${request.key}-back/1`, to: request.from });
  return load.pick({ ...request, key: `${request.key.slice(0, request.key.lastIndexOf("/"))}/99` });
}

/** A database of the cloud in which each change becomes others. */
function cloudOps(change: (op: CloudOp) => readonly CloudOp[]): Rewiring {
  return {
    cloudStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (name === "commit") return (ops: readonly CloudOp[]) => target.commit(ops.flatMap(change));
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        },
      }),
  };
}

type StoredRow = Extract<CloudOp, { op: "append-events" }>["rows"][number];
type StoredEvent = StoredRow["event"];

function isKept({ event }: StoredRow): boolean {
  return event.type !== "stage.progress";
}

function withEvents(op: CloudOp, change: (event: StoredEvent) => StoredEvent): CloudOp[] {
  if (op.op !== "append-events") return [op];
  return [{ ...op, rows: op.rows.map((row) => ({ ...row, event: change(row.event) })) }];
}

type Publish = (message: Message) => Promise<void>;

/** A network in which what devices publish becomes something else. */
function publishing(change: (message: Message, publish: Publish) => Promise<void>): Required<Rewiring>["transport"] {
  return (transport: Transport, name) =>
    name === "cloud"
      ? transport
      : {
          async connect(options, handlers) {
            const connection = await transport.connect(options, handlers);
            return {
              publish: (message) => change(message, (changed) => connection.publish(changed)),
              subscribe: (filters) => connection.subscribe(filters),
              close: () => connection.close(),
            };
          },
        };
}

/** Devices that do not hear some topics. */
function deafTo(topics: RegExp): Required<Rewiring>["transport"] {
  return (transport, name) =>
    name === "cloud"
      ? transport
      : {
          connect: (options, handlers) =>
            transport.connect(options, {
              ...handlers,
              onMessage(message) {
                if (!topics.test(message.topic)) handlers.onMessage(message);
              },
            }),
        };
}

function swallowing(topics: RegExp): (message: Message, publish: Publish) => Promise<void> {
  return (message, publish) => (topics.test(message.topic) ? Promise.resolve() : publish(message));
}
