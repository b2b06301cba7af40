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

/**
 * Serves a world to other processes at `address`, a unix socket's path or `host:port` (port 0 takes a free one). Any
 * number of connections per robot, as `world.connect`. Throws `config.port_in_use` when the address is taken.
 */
export async function serveWorld(world: World, address: string): Promise<WorldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    greet(world, asLines(socket));
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
function greet(world: World, lines: LineSocket): void {
  lines.onLine((line) => {
    const attach = decodeLine(Attach, line);
    if (attach) bridge(world, lines, attach.robotId);
    else {
      lines.onLine((next) => control(world, lines, next));
      control(world, lines, line);
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

function control(world: World, lines: LineSocket, line: string): void {
  const request = decodeLine(ControlRequest, line);
  if (request) lines.send(JSON.stringify(answerTo(world, request)));
  else lines.close();
}

function answerTo(world: World, request: ControlRequest): ControlAnswer {
  const { requestId } = request;
  try {
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
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return { type: "failed", requestId, reason: thrown.message };
  }
}
