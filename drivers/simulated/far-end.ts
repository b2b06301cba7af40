import type { DeviceChannel, DeviceCommand, DeviceMessage } from "./channel.ts";

/** The device's end of a channel, in the hands of a test. */
export interface FarEnd {
  readonly sent: DeviceCommand[];
  say(message: DeviceMessage): void;
  hangUp(reason: string): void;
  readonly isClosed: boolean;
}

/** Both ends of a channel that delivers at once. */
export function createFarEnd(): { channel: DeviceChannel; far: FarEnd } {
  const sent: DeviceCommand[] = [];
  let say: (message: DeviceMessage) => void = () => undefined;
  let hangUp: (reason: string) => void = () => undefined;
  const far = {
    sent,
    say: (message: DeviceMessage) => say(message),
    hangUp: (reason: string) => hangUp(reason),
    isClosed: false,
  };
  const channel: DeviceChannel = {
    description: { robotId: "r", devices: ["base", "load"], lidarMount: { x: 0, y: 0, yaw: 0 } },
    send: (command) => sent.push(command),
    onMessage: (handler) => (say = handler),
    onClose: (handler) => (hangUp = handler),
    close: () => (far.isClosed = true),
  };
  return { channel, far };
}
