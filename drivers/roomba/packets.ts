/** A sensor packet of the Open Interface: how many bytes its value has, and how they are read (big-endian). */
export interface Packet {
  readonly bytes: 1 | 2;
  readonly read: (view: DataView, at: number) => number;
}

/** The ids that our driver asks for. */
export const PACKET = {
  bumpsAndWheelDrops: 7,
  cliffLeft: 9,
  cliffFrontLeft: 10,
  cliffFrontRight: 11,
  cliffRight: 12,
  virtualWall: 13,
  chargingState: 21,
  voltageMv: 22,
  currentMa: 23,
  temperatureC: 24,
  chargeMah: 25,
  capacityMah: 26,
  cliffFrontLeftSignal: 29,
  chargingSources: 34,
  oiMode: 35,
  leftEncoder: 43,
  rightEncoder: 44,
  mainBrushMa: 56,
  sideBrushMa: 57,
} as const;

const UNSIGNED_8: Packet = { bytes: 1, read: (view, at) => view.getUint8(at) };
const SIGNED_8: Packet = { bytes: 1, read: (view, at) => view.getInt8(at) };
const UNSIGNED_16: Packet = { bytes: 2, read: (view, at) => view.getUint16(at) };
const SIGNED_16: Packet = { bytes: 2, read: (view, at) => view.getInt16(at) };

/** The single packets 7 to 58; the groups of packets are not streamed. Source: Create 2 Open Interface Specification. */
export const PACKETS: Readonly<Record<number, Packet>> = Object.fromEntries([
  ...range(7, 18).map((id) => [id, UNSIGNED_8] as const),
  ...[19, 20].map((id) => [id, SIGNED_16] as const),
  [21, UNSIGNED_8],
  [22, UNSIGNED_16],
  [23, SIGNED_16],
  [24, SIGNED_8],
  ...range(25, 31).map((id) => [id, UNSIGNED_16] as const),
  [32, UNSIGNED_8],
  [33, UNSIGNED_16],
  ...range(34, 38).map((id) => [id, UNSIGNED_8] as const),
  ...range(39, 42).map((id) => [id, SIGNED_16] as const),
  ...[43, 44].map((id) => [id, UNSIGNED_16] as const),
  [45, UNSIGNED_8],
  ...range(46, 51).map((id) => [id, UNSIGNED_16] as const),
  ...[52, 53].map((id) => [id, UNSIGNED_8] as const),
  ...range(54, 57).map((id) => [id, SIGNED_16] as const),
  [58, UNSIGNED_8],
]) as Readonly<Record<number, Packet>>;

/** How the packet is read; undefined for ids that are not streamed. */
export function packetOf(id: number): Packet | undefined {
  return PACKETS[id];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
