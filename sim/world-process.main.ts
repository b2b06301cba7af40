import { parseArgs } from "node:util";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { serveScenario } from "./hardware/serve.ts";
import { loadScenario } from "./scenario-file.ts";

/**
 * A world in a process of its own, for agents in others: `world-process.main.ts --scenario FILE --seed N --socket ADDRESS
 * --hardware FOLDER --factor N --origin-ms N`. Prints one JSON line when it listens, and ends on SIGTERM or with whoever started
 * it.
 */
const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    seed: { type: "string", default: "1" },
    socket: { type: "string", default: "127.0.0.1:0" },
    hardware: { type: "string", default: "hardware" },
    factor: { type: "string", default: "1" },
    "origin-ms": { type: "string", default: "0" },
  },
});

const clock = createSystemClock({ factor: Number(values.factor), originMs: Number(values["origin-ms"]) });
const served = await serveScenario(loadScenario(values.scenario ?? ""), {
  clock,
  rng: createRng(Number(values.seed)),
  address: values.socket,
  folder: values.hardware,
  bridges: "anywhere",
});
const ended = Promise.withResolvers<void>();
for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(end, () => ended.resolve());
const profiles = Object.fromEntries(served.profiles);
process.stdout.write(`${JSON.stringify({ msg: "world listens", address: served.address, profiles })}\n`);
await ended.promise;
await served[Symbol.asyncDispose]();
// Listened to, the channel of whoever started us would keep this process alive.
if (process.connected) process.disconnect();
