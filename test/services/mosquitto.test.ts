import { describe } from "vitest";
import { startTcpRig } from "../conformance/tcp-rig.ts";
import { testTransport } from "../conformance/transport-suite.ts";
import { MOSQUITTO, startMosquitto, type Mosquitto } from "./mosquitto-process.ts";

describe.skipIf(MOSQUITTO === undefined)("Mosquitto through mqtt.js, MQTT 3.1.1", () => {
  testTransport(async () => {
    const broker = await startOpenMosquitto();
    return startTcpRig(broker.port, 4, broker);
  });
});

describe.skipIf(MOSQUITTO === undefined)("Mosquitto through mqtt.js, MQTT 5", () => {
  testTransport(async () => {
    const broker = await startOpenMosquitto();
    return startTcpRig(broker.port, 5, broker);
  });
});

/** One that asks nobody who they are. */
function startOpenMosquitto(): Promise<Mosquitto> {
  return startMosquitto(({ port }) =>
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "set_tcp_nodelay true",
      "persistence false",
      "max_queued_messages 0",
    ].join("\n"),
  );
}
