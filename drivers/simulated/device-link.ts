import { AgentError, assert } from "#lib/errors";
import type { Cancel, Clock } from "#lib/clock";
import type {
  DeviceChannel,
  DeviceCommand,
  DeviceDescription,
  DeviceMessage,
  DeviceName,
  SampleMessage,
} from "./channel.ts";

type Answer = Exclude<Extract<DeviceMessage, { requestId: number }>, { type: "failed" }>;
type Request = Extract<DeviceCommand, { requestId: number }>;
type WithoutId<Command> = Command extends unknown ? Omit<Command, "requestId"> : never;

/** One channel, shared by the drivers of a robot: pairs answers with requests and keeps the state of each device. */
export interface DeviceLink {
  readonly description: DeviceDescription;
  /** Sends a request for a device and resolves with its answer; rejects `driver.failed`, `driver.timeout` or `driver.down`. */
  request<Type extends Answer["type"]>(
    device: DeviceName,
    request: WithoutId<Request>,
    answer: Type,
    timeoutMs: number,
  ): Promise<Extract<Answer, { type: Type }>>;
  /** Sends what gets no answer. */
  post(command: Exclude<DeviceCommand, { requestId: number }>): void;
  /** Sets who takes the samples of a type. */
  onSample(type: SampleMessage["type"], take: (sample: SampleMessage) => void): void;
  /** Why the device cannot be reached, or undefined while it can. */
  downReason(device: DeviceName): string | undefined;
  /** The driver of the device is gone: its requests are rejected, and after the last of the `users` the channel closes. */
  release(device: DeviceName): void;
}

interface Pending {
  readonly device: DeviceName;
  readonly expects: Answer["type"];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: AgentError) => void;
  readonly stopTimer: Cancel;
}

/** Takes over the channel for a number of drivers. */
export function createDeviceLink(channel: DeviceChannel, clock: Clock, users: number): DeviceLink {
  const pending = new Map<number, Pending>();
  const takers = new Map<SampleMessage["type"], (sample: SampleMessage) => void>();
  const down = new Map<DeviceName, string>();
  let [lastId, usersLeft] = [0, users];
  let lost: string | undefined;

  function rejectAll(reason: string, device?: DeviceName): void {
    for (const [id, request] of pending) {
      if (device !== undefined && request.device !== device) continue;
      pending.delete(id);
      request.stopTimer();
      request.reject(new AgentError("driver.down", reason, { retryable: true }));
    }
  }

  channel.onMessage((message) => {
    if ("requestId" in message) {
      const waiting = pending.get(message.requestId);
      pending.delete(message.requestId);
      if (waiting) settle(waiting, message);
      return;
    }
    if (message.type === "status") {
      if (message.state === "down") down.set(message.device, message.reason ?? "the device went away");
      else down.delete(message.device);
    } else takers.get(message.type)?.(message);
  });
  channel.onClose((reason) => {
    lost = reason;
    rejectAll(reason);
  });

  return {
    description: channel.description,
    request(device, command, answer, timeoutMs) {
      if (lost !== undefined) return Promise.reject(new AgentError("driver.down", lost, { retryable: true }));
      const requestId = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const stopTimer = clock.after(timeoutMs, () => {
        pending.delete(requestId);
        reject(
          new AgentError("driver.timeout", `no answer to ${command.type} in ${timeoutMs} ms`, { retryable: true }),
        );
      });
      pending.set(requestId, { device, expects: answer, resolve, reject, stopTimer });
      channel.send({ ...command, requestId });
      return promise as Promise<never>;
    },
    post: (command) => channel.send(command),
    onSample: (type, take) => takers.set(type, take),
    downReason: (device) => lost ?? down.get(device),
    release(device) {
      assert(usersLeft > 0, "a link is released once per user");
      rejectAll(`${device} is disposed`, device);
      if (--usersLeft === 0) channel.close();
    },
  };
}

function settle(waiting: Pending, message: Extract<DeviceMessage, { requestId: number }>): void {
  waiting.stopTimer();
  if (message.type === "failed") {
    waiting.reject(new AgentError(message.code, message.message, { retryable: message.retryable }));
  } else if (message.type === waiting.expects) waiting.resolve(message);
  else waiting.reject(new AgentError("driver.failed", `expected ${waiting.expects}, the device said ${message.type}`));
}
