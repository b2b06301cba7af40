import { parseArgs } from "node:util";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { loadScenario } from "./scenario-file.ts";
import { worldSpecOf } from "./scenario-world.ts";
import { serveWorld } from "./world-server.ts";
import { createWorld } from "./world/world.ts";

/**
 * A world in a process of its own, for agents in others: `world-process.main.ts --scenario FILE --seed N --socket ADDRESS
 * --factor N --origin-ms N`. Prints one JSON line when it listens, and ends on SIGTERM or with whoever started it.
 */
const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    seed: { type: "string", default: "1" },
    socket: { type: "string", default: "127.0.0.1:0" },
    factor: { type: "string", default: "1" },
    "origin-ms": { type: "string", default: "0" },
  },
});

const clock = createSystemClock({ factor: Number(values.factor), originMs: Number(values["origin-ms"]) });
const spec = worldSpecOf(loadScenario(values.scenario ?? ""));
const world = createWorld(spec, { clock, rng: createRng(Number(values.seed)).fork("world") });
const server = await serveWorld(world, values.socket);
const ended = Promise.withResolvers<void>();
for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(end, () => ended.resolve());
process.stdout.write(`${JSON.stringify({ msg: "world listens", address: server.address })}\n`);
await ended.promise;
await server[Symbol.asyncDispose]();
world[Symbol.dispose]();
// Listened to, the channel of whoever started us would keep this process alive.
if (process.connected) process.disconnect();
