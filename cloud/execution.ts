import type { Sha256, Signer } from "#contract/crypto";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import { createUuidSource } from "#lib/uuid";
import { createAcks } from "./acks.ts";
import { startBrokerLink } from "./broker-link.ts";
import { createBoard, type Board } from "./tasks/board.ts";
import type { ExecutionConfig } from "./config.ts";
import type { CloudContext } from "./context.ts";
import type { DivergenceReport } from "./core/divergence.ts";
import type { Estimator } from "./core/estimator.ts";
import { createExperience } from "./core/experience.ts";
import { createEquator, type Equator } from "./core/equator/site-map.ts";
import type { MovementCheck } from "./core/master-data.ts";
import type { Planner } from "./core/planner.ts";
import { createFleetPlanner } from "./core/planning/fleet-planner.ts";
import { createSiteWays } from "./core/planning/site-ways.ts";
import type { TaskTemplate } from "./core/scheduling/task-template.ts";
import type { Policy } from "./core/policy/policy.ts";
import { resolveException, type Resolution } from "./exceptions.ts";
import { watchFailures } from "./failure-watch.ts";
import { connectionsOf, type ConnectionsView } from "./connections.ts";
import { getDocument, type DocumentView } from "./documents.ts";
import { deviceTracks, type TracksView } from "./device-tracks.ts";
import { loadFleet, type Device } from "./fleet.ts";
import { forceRelease } from "./force-release.ts";
import { createInbound, inboundFilters } from "./inbound.ts";
import { createIngest } from "./ingest.ts";
import type { ExceptionRow, LedgerRow, LogEntry, TaskRow } from "./io/store-rows.ts";
import type { CloudStore, ContractQuery, DocumentKey, ExceptionQuery, LogFilter, Page, PageQuery } from "./io/store.ts";
import type { FeedQuery, FeedRow } from "./io/feed-rows.ts";
import { learnFromPast } from "./learning.ts";
import { watchLeases } from "./lease-watch.ts";
import { createLiveness } from "./liveness.ts";
import { startPolicies, type PolicyService } from "./policies.ts";
import { orderContract } from "./order.ts";
import type { Answer } from "./problem.ts";
import { pushContract, type PushedContract, type PushOptions } from "./push.ts";
import { countFleet, type FleetCounts, getContract, getDevice, listContracts, listDevices } from "./queries.ts";
import { startRecollection } from "./recollection.ts";
import { reconcileContract } from "./reconcile.ts";
import { createRecovery, type Recovery } from "./recovery.ts";
import { scopeClock } from "./scoped-clock.ts";
import { changeOf, commitChange } from "./status-change.ts";
import { createTaskOrders, type TaskOrders } from "./tasks/task-orders.ts";
import { getTask } from "./tasks/task-view.ts";
import { assignTask, type AssignedTask } from "./tasks/assign-task.ts";
import type { TelemetryArchive } from "./thing-io/archive.ts";
import { openTelemetry } from "./thing-io/open-telemetry.ts";
import { createFeedIntake, type FeedIntake } from "./wes/intake.ts";
import { keepCapacity } from "./wes/fleet-capacity.ts";
import { confirmShift, type ShiftVerdict } from "./wes/shift-summary.ts";
import type { Partner, WesContext } from "./wes/stream.ts";
import { latestTelemetry, telemetryHistory, type HistorySpan, type TelemetryPage } from "./thing-io/queries.ts";
import { createReception } from "./thing-io/reception.ts";
import type { ThingIo } from "./thing-io/thing-io.ts";
import type {
  CommandView,
  CommandWords,
  ContractSummaryView,
  ContractView,
  DeviceView,
  ForceReleaseView,
  TaskView,
} from "./views.ts";

/** What the cloud can be asked for, whoever asks: HTTP, the simulator, a test. Contracts are named by id or name. */
export interface Execution {
  pushContract(draft: unknown, options?: Pick<PushOptions, "idempotencyKey">): Promise<Answer<PushedContract>>;
  getContract(idOrName: string): Promise<Answer<ContractView>>;
  listContracts(query: ContractQuery): Promise<Page<ContractSummaryView>>;
  reconcile(idOrName: string): Promise<Answer<DivergenceReport>>;
  command(idOrName: string, type: CommandView["type"], words?: CommandWords): Promise<Answer<CommandView>>;
  listDevices(): DeviceView[];
  /** The fleet in numbers. */
  countFleet(): FleetCounts;
  getDevice(deviceId: string): Answer<DeviceView>;
  /** The way that its plan leads a device, and the way that it came. */
  deviceTracks(deviceId: string): Promise<Answer<TracksView>>;
  /** When a device could be heard, and when not. */
  connectionsOf(deviceId: string): Promise<Answer<ConnectionsView>>;
  /** The planner's documents that work was done for lately. */
  listDocuments(): ReturnType<CloudStore["documents"]>;
  getDocument(key: DocumentKey): Promise<Answer<DocumentView>>;
  /** The ground that devices work on. */
  readonly maps: Equator;
  /** The newest sample of every channel. */
  latestTelemetry(deviceId: string): Answer<{ readonly items: ReturnType<ThingIo["latest"]> }>;
  /** Samples of a channel, oldest first. */
  telemetryHistory(deviceId: string, channel: string, span: HistorySpan): Promise<Answer<TelemetryPage>>;
  /** A contract for whichever device can do it. */
  assignTask(draft: unknown, options?: Pick<PushOptions, "idempotencyKey">): Promise<Answer<AssignedTask>>;
  /** Work asked for by its kind, which waits for its time and its device. */
  submitTask(order: unknown, options?: Pick<PushOptions, "idempotencyKey">): Promise<Answer<TaskView>>;
  cancelTask(taskId: string): Promise<Answer<TaskView>>;
  getTask(taskId: string): Promise<Answer<TaskView>>;
  forceRelease(taskId: string, body: unknown): Promise<Answer<ForceReleaseView>>;
  readonly policies: Omit<PolicyService, "failurePolicyFor">;
  listExceptions(query: ExceptionQuery): Promise<Page<ExceptionRow & { readonly id: number }>>;
  resolveException(id: number, resolution: Resolution): Promise<Answer<ExceptionRow & { readonly id: number }>>;
  listLedger(query: PageQuery): Promise<Page<LedgerRow & { readonly id: number; readonly isFenced: boolean }>>;
  /** What a partner posts to one of the realtime endpoints: a record or an array of them. */
  readonly takeFeed: FeedIntake;
  confirmShift(partner: Partner, body: unknown): Promise<Answer<ShiftVerdict>>;
  listFeed(query: FeedQuery): Promise<Page<FeedRow & { readonly id: number }>>;
  /** Entries of the log behind `afterId`, oldest first. */
  logAfter(afterId: number, limit: number, filter?: LogFilter): Promise<readonly LogEntry[]>;
  /** Calls `listener` with what happens from now on; returns what ends it. */
  onLogged(listener: (entries: readonly LogEntry[]) => void): () => void;
  /** Whether the cloud can do its work: database open, broker connected. */
  isReady(): boolean;
}

export interface ExecutionDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly store: CloudStore;
  /** Where the telemetry of devices is kept; without it, devices keep theirs. Disposed of by whoever made it. */
  readonly archive?: TelemetryArchive;
  readonly transport: Transport;
  readonly crypto: { readonly signer: Signer; readonly sha256: Sha256 };
  /** Recovery policies that ship; none unless given. */
  readonly presets?: readonly Policy[];
  /** Maps of the site; none unless given. */
  readonly equator?: Equator;
  /** Kinds of tasks that can be asked for; none unless given. */
  readonly templates?: readonly TaskTemplate[];
  /** Who chooses devices for tasks; unless given, the one that needs the least time in sum. */
  readonly planner?: Planner;
  /** What knows how long work takes; unless given, it learns from all journals. */
  readonly estimator?: Estimator;
  /** What is wrong with a partner's movement by the master data of this site; nothing unless given. */
  readonly checkMovement?: MovementCheck;
}

/** Reads everything back from the store and connects to the broker. The store stays the caller's to close. */
export async function startExecution(
  config: ExecutionConfig,
  deps: ExecutionDeps,
): Promise<Execution & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const clock = stack.use(scopeClock(deps.clock));
  const log = deps.log.child({ module: "execution" });
  const { store, presets = [], equator = createEquator([]), estimator = createExperience() } = deps;
  const ways = createSiteWays(equator);
  const { fleet, stored } = await loadFleet(store, clock, config.devices, { estimator, ways });
  const { cloudId } = stored;
  const background = stack.use(createBackground(log));
  const link = stack.use(
    startBrokerLink({
      transport: deps.transport,
      clock,
      rng: deps.rng.fork("broker-link"),
      log,
      clientId: `cloud-${cloudId}`,
      filters: inboundFilters(config.site),
      onMessage: (message) => inbound(message),
    }),
  );
  const recollection = startRecollection(
    { cloudId, clock, log, store, fleet, named: config.devices, background: background.run },
    stored,
  );
  const context: CloudContext = {
    config,
    cloudId,
    clock,
    log,
    store,
    signer: deps.crypto.signer,
    sha256: deps.crypto.sha256,
    uuid: createUuidSource(clock, deps.rng.fork("uuid")),
    link,
    fleet,
    policies: await startPolicies({ store, clock, stored: stored.policies, presets }),
    planner: deps.planner ?? createFleetPlanner(ways),
    estimator,
    recollection,
    equator,
    ways,
    ended: endedWith(stack),
    background: background.run,
  };
  const board = stack.use(createBoard(context));
  const recovery = createRecovery(context, board);
  recollection.onOver(() => board.wake());
  const orders = stack.use(createTaskOrders(context, board, deps.templates ?? []));
  const telemetry = deps.archive && (await openTelemetry(deps.archive));
  const acks = createAcks(context, telemetry?.positions.ackOf);
  const retainMs = config.telemetryDays * DAY_MS;
  const reception = telemetry && createReception(context, { ...telemetry, acks, retainMs });
  const ingest = createIngest(context, acks, recovery);
  const liveness = createLiveness(context, acks, ingest);
  const inbound = createInbound(context, { ingest, liveness, reception });
  await Promise.all(fleet.all().map((device) => device.turns(() => resumeUnanswered(context, device))));
  background.run("learning", () => learnFromPast(context));
  await recovery.resume();
  await orders.resume();
  watchLeases(context, recovery);
  watchFailures(context);
  stack.defer(keepCapacity(context));
  const running = stack.move();
  const wes = { clock, store, checkMovement: deps.checkMovement ?? (() => []) };
  const operating = operations(context, { recovery, board, orders, wes, thingIo: telemetry?.thingIo });
  return { ...operating, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A signal that aborts first of all when the stack is disposed, so that whoever waits lets go. */
function endedWith(stack: AsyncDisposableStack): AbortSignal {
  const controller = new AbortController();
  stack.defer(() => controller.abort(new AgentError("cancelled", "the cloud is going down")));
  return controller.signal;
}

/** What was on its way when the cloud stopped: nobody waits for the answer any more, but it decides the lock. */
async function resumeUnanswered(context: CloudContext, device: Device): Promise<void> {
  const change = device.contract?.status === "pushed" && changeOf(device.contract, "cloud.unconfirmed");
  if (change) await commitChange(context, device, change);
}

const DAY_MS = 86_400_000;
const DOCUMENTS_MAX = 200;

interface OperatingParts {
  readonly recovery: Pick<Recovery, "consider">;
  readonly board: Board;
  readonly orders: TaskOrders;
  readonly wes: WesContext;
  readonly thingIo: ThingIo | undefined;
}

function operations(context: CloudContext, { recovery, board, orders, wes, thingIo }: OperatingParts): Execution {
  const { store, policies } = context;
  return {
    pushContract: (draft, options) => pushContract(context, draft, options),
    getContract: (idOrName) => getContract(context, idOrName),
    listContracts: (query) => listContracts(context, query),
    reconcile: (idOrName) => reconcileContract(context, idOrName),
    command: (idOrName, type, words) => orderContract(context, idOrName, type, words),
    listDevices: () => listDevices(context),
    countFleet: () => countFleet(context),
    getDevice: (deviceId) => getDevice(context, deviceId),
    deviceTracks: (deviceId) => deviceTracks(context, thingIo, deviceId),
    connectionsOf: (deviceId) => connectionsOf(context, deviceId),
    listDocuments: () => store.documents(DOCUMENTS_MAX),
    getDocument: (key) => getDocument(context, key),
    maps: context.equator,
    assignTask: (draft, options) => assignTask(context, draft, options),
    submitTask: async (order, options) =>
      viewAfter(await orders.submit(order, options), (taskId) => getTask(context, board, taskId)),
    cancelTask: async (taskId) => viewAfter(await orders.cancel(taskId), () => getTask(context, board, taskId)),
    getTask: (taskId) => getTask(context, board, taskId),
    forceRelease: (taskId, body) => forceRelease(context, taskId, body, recovery),
    policies,
    latestTelemetry: (deviceId) => latestTelemetry(context, thingIo, deviceId),
    telemetryHistory: (deviceId, channel, span) => telemetryHistory(context, thingIo, deviceId, channel, span),
    listExceptions: (query) => store.exceptions(query),
    resolveException: (id, resolution) => resolveException(context, id, resolution),
    listLedger: (query) => store.ledger(query),
    listFeed: (query) => store.feedRecords(query),
    takeFeed: createFeedIntake(wes),
    confirmShift: (partner, body) => confirmShift(wes, partner, body),
    logAfter: (afterId, limit, filter) => store.logAfter(afterId, limit, filter),
    onLogged: (listener) => store.onLogged(listener),
    isReady: () => context.link.isConnected(),
  };
}

async function viewAfter(
  done: Answer<TaskRow>,
  view: (taskId: string) => Promise<Answer<TaskView>>,
): Promise<Answer<TaskView>> {
  return done.ok ? view(done.value.taskId) : done;
}

interface Background extends AsyncDisposable {
  readonly run: CloudContext["background"];
}

/** Tasks that nobody waits for but the end. Weather is logged; a bug is left to end the process. */
function createBackground(log: Log): Background {
  const running = new Set<Promise<void>>();
  return {
    run(what, task) {
      const ended = task()
        .catch((err: unknown) => {
          if (!(err instanceof AgentError)) throw err;
          log.error({ err, what }, "task failed");
        })
        .finally(() => running.delete(ended));
      running.add(ended);
    },
    [Symbol.asyncDispose]: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
