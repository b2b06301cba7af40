import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice, foldEvents, stateHash } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { isFinal } from "#contract/status";
import type { Evidence } from "../evidence.ts";
import { unharmed } from "./journal-checks.ts";

/** Contracts that have not ended, or about whose end cloud and device disagree. */
export function openContracts({ contracts, devices }: Evidence): string[] {
  return contracts.flatMap(({ contractId, deviceId, status }) => {
    if (!isFinal(status)) return [`${contractId} is ${status} in the cloud`];
    const device = devices.find((one) => one.deviceId === deviceId);
    const own = device?.state?.contracts[contractId];
    // A task that was given on ended on the device in its own way, and so does one whose end the device has forgotten.
    const isOwnWay = status === "reassigned" || device?.memory === "damaged";
    const agrees = own === undefined || own.status === status || (isOwnWay && isFinal(own.status));
    return agrees ? [] : [`${contractId} is ${status} in the cloud and ${own.status} on ${deviceId}`];
  });
}

/** Devices that did not come back. */
export function notLive({ devices }: Evidence): string[] {
  return devices.flatMap(({ deviceId, view }) =>
    view?.mode === "live" ? [] : [`${deviceId} is ${view?.mode ?? "unknown"}`],
  );
}

/** Devices that, their journals, and the cloud's copies of those mean different states. */
export function differences({ devices }: Evidence): string[] {
  return unharmed(devices).flatMap(({ deviceId, state, journal, committed }) => {
    if (!state) return [`${deviceId} has no program that runs`];
    const folds: Readonly<Record<string, DeviceState>> = {
      journal: foldEvents(emptyDevice(state.incarnation), journal),
      cloud: foldEvents(emptyDevice(state.incarnation), committed),
    };
    return Object.entries(folds).flatMap(([name, fold]) =>
      digestOf(fold) === digestOf(state) ? [] : [`${deviceId} and its ${name} differ at ${state.seq} and ${fold.seq}`],
    );
  });
}

/** Devices that came back without being compared with their projection before they counted as live. */
export function unreconciled({ cloudLog, devices }: Evidence): string[] {
  return devices.flatMap(({ deviceId }) => {
    const modes = cloudLog.filter((entry) => entry.type === "device.mode" && entry.deviceId === deviceId);
    const skipped = modes.find(({ data }) => data["from"] === "projected" && data["to"] !== "reconciled");
    return skipped ? [`${deviceId} went from projected to ${String(skipped.data["to"])} at ${skipped.at}`] : [];
  });
}

function digestOf({ seq, contracts, epochs, lastCommand }: DeviceState): string {
  const hashes = Object.values(contracts).map((contract) => stateHash(contract, sha256Hex));
  return JSON.stringify({ seq, hashes, epochs, lastCommand });
}
