/** Sum of the bytes modulo 256. */
export function sum8(bytes: Uint8Array): number {
  return sumOf(bytes) & 0xff;
}

/** Sum of the bytes. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

/** Exclusive or of the bytes. */
export function xor8(bytes: Uint8Array): number {
  let xor = 0;
  for (const byte of bytes) xor ^= byte;
  return xor;
}

/** CRC-8 with the polynomial 0x4D, as LDROBOT's lidars use it: initial value 0, not reflected. */
export function crc8Ldrobot(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = CRC8_4D[crc ^ byte]!;
  return crc;
}

/** CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ CRC16_1021[(crc >>> 8) ^ byte]!;
  return crc;
}

/** CRC-16/MODBUS: polynomial 0x8005 reflected, initial value 0xFFFF. */
export function crc16Modbus(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC16_A001[(crc ^ byte) & 0xff]!;
  return crc;
}

const CRC8_4D = table((byte) => leftwards(byte, 0x4d, 8));
const CRC16_1021 = table((byte) => leftwards(byte << 8, 0x1021, 16));
const CRC16_A001 = table((byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xa001 : value >>> 1;
  return value;
});

function table(entry: (byte: number) => number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => entry(byte));
}

function leftwards(start: number, polynomial: number, width: number): number {
  const [top, mask] = [1 << (width - 1), (1 << width) - 1];
  let value = start;
  for (let bit = 0; bit < 8; bit++) value = (value & top ? (value << 1) ^ polynomial : value << 1) & mask;
  return value;
}
