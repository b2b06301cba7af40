import type { Event } from "#contract/event";
import type { DeviceEvidence, Evidence } from "../evidence.ts";

/** Those whose journal must be whole. */
export function unharmed(devices: Evidence["devices"]): DeviceEvidence[] {
  return devices.filter(({ memory }) => memory === "whole");
}

/** Numbers that were left out or given twice running, on the device or in the cloud; a renumbered journal goes on with lower ones. */
export function journalGaps({ devices }: Evidence): string[] {
  return unharmed(devices).flatMap(({ deviceId, journal, committed }) => [
    ...gapsIn(journal).map((gap) => `${deviceId} ${gap}`),
    ...gapsIn(committed).map((gap) => `the cloud's copy of ${deviceId} ${gap}`),
  ]);
}

function gapsIn(journal: readonly Event[]): string[] {
  const at = journal.findIndex(({ seq }, index) => {
    const before = journal[index - 1]?.seq ?? 0;
    return seq > before + 1 || seq === before;
  });
  return at < 0 ? [] : [`numbers its event ${at + 1} as ${journal[at]!.seq}`];
}

/** Events that the cloud has and the device has not, or has elsewhere. */
export function strays({ devices }: Evidence): string[] {
  return unharmed(devices).flatMap(({ deviceId, journal, committed }) => {
    const at = committed.findIndex((event, index) => event.id !== journal[index]?.id);
    const own: Event | undefined = journal[at];
    return at < 0 ? [] : [`event ${at + 1} of ${deviceId} is ${committed[at]!.type} in the cloud, ${own?.type}`];
  });
}
