import { z } from "zod";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { type DeviceChannel, DeviceDescription, DeviceMessage } from "./channel.ts";
import { connectLines, decodeLine, type LineSocket } from "./line-socket.ts";

/** Where a world listens (a unix socket's path or `host:port`), and which of its robots is meant. */
export interface SocketAddress {
  readonly socket: string;
  readonly robotId: string;
}

/** The first line from a driver: which robot this connection speaks to. */
export const Attach = z.object({ type: z.literal("attach"), robotId: z.string() });
export type Attach = z.infer<typeof Attach>;

/** The answer to `attach`; after it the connection carries `DeviceCommand` up and `DeviceMessage` down, one a line. */
export const Attached = z.discriminatedUnion("type", [
  z.object({ type: z.literal("attached"), description: DeviceDescription }),
  z.object({ type: z.literal("refused"), reason: z.string() }),
]);
export type Attached = z.infer<typeof Attached>;

const ATTACH_TIMEOUT_MS = 10_000;

/**
 * Connects to a robot of a world in another process. Rejects `driver.down` when the world cannot be reached or does
 * not know the robot. There is no reconnecting: a lost socket ends the channel.
 */
export async function openSocketChannel({ socket, robotId }: SocketAddress, clock: Clock): Promise<DeviceChannel> {
  const lines = await connectLines(socket);
  const description = await attach(lines, robotId, clock);
  let takeMessage: (message: DeviceMessage) => void = () => undefined;
  let takeEnd: (reason: string) => void = () => undefined;
  const end = (reason: string): void => takeEnd(`the connection to the devices of ${robotId} was lost: ${reason}`);
  lines.onClose(end);
  lines.onLine((line) => {
    const message = decodeLine(DeviceMessage, line);
    if (message) {
      takeMessage(message);
      return;
    }
    lines.close();
    end("it sent a line that is no message");
  });
  return {
    description,
    send: (command) => lines.send(JSON.stringify(command)),
    onMessage: (handler) => {
      takeMessage = handler;
    },
    onClose: (handler) => {
      takeEnd = handler;
    },
    close: () => lines.close(),
  };
}

async function attach(lines: LineSocket, robotId: string, clock: Clock): Promise<DeviceDescription> {
  const { promise, resolve, reject } = Promise.withResolvers<DeviceDescription>();
  const refuse = (reason: string): void => reject(new AgentError("driver.down", reason, { retryable: true }));
  const stopTimer = clock.after(ATTACH_TIMEOUT_MS, () => refuse("the world does not answer"));
  lines.onClose((reason) => refuse(`the world hung up: ${reason}`));
  lines.onLine((line) => {
    const answer = decodeLine(Attached, line);
    if (answer?.type === "attached") resolve(answer.description);
    else refuse(answer?.reason ?? "the world's answer is unreadable");
  });
  lines.send(JSON.stringify({ type: "attach", robotId } satisfies Attach));
  try {
    return await promise;
  } catch (thrown) {
    lines.close();
    throw thrown;
  } finally {
    stopTimer();
  }
}
