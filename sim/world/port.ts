import type { Clock } from "#lib/clock";
import type {
  DeviceChannel,
  DeviceCommand,
  DeviceDescription,
  DeviceMessage,
  DeviceName,
} from "#drivers/simulated/channel";

/** The world's end of a channel, and what its drivers have switched on. */
export interface Port {
  readonly id: number;
  readonly opened: Set<DeviceName>;
  readonly enabled: Set<DeviceName>;
  post(message: DeviceMessage): void;
  /** Ends the channel from the world's side. */
  end(reason: string): void;
}

/** What the owner of a port does with it. */
export interface PortHandlers {
  command(port: Port, command: DeviceCommand): void;
  /** The driver closed the channel; called after all that it sent before. */
  closed(port: Port): void;
}

/** Both ends of a channel in memory. What is sent arrives in order, at the same time by the clock, never synchronously. */
export function createPort(
  id: number,
  description: DeviceDescription,
  clock: Clock,
  handlers: PortHandlers,
): { port: Port; channel: DeviceChannel } {
  let state: "open" | "closed" = "open";
  let takeMessage: (message: DeviceMessage) => void = () => undefined;
  let takeEnd: (reason: string) => void = () => undefined;
  const down = createPipe<DeviceMessage>(clock, (message) => {
    if (state === "open") takeMessage(message);
  });
  const up = createPipe<DeviceCommand>(clock, (command) => handlers.command(port, command));

  const port: Port = {
    id,
    opened: new Set(),
    enabled: new Set(),
    post: down,
    end(reason) {
      if (state === "closed") return;
      state = "closed";
      clock.after(0, () => takeEnd(reason));
    },
  };
  const channel: DeviceChannel = {
    description,
    send(command) {
      if (state === "open") up(command);
    },
    onMessage: (handler) => {
      takeMessage = handler;
    },
    onClose: (handler) => {
      takeEnd = handler;
    },
    close() {
      if (state === "closed") return;
      state = "closed";
      clock.after(0, () => handlers.closed(port));
    },
  };
  return { port, channel };
}

/** Delivers values in order from a timer of the clock, one timer for all that is sent at once. */
function createPipe<Value>(clock: Clock, take: (value: Value) => void): (value: Value) => void {
  let waiting: Value[] = [];
  return (value) => {
    waiting.push(value);
    if (waiting.length > 1) return;
    clock.after(0, () => {
      const values = waiting;
      waiting = [];
      for (const each of values) take(each);
    });
  };
}
