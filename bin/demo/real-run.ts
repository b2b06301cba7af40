import { scopeClock } from "#cloud/scoped-clock";
import { isFinal, type ContractStatus } from "#contract/status";
import { repeat, sleep } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { createSystemClock, monotonicMs } from "#lib/node/system-clock";
import { judge } from "#sim/expectations";
import { observeAll, type Observer } from "#sim/observer";
import { createRecorder } from "#sim/recorder";
import { settingOf } from "#sim/recorded-run";
import type { RunRecord } from "#sim/record";
import { startPusher } from "#sim/pusher";
import { startSchedule } from "#sim/schedule";
import type { LoadedScenario } from "#sim/scenario-file";
import type { Metrics, TrackPoint } from "#sim/world/metrics";
import { startSiteProcesses, type SiteProcesses } from "./site-processes.ts";
import { resultOf, type RealResult } from "./real-result.ts";

export interface RealRunOptions {
  readonly scenarioFile: string;
  readonly loaded: LoadedScenario;
  readonly seed: number;
  /** Simulated seconds per real second. */
  readonly factor: number;
  readonly observer: Observer;
  /** Ends the run early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Told once everything runs: where, for who wants to look. */
  readonly onStarted: (site: { readonly cloudUrl: string; readonly brokerUrl: string }) => void;
}

const VIEW_EVERY_MS = 1000;
const LOOK_EVERY_MS = 500;
/** Simulated time after everything is settled, so that the last lines are read. */
const CALM_MS = 2000;

/** Runs a scenario in real processes on a scaled clock; the counterpart of `simulate`. Throws when a program crashes. */
export async function runReal(options: RealRunOptions): Promise<{ result: RealResult; record: RunRecord }> {
  const { loaded, seed, factor } = options;
  const { scenario } = loaded;
  const scale = { factor, originMs: monotonicMs() };
  // Whatever waits for its time when the run is over must not keep the program alive.
  using clock = scopeClock(createSystemClock(scale));
  const startMs = clock.nowMs();
  const seconds = (): number => (clock.nowMs() - startMs) / 1000;
  const recorder = createRecorder(settingOf(loaded, seed));
  const observer = observeAll([recorder, options.observer]);
  const ended = new AbortController();
  const ending = AbortSignal.any([ended.signal, options.signal]);
  const fail = (thrown: unknown): void => ended.abort(thrown);
  const names = new Map<string, string>();

  await using stack = new AsyncDisposableStack();
  const site = stack.use(
    await startSiteProcesses({
      scenarioFile: options.scenarioFile,
      seed,
      scale,
      clock,
      profiles: loaded.profiles,
      onCrash: (reason) => fail(new AgentError("transport.closed", reason)),
      onEvent(deviceId, event) {
        if (event.type === "contract.accepted") names.set(event.contractId ?? "", String(event.data["name"]));
        schedule.observe(event, names.get(event.contractId ?? ""));
        observer.event(seconds(), deviceId, event);
      },
    }),
  );
  options.onStarted(site);
  const schedule = startSchedule(
    scenario,
    clock,
    interventions(site, (who, text) => observer.intervention(seconds(), who, text), fail),
  );
  const reading = new AbortController();
  stack.defer(() => reading.abort());
  site.client.follow((entry) => observer.cloud(seconds(), entry), reading.signal).catch(fail);
  stack.defer(repeat(clock, VIEW_EVERY_MS, () => void look(site, loaded, observer, seconds).catch(fail)));
  const pusher = startPusher(loaded, { clock, execution: () => site.client, onFailure: fail });

  for (let calmMs = 0; seconds() * 1000 < scenario.until && calmMs < CALM_MS;) {
    await sleep(clock, LOOK_EVERY_MS, ending);
    const isSettled = pusher.isDone() && schedule.isOver() && (await isAllOver(site, loaded, pusher.answers()));
    calmMs = isSettled ? calmMs + LOOK_EVERY_MS : 0;
  }
  return await finish();

  async function finish(): Promise<{ result: RealResult; record: RunRecord }> {
    const duration = seconds();
    const unjudged = await resultOf(site, loaded, { seed, duration, factor });
    const expectations = judge(unjudged, scenario.expect);
    const outcome = expectations.every(({ ok }) => ok) ? "passed" : "failed";
    const truths = new Map<string, { metrics: Metrics; track: readonly TrackPoint[] }>();
    for (const { id } of scenario.robots) {
      truths.set(id, { metrics: await site.world.metrics(id), track: await site.world.track(id) });
    }
    return {
      result: { ...unjudged, outcome, expectations },
      record: recorder.finish({ unjudged, expectations, truths, startMs }),
    };
  }
}

function interventions(
  site: SiteProcesses,
  note: (who: string, text: string) => void,
  fail: (thrown: unknown) => void,
): Parameters<typeof startSchedule>[2] {
  return {
    note,
    network: {
      partition: (deviceId) => site.relay(deviceId)?.cut(),
      heal: (deviceId) => site.relay(deviceId)?.mend(),
    },
    killAgent: (deviceId) => void site.killAgent(deviceId).catch(fail),
    startAgent: (deviceId) => site.startAgent(deviceId),
    killCloud: () => void site.killCloud().catch(fail),
    startCloud: () => void site.startCloud().catch(fail),
    worldFault: (fault) => void site.world.apply(fault).catch(fail),
    command: (contract, type) => void site.client.command(contract, type).catch(fail),
    virtual(what) {
      throw new AgentError("config.invalid", `${what} exists in virtual time only (--fast)`);
    },
  };
}

async function look(
  site: SiteProcesses,
  { scenario }: LoadedScenario,
  observer: Observer,
  seconds: () => number,
): Promise<void> {
  for (const { id } of scenario.robots) {
    const [view, truth] = await Promise.all([site.client.device(id), site.world.truth(id)]);
    if (view) observer.view(seconds(), view, truth.pose);
  }
}

async function isAllOver(
  site: SiteProcesses,
  { scenario, tasks }: LoadedScenario,
  pushes: ReturnType<ReturnType<typeof startPusher>["answers"]>,
): Promise<boolean> {
  const views = await Promise.all(scenario.robots.map(({ id }) => site.client.device(id)));
  const ids = pushes.flatMap((push) => (push?.contractId === undefined ? [] : [push.contractId]));
  const contracts = await Promise.all(ids.map((id) => site.client.contract(id)));
  const asked = await Promise.all(tasks.map(({ order }) => site.client.task(order.taskId)));
  const isOver = [...contracts, ...asked].every((view) => view && isFinal(view.status as ContractStatus));
  return isOver && views.every((view) => view?.mode === "live");
}
