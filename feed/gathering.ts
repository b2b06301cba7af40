import { timestamp } from "#lib/clock";
import type { Verdict } from "#contract/feed/answers";
import { feedEvent, type FeedRecord } from "#contract/feed/records";
import { BATCH, type StreamName } from "#contract/feed/streams";
import { withDeadLetters, type Progress } from "./progress.ts";
import type { FeedSource, StoredEvent } from "./source.ts";

/** A record on its way, and the event that it came from. */
export interface Outgoing {
  readonly record: FeedRecord;
  readonly from: StoredEvent;
}

/** What was read for one call, and where the stream stands once it is settled. */
export interface Gathered {
  readonly outgoing: readonly Outgoing[];
  readonly progress: Progress;
}

const READ_LIMIT = 200;

/** Reads on from `progress` until a batch is full or the stored data ends. */
export async function gather(
  source: Pick<FeedSource, "read">,
  stream: StreamName,
  warehouseId: string,
  progress: Progress,
): Promise<Gathered> {
  const outgoing: Outgoing[] = [];
  let { position, memory } = progress;
  for (;;) {
    const page = await source.read(position, READ_LIMIT);
    for (const from of page) {
      const { deviceId, event } = from;
      const fed = feedEvent(memory[deviceId] ?? {}, event, { warehouseId, deviceId });
      memory = { ...memory, [deviceId]: fed.memory };
      position = from.position;
      if (fed.item?.stream === stream) outgoing.push({ record: fed.item.record, from });
      if (outgoing.length === BATCH.atMost) return { outgoing, progress: { ...progress, position, memory } };
    }
    if (page.length === 0) return { outgoing, progress: { ...progress, position, memory } };
  }
}

/** Counts what the planner said of a batch into the progress. */
export function settle(
  { outgoing, progress }: Gathered,
  verdicts: readonly Exclude<Verdict, { kind: "again" }>[],
  wallMs: number,
): Progress {
  const letters = outgoing.flatMap(({ record, from }, at) => {
    const verdict = verdicts[at]!;
    if (verdict.kind !== "rejected") return [];
    const { deviceId, event } = from;
    const letter = { correlationId: record.correlation_id, deviceId, eventId: event.id, reason: verdict.reason };
    return [{ ...letter, at: timestamp(wallMs) }];
  });
  const count = (kind: Verdict["kind"]): number => verdicts.filter((verdict) => verdict.kind === kind).length;
  return withDeadLetters(
    { ...progress, accepted: progress.accepted + count("accepted"), replayed: progress.replayed + count("replay") },
    letters,
  );
}
