import { readEventData } from "#contract/event-data";
import type { MovementKind } from "#contract/movement";
import type { DeviceEvidence, Evidence } from "../evidence.ts";
import { unharmed } from "./journal-checks.ts";

/** Stages whose effect happened more than once. */
export function repeatedMovements({ movements }: Evidence): string[] {
  // An idempotency key is contract, stage and number of the attempt.
  const stages = movements.map(({ key }) => key.slice(0, key.lastIndexOf("/")));
  return duplicates(stages).map((stage) => `${stage} moved goods more than once`);
}

/** Movements that a journal tells of and the world has not seen. */
export function inventedMovements({ devices, movements }: Evidence): string[] {
  const told = devices.flatMap(toldMovements);
  return missingFrom(told, movements.map(physical)).map((movement) => `${movement} is in a journal only`);
}

/** Where world, journals and ledger differ in what was moved. */
export function untoldMovements({ devices, movements, ledger }: Evidence): string[] {
  const whole = unharmed(devices);
  const isTold = ({ deviceId }: { readonly deviceId: string }): boolean =>
    whole.some((device) => device.deviceId === deviceId);
  const done = movements.filter(({ robotId }) => isTold({ deviceId: robotId })).map(physical);
  const told = whole.flatMap(toldMovements);
  const booked = ledger
    .filter(isTold)
    .map(({ deviceId, movement: { kind, sku, qty } }) => movementText(deviceId, kind, sku, qty));
  return [
    ...missingFrom(done, told).map((movement) => `${movement} is in no journal`),
    ...missingFrom(told, booked).map((movement) => `${movement} is not in the ledger`),
    ...missingFrom(booked, told).map((movement) => `${movement} is in the ledger only`),
  ];
}

function toldMovements({ deviceId, journal }: DeviceEvidence): string[] {
  return journal
    .filter((event) => event.type === "movement")
    .flatMap((event) => {
      const told = readEventData("movement", event.data);
      return told ? [movementText(deviceId, told.kind, told.sku, told.qty)] : [];
    });
}

const KINDS: Readonly<Record<Evidence["movements"][number]["kind"], MovementKind>> = { pick: "PICK", place: "PUT" };

function physical({ robotId, kind, sku, quantity }: Evidence["movements"][number]): string {
  return movementText(robotId, KINDS[kind], sku, quantity);
}

function movementText(deviceId: string, kind: MovementKind, sku: string, quantity: number): string {
  return `${kind} of ${quantity} ${sku} by ${deviceId}`;
}

/** What is in `wanted` more often than in `found`. */
function missingFrom(wanted: readonly string[], found: readonly string[]): string[] {
  const left = [...found];
  return wanted.filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function duplicates(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))];
}
