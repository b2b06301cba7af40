import type { Evidence } from "../evidence.ts";

/** More than this in a run of a minute or two means something that feeds itself. */
const LIMITS = {
  /** Events in the journal of one device. */
  events: 1000,
  /** Messages that one client and the broker sent each other. */
  messages: 4000,
  /** Entries of the cloud's log. */
  logged: 3000,
  /** Timers that wait at once, of all parts together. */
  timers: 5000,
} as const;

/** What has grown beyond any need: a loop that feeds itself, a queue that nobody empties. */
export function overgrown({ devices, cloudLog, sizes }: Evidence): string[] {
  return [
    ...devices.flatMap(({ deviceId, journal }) => tooMany(`events of ${deviceId}`, journal.length, LIMITS.events)),
    ...[...sizes.messages].flatMap(([client, count]) => tooMany(`messages of ${client}`, count, LIMITS.messages)),
    ...tooMany("entries of the cloud's log", cloudLog.length, LIMITS.logged),
    ...tooMany("timers", sizes.timersMax, LIMITS.timers),
  ];
}

function tooMany(what: string, count: number, limit: number): string[] {
  return count > limit ? [`${count} ${what}, at most ${limit} are to be expected`] : [];
}
