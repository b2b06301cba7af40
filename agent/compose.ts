import type { BoardProbe } from "#lib/board";
import type { Clock } from "#lib/clock";
import type { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { NetworkWatch } from "#lib/network";
import type { Rng } from "#lib/rng";
import type { Transport } from "#lib/transport";
import { createUuidSource } from "#lib/uuid";
import type { Sha256, Verifier } from "#contract/crypto";
import type { Event } from "#contract/event";
import { activeContract } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import type { LogRecord } from "#contract/telemetry-block";
import type { Driver, Health, ToolDrivers } from "#drivers/driver";
import { createMapSource, type MapSource } from "#edge-planner/map-cache";
import { startClockWatch } from "./clock-watch.ts";
import { watchCorruption } from "./corruption-watch.ts";
import type { Control, MotionReport } from "./control/control.ts";
import type { CommandHandler } from "./core/command-handler.ts";
import type { JogMove, JogResult } from "./core/jog.ts";
import type { DeviceAbilities } from "./core/feasibility.ts";
import { DEFAULT_POLICIES, type Policies } from "./core/policies.ts";
import type { LinkState } from "./core/link-state.ts";
import type { LiveSample } from "./core/live-telemetry.ts";
import type { LinkStatus, Replanner } from "./core/ports.ts";
import type { RobotView, SafetyMode } from "./core/situation.ts";
import type { PlannerSink, SinkStatus } from "#feed/planner-sink";
import { startDirectFeeds, type DirectFeedDeps } from "./feed/direct-feeds.ts";
import { startDriverWatch } from "./execution/driver-watch.ts";
import { watchCommits } from "./journal/durable-journal.ts";
import { startExperience, type Experience } from "./execution/experience.ts";
import { startExecutor, type Executor, type ExecutorDeps } from "./execution/executor.ts";
import { createInbox } from "./link/inbox.ts";
import { createIntake } from "./link/intake.ts";
import { startJournal, type JournalPart } from "./journal/journal.ts";
import { createTechnician, type Technician } from "./console/technician.ts";
import { motionHealth } from "./console/motion-health.ts";
import { createLeases, type Leases } from "./link/leases.ts";
import { startLink, type Link } from "./link/link.ts";
import { cleaningOf } from "./execution/cleaning-place.ts";
import { createOutlooks } from "./execution/outlook.ts";
import type { Carrier } from "./operator/carrier.ts";
import { createDesk, type Desk, type DeskDeps } from "./operator/desk.ts";
import type { DeviceProfile } from "./profile.ts";
import { createLiveLane } from "./execution/live-lane.ts";
import { startResourceMonitor } from "./execution/resource-monitor.ts";
import { createSenses } from "./execution/robot-senses.ts";
import { startSafetyMonitor } from "./execution/safety-monitor.ts";
import type { Store } from "./store.ts";
import type { ChannelName, Reading } from "./telemetry/channels.ts";
import type { DrainLimits, DrainProgress } from "./telemetry/drain.ts";
import type { FlashBudget } from "./telemetry/flash-budget.ts";
import { createLiveChannels } from "./telemetry/live-channels.ts";
import { readChannel } from "./telemetry/robot-channels.ts";
import type { TelemetryStore } from "./telemetry/store.ts";
import {
  startTelemetry,
  waitingIn,
  type TelemetryDeps,
  type TelemetryPart,
  type TelemetryStatus,
} from "./telemetry/telemetry.ts";
import { createTools } from "./tools/registry.ts";

/** Who this agent is. */
export interface AgentSettings {
  readonly site: string;
  readonly deviceId: string;
  readonly profile: DeviceProfile;
  /** Name and version of this program, as presence and journal show it. */
  readonly software: string;
  /** The rules that this device follows; those that ship unless given. */
  readonly policies?: Policies;
  readonly credentials?: { readonly username?: string; readonly password?: string };
  /** How long the connection to the broker may be silent; 15 s unless given. */
  readonly keepAliveSeconds?: number;
  /** What the maker says can be written to the disk in its life; without it there is no forecast. */
  readonly enduranceBytes?: number;
}

/** The world, as the agent is given it: real in `main.ts`, simulated in a simulation. Disposed of by whoever made it. */
export interface AgentDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly store: Store;
  readonly transport: Transport;
  /** Tells when this machine's addresses change. */
  readonly network?: NetworkWatch;
  readonly crypto: { readonly verifier: Verifier; readonly sha256: Sha256 };
  readonly tools: ToolDrivers;
  readonly control: Control;
  /** The person who carries the device; `control` then is the same, and the tools are what this person is asked. */
  readonly carrier?: Carrier;
  /** Where telemetry is recorded; without it, only the live lane is sent. */
  readonly telemetry?: TelemetrySetup;
  /** Planners that the device feeds itself. */
  readonly feeds?: { readonly list: readonly PlannerSink[] } & Pick<DirectFeedDeps, "post">;
  /** The computer that this runs on; without it, nothing on it counts as short. */
  readonly board?: BoardProbe;
  /** Shared by the robots of one simulation, so that each place is prepared once. */
  readonly maps?: MapSource;
  /** Called with a bug that ended the agent's work, or a damaged database, which only a start sets aside; the robot stands still by then. */
  readonly onFailure: (thrown: unknown) => void;
}

/** How telemetry is recorded and sent. */
export interface TelemetrySetup {
  readonly store: TelemetryStore;
  readonly limits: DrainLimits;
  /** Lines of the log for the lane `logs`, since the last call. */
  readonly takeLines?: () => readonly LogRecord[];
}

/** A running agent. Disposing of it stops the robot, says goodbye to the cloud, and leaves everything else to the journal. */
export interface Agent extends AsyncDisposable {
  /** What the journal folds to. */
  state(): DeviceState;
  /** The newest report of the motion loop. */
  report(): MotionReport | undefined;
  /** The robot as its sensors tell it. */
  robot(): RobotView;
  safety(): { readonly mode: SafetyMode; readonly reason: string | undefined };
  isOnline(): boolean;
  /** When the executor last came to the end of a turn, of which it takes five a second; monotonic milliseconds. */
  executorAtMs(): number;
  /** What the link to the cloud does and, where it is down, why. */
  link(): LinkState;
  /** What is recorded, thinned and sent of the telemetry; undefined where nothing is recorded. */
  telemetry(): TelemetryStatus | undefined;
  /** How the planners are doing that this device feeds itself. */
  feeds(): readonly SinkStatus[];
  /** What is written to the disk, and how long it will bear that; undefined until that is known. */
  flash(): FlashBudget | undefined;
  /** Stops the robot until it is released; said by a human or a button. */
  pressEstop(reason: string): void;
  releaseEstop(): void;
  /**
   * Moves the robot a little for a technician, in its own frame, within `jog` of the profile: one drive through the same loop
   * and gate as a contract's, journaled. Refused while a contract is at work and not held. Resolves when it has ended.
   */
  jog(move: JogMove): Promise<JogResult>;
  /** What a technician on a console may look at and do. */
  readonly technician: Technician;
  /** Where stages wait for the person who carries the device, if there is one. */
  readonly desk: Desk | undefined;
}

/** Puts an agent together and starts it; the same in production and in a simulation. A failing start ends what had started. */
export async function composeAgent(settings: AgentSettings, given: AgentDeps): Promise<Agent> {
  const onCorrupt = (thrown: AgentError): void => {
    given.control.stop();
    given.onFailure(thrown);
  };
  const deps = { ...given, store: watchCorruption(given.store, onCorrupt) };
  const { clock, log, store } = deps;
  const { sha256 } = deps.crypto;
  const uuid = createUuidSource(clock, deps.rng.fork("uuid"));
  await using starting = new AsyncDisposableStack();
  const journal = starting.use(await startJournal({ store, clock, uuid, sha256, log, software: settings.software }));
  starting.defer(journal.onAppended((events) => tellLog(log, events)));
  starting.use(startClockWatch({ clock, journal, log }));
  const leases = createLeases({ journal, clock, log });
  // Link and executor know each other; neither asks the other before both are there.
  const parts: { link?: Link; executor?: Executor; telemetry?: TelemetryPart; technician?: Technician } = {};
  const link: LinkStatus = {
    isOnline: () => parts.link?.isOnline() ?? false,
    grantBytesPerSecond: () => parts.link?.grantBytesPerSecond(),
    leaseRemainingMs: (contractId) => leases.remainingMs(contractId),
  };
  const handler: CommandHandler = {
    anticipate: (command) => parts.executor?.anticipate(command),
    decide: (command, state) => parts.executor?.decide(command, state) ?? { ok: false, reason: "starting" },
  };
  const replanner: Replanner = { revisePlan: (question) => parts.link?.revisePlan(question) };
  const experience = await startExperience({ store, log });
  const order: DeskDeps["order"] = async (given, command) => {
    await parts.technician?.order(given, { actor: "operator", command });
  };
  const robot = startRobot(settings, deps, { journal, link, replanner, uuid, experience, order }, starting);
  const isSampleDue = createLiveLane(clock, () => journal.state());
  const live = (): RobotView | undefined => (isSampleDue() ? robot.view() : undefined);
  const waitingBlocks = (): number => waitingIn(parts.telemetry?.status().fill);
  const sources = { report: () => deps.control.report(), robot: robot.view, journal: () => journal.range() };
  const read = (channel: ChannelName): Reading | undefined => readChannel({ ...sources, waitingBlocks }, channel);
  const liveChannels = createLiveChannels(settings.profile.telemetry, clock, read);
  parts.link = starting.use(startCloudLink(settings, deps, { journal, leases, handler, uuid, live, liveChannels }));
  const executor = (parts.executor = starting.use(startExecutor(robot.executor)));
  const telemetry =
    deps.telemetry && starting.use(record(settings, deps, deps.telemetry, parts.link, sources, journal));
  if (telemetry) parts.telemetry = telemetry;
  const { list = [], post } = deps.feeds ?? {};
  const feeding = { clock, log, uuid, journal, deviceId: settings.deviceId, rng: deps.rng.fork("feeds") };
  const journalShare = (): number => store.journalShare();
  const feeds = post && starting.use(await startDirectFeeds(list, { ...feeding, journalShare, post }));

  const started = starting.move();
  const { safety } = robot.executor;
  const status = { telemetry: () => telemetry?.status(), feeds: () => feeds?.status() ?? [] };
  const technicianParts = { journal, leases, uuid, robot, executor, link: parts.link, ...status };
  const technician = (parts.technician = startTechnician(settings, deps, technicianParts));
  return {
    technician,
    desk: robot.desk,
    state: () => journal.state(),
    report: () => deps.control.report(),
    robot: robot.view,
    safety: () => ({ mode: safety.mode(), reason: safety.reason() }),
    isOnline: () => link.isOnline(),
    executorAtMs: robot.executorAtMs,
    link: () => parts.link!.state(),
    telemetry: () => telemetry?.status(),
    feeds: () => feeds?.status() ?? [],
    flash: robot.flash,
    pressEstop: (reason) => safety.pressEstop(reason),
    releaseEstop: () => safety.releaseEstop(),
    jog: (move) => executor.jog(move),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

interface TechnicianParts {
  readonly journal: JournalPart;
  readonly leases: Leases;
  readonly uuid: () => string;
  readonly robot: Robot;
  readonly executor: Executor;
  readonly link: Link;
  readonly telemetry: () => TelemetryStatus | undefined;
  readonly feeds: () => readonly SinkStatus[];
}

/** Everything that is known and may be done here, for consoles. */
function startTechnician(
  { deviceId, site, software, profile }: AgentSettings,
  { clock, store, tools, control }: AgentDeps,
  { journal, leases, uuid, robot, executor, link, telemetry, feeds }: TechnicianParts,
): Technician {
  const { safety } = robot.executor;
  return createTechnician({
    clock,
    uuid,
    journal,
    identity: { deviceId, site, software, kind: profile.kind },
    drivers: tools,
    anticipate: (order) => executor.anticipate(order),
    live() {
      const [view, report] = [robot.view(), control.report()];
      return {
        robot: view,
        report,
        battery: tools.battery.latest(),
        drivers: { ...motionHealth(report, clock.nowMs()), ...toolHealth(tools) },
        safety: { mode: safety.mode(), reason: safety.reason(), faults: safety.faults() },
        link: link.state(),
        journalShare: store.journalShare(),
        telemetry: telemetry(),
        feeds: feeds(),
        flash: robot.flash(),
        board: view.board ?? {},
        leaseRemainingMs: leaseOf(journal.state(), leases),
      };
    },
    flush: () => link.flush(),
    jog: (move) => executor.jog(move),
  });
}

function toolHealth(drivers: ToolDrivers): Readonly<Record<string, Health>> {
  const named = Object.entries(drivers).filter((entry): entry is [string, Driver] => entry[1] !== undefined);
  return Object.fromEntries(named.map(([name, driver]) => [name, driver.health()]));
}

function leaseOf(state: DeviceState, leases: Leases): number | "unknown" | undefined {
  const active = activeContract(state);
  return active && leases.remainingMs(active.contractId);
}

function record(
  { profile }: AgentSettings,
  { clock, log }: AgentDeps,
  { store, takeLines = () => [] }: TelemetrySetup,
  link: Link,
  sources: TelemetryDeps["sources"],
  journal: JournalPart,
): TelemetryPart {
  const drainProgress = (): DrainProgress | undefined => link.drainProgress();
  return startTelemetry({ clock, log, store, journal, takeLines, profile: profile.telemetry, sources, drainProgress });
}

interface Robot {
  readonly view: () => RobotView;
  readonly desk: Desk | undefined;
  readonly flash: () => FlashBudget | undefined;
  readonly executorAtMs: () => number;
  readonly executor: ExecutorDeps;
}

interface RobotParts {
  readonly journal: JournalPart;
  readonly link: LinkStatus;
  readonly replanner: Replanner;
  readonly uuid: () => string;
  readonly experience: Experience;
  readonly order: DeskDeps["order"];
}

/** The robot's senses, tools and health, and all that the executor needs of them. */
function startRobot(
  { deviceId, profile, software, policies = DEFAULT_POLICIES, enduranceBytes }: AgentSettings,
  deps: AgentDeps,
  { journal, link, replanner, uuid, experience, order }: RobotParts,
  starting: AsyncDisposableStack,
): Robot {
  const { clock, log, control, carrier, tools: drivers, onFailure } = deps;
  const durable = starting.use(watchCommits(journal, clock));
  const watch = starting.use(
    startDriverWatch({ clock, rng: deps.rng.fork("drivers"), log, drivers, control, journal: durable }),
  );
  const resources = starting.use(startResourceMonitor({ clock, log, probe: deps.board, enduranceBytes }));
  const atHand = carrier ? profile.tools : [];
  const senses = createSenses({ clock, control, drivers, watch, link, resources, atHand });
  const safety = starting.use(startSafetyMonitor({ clock, log, control, drivers, journal: durable }));
  const maps = deps.maps ?? createMapSource();
  const outlooks = createOutlooks({
    profile,
    maps,
    log,
    learned: experience.learned,
  });
  const view = (): RobotView => senses.view({});
  const desk = carrier && starting.use(createDesk({ clock, deviceId, journal, link, carrier, uuid, senses, order }));
  const tools = createTools({ clock, control, drivers, cleaning: cleaningOf(profile, maps), desk });
  const parts = { journal, durable, link, replanner, control, tools, senses, safety, outlooks, experience };
  const rng = deps.rng.fork("executor");
  const identity = { clock, rng, log, uuid, deviceId, profile, software, policies, onFailure };
  let turnAtMs = clock.nowMs();
  const onTurn = (): void => {
    turnAtMs = clock.nowMs();
  };
  return {
    view,
    desk,
    flash: () => resources.flash(),
    executorAtMs: () => turnAtMs,
    executor: { ...identity, ...parts, onTurn },
  };
}

interface LinkParts {
  readonly journal: JournalPart;
  readonly leases: Leases;
  readonly handler: CommandHandler;
  readonly uuid: () => string;
  readonly live: () => RobotView | undefined;
  readonly liveChannels: () => readonly LiveSample[];
}

/** The way to the cloud, and what takes in what comes from there. */
function startCloudLink(settings: AgentSettings, deps: AgentDeps, parts: LinkParts): Link {
  const { clock, log, store, transport, tools } = deps;
  const { site, deviceId, profile, software, credentials } = settings;
  const { journal, leases, handler, uuid, live, liveChannels } = parts;
  const { verifier, sha256 } = deps.crypto;
  const abilities = (): DeviceAbilities => {
    const { actions, tools: names } = profile;
    return { actions, tools: names, battery: tools.battery.latest()?.charge, journalShare: store.journalShare() };
  };
  const intake = createIntake({ journal, clock, log });
  const reading = { store, verifier, sha256, clock, log, deviceId };
  const inbox = createInbox({ journal, leases, ...reading, abilities, handler, intake });
  const { kind, actions, gate } = profile;
  const device = { site, deviceId, gate, profile: { kind, actions, software } };
  const rng = deps.rng.fork("link");
  const access = {
    ...(credentials && { credentials }),
    ...(settings.keepAliveSeconds !== undefined && { keepAliveSeconds: settings.keepAliveSeconds }),
    ...(deps.network && { network: deps.network }),
  };
  const telemetry = deps.telemetry && { telemetry: deps.telemetry };
  const world = { transport, clock, rng, uuid, sha256, log };
  return startLink({ ...world, journal, leases, inbox, intake, device, live, liveChannels, ...access, ...telemetry });
}

/** The journal's news in the log, so that who reads only the log knows what happened. */
function tellLog(log: Log, events: readonly Event[]): void {
  for (const event of events) log.info({ event }, "journaled");
}
