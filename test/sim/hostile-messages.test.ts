import { expect, test } from "vitest";
import { createInbox } from "#agent/link/inbox";
import { ObedientHandler, SIGNER, STRANGER, VERIFIER } from "#agent/link/inbox-fixture";
import { LinkBench } from "#agent/link/link-fixture";
import { exampleContract } from "#contract/example";
import { sha256Hex } from "#contract/io/node-crypto";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { hostileMessage, signModels, type Models } from "./hostile-messages.ts";
import { usedHeap } from "./used-heap.ts";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? 1);
const MESSAGES = process.env["HOLDFAST_LONG"] === "1" ? 6_000_000 : 100_000;
/** So many come in a second: about as many of every topic as are let in, and a tenth more. */
const PER_SECOND = 200;
const GROWTH_BYTES_MAX = 24_000_000;
const WITHIN_MS = 3_600_000;

test(
  `${MESSAGES} malformed messages on all topics neither crash the device, nor change what it knows, nor make it grow (seed ${SEED})`,
  { timeout: WITHIN_MS },
  async () => {
    const handler = new ObedientHandler();
    const bench = await LinkBench.start({
      inbox: ({ journal, leases, store, clock, intake }) =>
        createInbox({
          journal,
          leases,
          store,
          clock,
          intake,
          handler,
          verifier: VERIFIER,
          sha256: sha256Hex,
          log: silentLog,
          deviceId: "amr-07",
          abilities: () => ({ actions: ["navigate", "pick", "place"], tools: ["base", "load"], battery: 0.9 }),
        }),
    });
    const session = bench.link.session()!;
    bench.send("contract", await SIGNER.sign("hf-contract+jws", { ...exampleContract(), session }));
    await bench.clock.advance(1000);
    const known = (): unknown => {
      const { contracts, epochs, lastCommand } = bench.journal.state();
      return structuredClone({ contracts, epochs, lastCommand, incarnation: bench.journal.incarnation() });
    };
    const before = known();
    expect(before).toMatchObject({ contracts: { [exampleContract().contractId]: { status: "accepted" } } });
    const types = new Set<string>();
    bench.journal.onAppended((events) => events.forEach(({ type }) => types.add(type)));

    const models = { ...(await signModels(session, { signer: SIGNER, stranger: STRANGER })), ...unsigned(bench) };
    const rng = createRng(SEED).fork("hostile");
    let heapBefore = 0;
    for (let sent = 0; sent < MESSAGES; sent++) {
      const { topic, payload } = hostileMessage(models, rng);
      bench.send(topic, payload);
      if (sent % PER_SECOND === 0) {
        await bench.clock.advance(1000);
        bench.forget();
      }
      if (sent === MESSAGES / 5) heapBefore = usedHeap();
    }
    await bench.clock.advance(20_000);

    expect(known()).toEqual(before);
    expect(handler.calls).toEqual([]);
    expect([...types].toSorted()).toEqual(["command.refused", "contract.rejected", "notice"]);
    expect(bench.link.session()).toBe(session);
    expect(usedHeap() - heapBefore).toBeLessThan(GROWTH_BYTES_MAX);
    const { lastSeq, ackedSeq } = bench.journal.range();
    expect(lastSeq - ackedSeq).toBeLessThan(50);
    // Twenty at once, then one in ten seconds, and a notice in ten minutes: what a flood may cost the disk.
    expect(lastSeq).toBeLessThan(60 + MESSAGES / PER_SECOND / 9);

    bench.send("command", models.hold);
    await bench.clock.advance(1000);
    expect(handler.calls).toEqual(["anticipate hold", "decide hold"]);
  },
);

function unsigned(bench: LinkBench): Pick<Models, "ack" | "presence"> {
  const incarnation = bench.journal.incarnation();
  const at = "2026-01-05T08:00:00.000Z";
  const ack = { v: 1, cloudId: "cloud-1", incarnation, journalSeq: 2, leases: [], at };
  return { ack: JSON.stringify(ack), presence: JSON.stringify(bench.beat()) };
}
