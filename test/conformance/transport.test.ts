import { describe } from "vitest";
import { startEmbeddedBroker } from "#cloud/io/embedded-broker";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { createNetwork } from "#sim/network/network";
import { startTcpRig } from "./tcp-rig.ts";
import { testTransport, type TransportRig } from "./transport-suite.ts";

describe("embedded broker through mqtt.js", () => {
  testTransport(async () => {
    const broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log: silentLog });
    return startTcpRig(broker.port, 4, broker);
  });
});

describe("simulated network", () => {
  testTransport(() => Promise.resolve(simulatedRig()));
});

/** Time passes in steps of 100 ms while a test waits, for at most five minutes. */
function simulatedRig(): TransportRig {
  const clock = new VirtualClock();
  const network = createNetwork({ clock, rng: createRng(7), log: silentLog });
  return {
    transport: (clientName) => Promise.resolve(network.transport(clientName)),
    sever: (clientName) => network.partition(clientName),
    async settle(promise) {
      let state: "waiting" | "settled" = "waiting";
      const settled = (): void => {
        state = "settled";
      };
      promise.then(settled, settled);
      for (let step = 0; step < 3000 && state === "waiting"; step++) await clock.advance(100);
      return promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
