import { expect, describe, test } from "vitest";
import type { DeviceView } from "#cloud/views";
import type { Event } from "#contract/event";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { createSystemClock } from "#lib/node/system-clock";
import { silentLog } from "#lib/log";
import { sleep } from "#lib/clock";
import { createRng, type Rng } from "#lib/rng";
import { expectAgreement } from "../integration/journals.ts";
import { startSite, type Site } from "../integration/site.ts";
import { Inbox } from "../conformance/inbox.ts";
import { startFaultProxy, type FaultProxy, type Way } from "./fault-proxy.ts";
import { MOSQUITTO } from "./mosquitto-process.ts";
import { withoutHand } from "./patrol.ts";
import { startSecureMosquitto, type SecureMosquitto } from "./secure-mosquitto.ts";

/** Simulated seconds per real second. */
const FACTOR = 4;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const SECONDS = process.env["HOLDFAST_LONG"] === "1" ? 600 : 45;
/** What comes after the faults: the way is clear, and everything must be told. */
const SETTLE_MS = 180_000;
const KILL_EVERY_MS = 9000;
/** A robot that the safety of a busy machine holds goes on by itself before that. */
const HELP_AFTER_MS = 10_000;
const DEVICE = "amr-07";
const CLOUD = "holdfast-cloud";

const real = createSystemClock();

describe.skipIf(MOSQUITTO === undefined)(
  "through a bad way to Mosquitto, with TLS, certificates and an access list",
  () => {
    test(
      `nothing is lost and nothing applied twice in ${SECONDS} s of faults, with agent, broker and cloud killed in turn (seed ${SEED})`,
      { timeout: (SECONDS + 60) * 1000 + SETTLE_MS + 60_000 },
      async () => {
        await using broker = await startSecureMosquitto([DEVICE, CLOUD]);
        await using near = await startFaultProxy(broker.port);
        await using far = await startFaultProxy(broker.port);
        const access = (name: string): object =>
          broker.access(name === "cloud" ? CLOUD : name, (name === "cloud" ? far : near).port);
        await using site = await startSite("fetch", { factor: FACTOR, seed: SEED, access });
        const rng = createRng(SEED).fork("mosquitto-faults");
        await site.push();
        await site.events.find("the item is on board", ({ type }) => type === "movement");
        const over = new AbortController();
        const working = work(site, over.signal);
        const endMs = real.nowMs() + SECONDS * 1000;
        const kills = killInTurn({ site, broker }, endMs);
        const faults = await Promise.all([
          worsen(near, rng.fork("near"), endMs),
          worsen(far, rng.fork("far"), endMs),
          impersonate(broker, rng.fork("impostor"), endMs),
        ]);
        expect(await kills).toBeGreaterThanOrEqual(3);
        expect(faults.every((count) => count > 0)).toBe(true);
        over.abort();
        await working;
        await settled(site);
        await expectMovementsOnce(site);
        await expectAgreement(site);
      },
    );
  },
);

/**
 * Gives the device one contract after the other, whatever becomes of each, until the signal. A contract that the cloud could
 * not confirm in time is revoked, perhaps with the load on board, and the next one then holds until somebody helps: it is
 * cancelled, and from then on the device only drives.
 */
async function work({ processes, draft }: Site, signal: AbortSignal): Promise<void> {
  const { client } = processes;
  let next = draft;
  let heldSinceMs: number | undefined;
  while (!signal.aborted) {
    const { activeContract } = (await client.device(DEVICE)) ?? {};
    heldSinceMs = activeContract?.status === "held" ? (heldSinceMs ?? real.nowMs()) : undefined;
    if (activeContract && heldSinceMs !== undefined && real.nowMs() - heldSinceMs > HELP_AFTER_MS) {
      await client.command(activeContract.contractId, "cancel");
      next = withoutHand(draft);
    }
    await client.pushContract(next);
    await sleep(real, 500);
  }
}

/** One bad way after the other, with clear ones between; answers how many there were. */
async function worsen(proxy: FaultProxy, rng: Rng, endMs: number): Promise<number> {
  const ways: readonly (() => Way)[] = [
    () => ({ kind: "cut" }),
    () => ({ kind: "delay", ms: rng.integer(50, 1500) }),
    () => ({ kind: "throttle", bytesPerSecond: rng.integer(2000, 30_000) }),
    () => ({ kind: "half-open" }),
  ];
  let count = 0;
  for (; real.nowMs() < endMs; count++) {
    proxy.take(ways[rng.integer(0, ways.length - 1)]!());
    await sleep(real, rng.integer(200, 5000));
    proxy.take({ kind: "clear" });
    await sleep(real, rng.integer(500, 4000));
  }
  return count;
}

/** Somebody with the device's own certificate connects in its place, says nothing and leaves; answers how often. */
async function impersonate(broker: SecureMosquitto, rng: Rng, endMs: number): Promise<number> {
  const transport = createMqttTransport(broker.access(DEVICE), { log: silentLog });
  let count = 0;
  while (real.nowMs() < endMs) {
    await sleep(real, rng.integer(4000, 12_000));
    try {
      const connection = await transport.connect({ clientId: DEVICE, keepAliveSeconds: 15 }, new Inbox());
      count++;
      await sleep(real, rng.integer(0, 500));
      await connection.close();
    } catch {
      // The broker is being killed just now.
    }
  }
  return count;
}

/** SIGKILL to agent, broker and cloud, one after the other; answers how often. */
async function killInTurn(
  { site, broker }: { readonly site: Site; readonly broker: SecureMosquitto },
  endMs: number,
): Promise<number> {
  const victims: readonly (() => Promise<void>)[] = [
    async () => {
      await site.processes.killAgent(DEVICE);
      site.processes.startAgent(DEVICE);
    },
    async () => {
      await broker.kill();
      await broker.start();
    },
    async () => {
      await site.processes.killCloud();
      await site.processes.startCloud();
    },
  ];
  let kills = 0;
  for (; real.nowMs() + KILL_EVERY_MS < endMs; kills++) {
    await sleep(real, KILL_EVERY_MS);
    await victims[kills % victims.length]!();
  }
  return kills;
}

/** Waits until the device does nothing any more and the cloud has committed all that the device has told its log. */
async function settled({ processes, events }: Site): Promise<void> {
  const untilMs = real.nowMs() + SETTLE_MS;
  for (let quiet = 0; quiet < 5 && real.nowMs() < untilMs;) {
    await sleep(real, 500);
    const device = await processes.client.device(DEVICE);
    quiet = device && isQuiet(device, events.items.at(-1)) ? quiet + 1 : 0;
  }
  const device = await processes.client.device(DEVICE);
  expect([device?.mode, device?.journal.committedSeq]).toEqual(["live", events.items.at(-1)?.seq]);
}

function isQuiet({ mode, activeContract, journal }: DeviceView, last: Event | undefined): boolean {
  const isAtRest = !activeContract || activeContract.status === "held";
  return mode === "live" && isAtRest && journal.committedSeq >= (last?.seq ?? 0);
}

/** The ledger has every movement of the world, once. */
async function expectMovementsOnce({ processes }: Site): Promise<void> {
  const movements = await processes.world.movements();
  expect(movements.length).toBeGreaterThan(0);
  const keys = movements.map(({ kind, key }) => `${key.slice(0, key.indexOf("/"))} ${kind}`);
  expect(new Set(keys).size).toBe(keys.length);
  const answer = await fetch(`${processes.cloudUrl}/ledger?limit=500`);
  const { items } = (await answer.json()) as { items: { kind: string; contract_id: string }[] };
  const booked = items.map(
    ({ kind, contract_id }) => `${contract_id} ${kind === "PUT" ? "place" : kind.toLowerCase()}`,
  );
  expect(booked.toSorted()).toEqual(keys.toSorted());
}
