import type { Event } from "#contract/event";
import type { DeviceEvidence, Evidence } from "../evidence.ts";

/** Numbers that a device left out or gave twice; a renumbered journal begins again at 1. */
export function journalGaps({ devices }: Evidence): string[] {
  return devices.flatMap(({ deviceId, journal }) => {
    const at = journal.findIndex((event, index) => event.seq !== 1 && event.seq !== (journal[index - 1]?.seq ?? 0) + 1);
    return at < 0 ? [] : [`${deviceId} numbers its event ${at + 1} as ${journal[at]!.seq}`];
  });
}

/** Events that the cloud has and the device has not, or has elsewhere. */
export function strays({ devices }: Evidence): string[] {
  return devices.flatMap(({ deviceId, journal, committed }: DeviceEvidence) => {
    const at = committed.findIndex((event, index) => event.id !== journal[index]?.id);
    const own: Event | undefined = journal[at];
    return at < 0 ? [] : [`event ${at + 1} of ${deviceId} is ${committed[at]!.type} in the cloud, ${own?.type}`];
  });
}
