import { expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { createRng, type Rng } from "#lib/rng";
import { LinkBench } from "#agent/link/link-fixture";
import { Presence } from "#contract/messages";
import { filterOf } from "#contract/topics";
import { createNetwork, type Network } from "#sim/network/network";

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);
const FAULTY_MS = 120_000;
const CALM_MS = 150_000;

test.each(SEEDS)(
  "a device tells the cloud its whole journal in order, whatever the network does (seed %i)",
  async (seed) => {
    const bench = new LinkBench();
    const rng = createRng(seed);
    const network = createNetwork({ clock: bench.clock, rng: rng.fork("network"), log: silentLog });
    let retained: Presence | undefined;
    const listen = connectCloud(bench, network, (presence) => (retained = presence));
    await bench.clock.advance(1000);
    await bench.startAgent(network.transport("amr-07"));

    const faults = rng.fork("faults");
    while (bench.clock.nowMs() < FAULTY_MS) {
      await bench.append(faults.integer(1, 30));
      trouble(network, faults);
      await bench.clock.advance(faults.integer(500, 6000));
    }
    network.heal("amr-07");
    network.setLink("amr-07", { loss: 0, duplicate: 0, reorder: false });
    await bench.clock.advance(CALM_MS);

    const { lastSeq, ackedSeq } = bench.journal.range();
    expect(bench.cloud.committed.map((event) => event.seq)).toEqual(Array.from({ length: lastSeq }, (_, at) => at + 1));
    expect(ackedSeq).toBe(lastSeq);
    expect(bench.cloud.incarnation).toBe(bench.journal.incarnation());
    expect(retained).toMatchObject({ state: "online", session: bench.link.session() });
    expect(listen.closes).toBe(0);
  },
);

/** A cloud that hears every journal batch and the newest presence; its own link is healthy. */
function connectCloud(
  bench: LinkBench,
  network: Network,
  onPresence: (presence: Presence) => void,
): { closes: number } {
  const seen = { closes: 0 };
  const opened = network.transport("cloud").connect(
    { clientId: "cloud", keepAliveSeconds: 15 },
    {
      onMessage: ({ topic, payload }) => {
        if (topic.endsWith("/journal")) bench.cloud.take(payload);
        else onPresence(Presence.parse(JSON.parse(payload)));
      },
      onClose: () => (seen.closes += 1),
    },
  );
  void opened.then((connection) => {
    bench.cloud.publish = (message) => void connection.publish(message);
    return connection.subscribe([filterOf("default", "journal"), filterOf("default", "presence")]);
  });
  return seen;
}

function trouble(network: Network, rng: Rng): void {
  const faults: (() => void)[] = [
    () => network.partition("amr-07"),
    () => network.heal("amr-07"),
    () => network.heal("amr-07"),
    () => network.setLink("amr-07", { loss: rng.float() * 0.3, duplicate: 0.2, reorder: true }),
    () => network.setLink("amr-07", { loss: 0, duplicate: 0, reorder: false }),
  ];
  faults[rng.integer(0, faults.length - 1)]!();
}
