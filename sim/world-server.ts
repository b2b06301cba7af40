import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";
import { AgentError, messageOf, unreachable } from "#lib/errors";
import { type DeviceChannel, DeviceCommand, DeviceMessage } from "#drivers/simulated/channel";
import { asLines, decodeLine, type LineSocket, parseAddress } from "#drivers/simulated/line-socket";
import { Attach, type Attached } from "#drivers/simulated/socket-channel";
import { type ControlAnswer, ControlRequest } from "./world-protocol.ts";
import type { World } from "./world/world.ts";

/** A reader that is this far behind gets no more samples until it has caught up; answers it always gets. */
const BACKLOG_BYTES_MAX = 256_000;

export interface WorldServer extends AsyncDisposable {
  /** Where drivers and controls connect to: the given path, or host and the port that was taken. */
  readonly address: string;
}

/** Pulls or puts back the plug of an emulated device; rejects `driver.down` where there is none of that name. */
export type MovePlug = (robotId: string, part: string, plug: "in" | "out") => Promise<void>;

const NO_HARDWARE: MovePlug = (robotId, part) =>
  Promise.reject(new AgentError("driver.down", `there is no emulated ${part} of ${robotId}`));

/**
 * Serves a world to other processes at `address`, a unix socket's path or `host:port` (port 0 takes a free one). Any
 * number of connections per robot, as `world.connect`. Throws `config.port_in_use` when the address is taken.
 */
export async function serveWorld(
  world: World,
  address: string,
  movePlug: MovePlug = NO_HARDWARE,
): Promise<WorldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    greet(world, movePlug, asLines(socket));
  });
  await listen(server, address);
  return {
    address: addressOf(server, address),
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

async function listen(server: Server, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(parseAddress(address), resolve);
  try {
    await promise;
  } catch (thrown) {
    throw new AgentError("config.port_in_use", `the world cannot listen on ${address}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function addressOf(server: Server, asked: string): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return asked;
  return `${asked.slice(0, asked.lastIndexOf(":"))}:${bound.port}`;
}

/** The first line decides what the connection is for. */
function greet(world: World, movePlug: MovePlug, lines: LineSocket): void {
  lines.onLine((line) => {
    const attach = decodeLine(Attach, line);
    if (attach) bridge(world, lines, attach.robotId);
    else {
      const obey = (next: string): void => void control(world, movePlug, lines, next);
      lines.onLine(obey);
      obey(line);
    }
  });
}

/** Joins a connection to a channel of the world. */
function bridge(world: World, lines: LineSocket, robotId: string): void {
  const say = (answer: Attached): void => lines.send(JSON.stringify(answer));
  let channel: DeviceChannel;
  try {
    channel = world.connect(robotId);
  } catch (thrown) {
    say({ type: "refused", reason: messageOf(thrown) });
    lines.close();
    return;
  }
  channel.onMessage((message) => {
    const isBehind = "atMs" in message && lines.pendingBytes() > BACKLOG_BYTES_MAX;
    if (!isBehind) lines.send(JSON.stringify(z.encode(DeviceMessage, message)));
  });
  channel.onClose(() => lines.close());
  lines.onClose(() => channel.close());
  lines.onLine((line) => {
    const command = decodeLine(DeviceCommand, line);
    if (command) channel.send(command);
    else {
      // Nobody can tell what an unreadable driver wants, so it may not move anything either.
      channel.close();
      lines.close();
    }
  });
  say({ type: "attached", description: channel.description });
}

async function control(world: World, movePlug: MovePlug, lines: LineSocket, line: string): Promise<void> {
  const request = decodeLine(ControlRequest, line);
  if (!request) return lines.close();
  const { requestId } = request;
  let answer: ControlAnswer;
  try {
    if (request.type === "plug") await movePlug(request.robotId, request.part, request.plug);
    answer = request.type === "plug" ? { type: "done", requestId } : answerTo(world, request);
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    answer = { type: "failed", requestId, reason: thrown.message };
  }
  lines.send(JSON.stringify(answer));
}

/** Answers what the world itself knows or does. Throws `driver.down` for unknown robots. */
function answerTo(world: World, request: Exclude<ControlRequest, { type: "plug" }>): ControlAnswer {
  const { requestId } = request;
  switch (request.type) {
    case "truth":
      return { type: "truth", requestId, truth: world.truth(request.robotId) };
    case "metrics":
      return { type: "metrics", requestId, metrics: world.metrics(request.robotId) };
    case "track":
      return { type: "track", requestId, track: [...world.track(request.robotId)] };
    case "movements":
      return { type: "movements", requestId, movements: [...world.movements()] };
    case "fault":
      world.apply(request.fault);
      return { type: "done", requestId };
    case "obstacle":
      world.addObstacle(request.obstacle);
      return { type: "done", requestId };
    default:
      return unreachable(request);
  }
}
