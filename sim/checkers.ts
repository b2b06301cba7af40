import { readEventData } from "#contract/event-data";
import type { Event } from "#contract/event";
import { sha256Hex } from "#contract/io/node-crypto";
import type { MovementKind } from "#contract/movement";
import { emptyDevice, foldEvents, stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { isFinal } from "#contract/status";
import type { DeviceEvidence, Evidence } from "./evidence.ts";

/** Something that holds for every run, whatever goes wrong in it. */
export interface Checker {
  readonly says: string;
  /** What speaks against it, in words; empty when it holds. */
  readonly violations: (run: Evidence) => readonly string[];
}

/** Safety: these hold at any moment of a run. */
export const ALWAYS: readonly Checker[] = [
  { says: "a journal has no gap", violations: (run) => run.devices.flatMap(journalGaps) },
  { says: "what the cloud has committed is a prefix of the journal", violations: (run) => run.devices.flatMap(strays) },
  { says: "nothing is picked or placed twice for one stage", violations: repeatedMovements },
  { says: "no journal tells of what was not moved", violations: inventedMovements },
  {
    says: "a robot runs into nothing and keeps out of forbidden zones",
    violations: (run) => run.devices.flatMap(harm),
  },
];

/** Progress: these hold once faults are over and everything has settled. */
export const IN_THE_END: readonly Checker[] = [
  { says: "every contract has ended, and cloud and device agree how", violations: openContracts },
  { says: "every device is live", violations: (run) => run.devices.flatMap(notLive) },
  { says: "cloud and device fold to the same state", violations: (run) => run.devices.flatMap(differences) },
  { says: "world, journal and ledger tell of the same movements", violations: untoldMovements },
  { says: "every outage was reconciled", violations: (run) => run.devices.flatMap((device) => loose(run, device)) },
];

/** Everything that a settled run breaks: the sentence, and what speaks against it. */
export function violationsOf(run: Evidence, checkers: readonly Checker[] = [...ALWAYS, ...IN_THE_END]): string[] {
  return checkers.flatMap(({ says, violations }) => violations(run).map((what) => `${says}: ${what}`));
}

function journalGaps({ deviceId, journal }: DeviceEvidence): string[] {
  const at = journal.findIndex((event, index) => event.seq !== index + 1);
  return at < 0 ? [] : [`${deviceId} numbers its event ${at + 1} as ${journal[at]!.seq}`];
}

function strays({ deviceId, journal, committed }: DeviceEvidence): string[] {
  const at = committed.findIndex((event, index) => event.id !== journal[index]?.id);
  return at < 0 ? [] : [`event ${at + 1} of ${deviceId} is ${committed[at]!.type} in the cloud, ${journal[at]?.type}`];
}

function repeatedMovements({ movements }: Evidence): string[] {
  // An idempotency key is contract, stage and number of the attempt.
  const stages = movements.map(({ key }) => key.slice(0, key.lastIndexOf("/")));
  return duplicates(stages).map((stage) => `${stage} moved goods more than once`);
}

function inventedMovements({ devices, movements }: Evidence): string[] {
  const told = devices.flatMap(toldMovements);
  return missingFrom(told, movements.map(physical)).map((movement) => `${movement} is in a journal only`);
}

function untoldMovements({ devices, movements, ledger }: Evidence): string[] {
  const done = movements.map(physical);
  const told = devices.flatMap(toldMovements);
  const booked = ledger.map(({ deviceId, movement: { kind, sku, qty } }) => movementText(deviceId, kind, sku, qty));
  return [
    ...missingFrom(done, told).map((movement) => `${movement} is in no journal`),
    ...missingFrom(told, booked).map((movement) => `${movement} is not in the ledger`),
    ...missingFrom(booked, told).map((movement) => `${movement} is in the ledger only`),
  ];
}

function harm({ deviceId, metrics }: DeviceEvidence): string[] {
  const { collisions, keepoutViolations } = metrics;
  return [
    ...collisions.map((collision) => `${deviceId} ran into ${collision.with} at ${collision.atMs / 1000} s`),
    ...(keepoutViolations > 0 ? [`${deviceId} entered forbidden zones ${keepoutViolations} times`] : []),
  ];
}

function openContracts({ contracts, devices }: Evidence): string[] {
  return contracts.flatMap(({ contractId, deviceId, status }) => {
    if (!isFinal(status)) return [`${contractId} is ${status} in the cloud`];
    const own = devices.find((device) => device.deviceId === deviceId)?.state?.contracts[contractId];
    // A task that was given on ended on the device in its own way.
    const agrees = own === undefined || own.status === status || (status === "reassigned" && isFinal(own.status));
    return agrees ? [] : [`${contractId} is ${status} in the cloud and ${own.status} on ${deviceId}`];
  });
}

function notLive({ deviceId, view }: DeviceEvidence): string[] {
  return view?.mode === "live" ? [] : [`${deviceId} is ${view?.mode ?? "unknown"}`];
}

function differences({ deviceId, state, journal, committed }: DeviceEvidence): string[] {
  if (!state) return [`${deviceId} has no program that runs`];
  const folds: Readonly<Record<string, DeviceState>> = {
    journal: foldEvents(emptyDevice(state.incarnation), journal),
    cloud: foldEvents(emptyDevice(state.incarnation), committed),
  };
  return Object.entries(folds).flatMap(([name, fold]) =>
    digestOf(fold) === digestOf(state) ? [] : [`${deviceId} and its ${name} differ at ${state.seq} and ${fold.seq}`],
  );
}

/** A device that came back is compared with its projection before it counts as live. */
function loose({ cloudLog }: Evidence, { deviceId }: DeviceEvidence): string[] {
  const modes = cloudLog.filter((entry) => entry.type === "device.mode" && entry.deviceId === deviceId);
  const skipped = modes.find(({ data }) => data["from"] === "projected" && data["to"] !== "reconciled");
  return skipped ? [`${deviceId} went from projected to ${String(skipped.data["to"])} at ${skipped.at}`] : [];
}

function digestOf({ seq, contracts, epochs, lastCommand }: DeviceState): string {
  const hashes = Object.values(contracts).map((contract) => stateHash(contract, sha256Hex));
  return JSON.stringify({ seq, hashes, epochs, lastCommand });
}

function toldMovements({ deviceId, journal }: DeviceEvidence): string[] {
  return journal
    .filter((event) => event.type === "movement")
    .flatMap((event: Event) => {
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
