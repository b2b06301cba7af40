import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isFinal, type ContractStatus } from "#contract/status";
import { AgentError } from "#lib/errors";
import type { Velocity } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { createSystemClock, monotonicMs } from "#lib/node/system-clock";
import { loadScenario } from "#sim/scenario-file";
import { startSiteProcesses, type SiteProcesses } from "../bin/demo/site-processes.ts";

export const DEVICE = "amr-07";
const SCENARIO = fileURLToPath(new URL("../config/scenarios/warehouse-pick.yaml", import.meta.url));
const LIVE_WITHIN_MS = 60_000;
const LOOK_MS = 50;
/** Enough for the position source to be believed. */
const SETTLE_MS = 2000;

/** Cloud, world and one agent in real processes at real speed, and a listener at the broker. */
export interface RealSite extends AsyncDisposable {
  readonly site: SiteProcesses;
  /** Pushes the order and resolves when the device has answered: when the broker passed on the contract, and the answer. */
  push(): Promise<{ readonly contractId: string; readonly contractMs: number; readonly storedMs: number }>;
  /** Resolves when the robot first moves, in truth, with the moment. */
  firstMotion(): Promise<number>;
  /** Cancels a contract and resolves when it has ended and the robot stands. */
  cancel(contractId: string): Promise<void>;
  /** Kills the agent, starts it again and resolves when the cloud hears it in a new session and the robot knows where it is. */
  restartAgent(): Promise<void>;
  /** Kills the agent while its robot drives, starts it again at once, and resolves with the milliseconds until the robot moves again. */
  killUnderWay(): Promise<number>;
}

/**
 * Starts them, for a scenario of one robot `amr-07`, and resolves when the device is live. `agentSettings` is more of
 * the agent's configuration. Throws `driver.failed` when a program crashes.
 */
export async function startRealSite(scenarioFile = SCENARIO, agentSettings: object = {}): Promise<RealSite> {
  const loaded = loadScenario(scenarioFile);
  const [order] = loaded.contracts;
  const scale = { factor: 1, originMs: monotonicMs() };
  await using stack = new AsyncDisposableStack();
  const site = stack.use(
    await startSiteProcesses({
      scenarioFile,
      seed: 1,
      scale,
      clock: createSystemClock(scale),
      profiles: loaded.profiles,
      agentSettings,
      onEvent: () => undefined,
      onCrash(reason) {
        throw new AgentError("driver.failed", reason);
      },
    }),
  );
  const heard = await listen(site, stack);
  await untilLive(site, undefined);
  const running = stack.move();
  return {
    site,
    async push() {
      const answer = await site.client.pushContract(order?.draft);
      if (!answer.ok) throw new AgentError("contract.invalid", `the push was refused: ${answer.problem.detail}`);
      const { contractId } = answer.value;
      const [contractMs, storedMs] = [heard.contract, heard.stored.get(`${contractId}/1`)];
      if (storedMs === undefined)
        throw new AgentError("transport.closed", "the listener at the broker heard no answer");
      return { contractId, contractMs, storedMs };
    },
    async firstMotion() {
      for (;;) {
        if (isMoving(await site.world.truth(DEVICE))) return performance.now();
        await wait(2);
      }
    },
    async cancel(contractId) {
      await site.client.command(contractId, "cancel");
      await until(async () => isFinal((await site.client.contract(contractId))?.status as ContractStatus));
      await until(async () => !isMoving(await site.world.truth(DEVICE)));
    },
    async restartAgent() {
      const before = (await site.client.device(DEVICE))?.session;
      await site.killAgent(DEVICE);
      site.startAgent(DEVICE);
      await untilLive(site, before);
      await wait(SETTLE_MS);
    },
    async killUnderWay() {
      const killedMs = performance.now();
      await site.killAgent(DEVICE);
      site.startAgent(DEVICE);
      await until(async () => !isMoving(await site.world.truth(DEVICE)));
      await until(async () => isMoving(await site.world.truth(DEVICE)));
      return performance.now() - killedMs;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function isMoving({ velocity }: { velocity: Velocity }): boolean {
  return velocity.linear !== 0 || velocity.angular !== 0;
}

/** Notes when a contract went down and when each answer `stored` went up, as the broker passes them on. */
async function listen(
  site: SiteProcesses,
  stack: AsyncDisposableStack,
): Promise<{ contract: number; readonly stored: ReadonlyMap<string, number> }> {
  const heard = { contract: Number.NaN, stored: new Map<string, number>() };
  const transport = createMqttTransport({ url: site.brokerUrl }, { log: silentLog });
  const connection = await transport.connect(
    { clientId: "bench", keepAliveSeconds: 60 },
    {
      onMessage({ topic, payload }) {
        if (topic.endsWith("/contract")) heard.contract = performance.now();
        else {
          const { inReplyTo, result } = JSON.parse(payload) as { inReplyTo: string; result: string };
          if (result === "stored") heard.stored.set(inReplyTo, performance.now());
        }
      },
      onClose: () => undefined,
    },
  );
  stack.defer(() => connection.close());
  await connection.subscribe([`hf/v1/default/${DEVICE}/contract`, `hf/v1/default/${DEVICE}/reply`]);
  return heard;
}

async function untilLive({ client }: SiteProcesses, sessionBefore: string | undefined): Promise<void> {
  await until(async () => {
    const view = await client.device(DEVICE);
    return view?.mode === "live" && view.session !== sessionBefore;
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + LIVE_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new AgentError("transport.unreachable", "the site did not get there in time");
    await wait(LOOK_MS);
  }
}
