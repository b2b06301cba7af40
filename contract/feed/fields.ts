import { z } from "zod";

/** Fields that every record of the feed carries. */
export const WarehouseId = z.string().min(1).max(64);
/** Who did it: a robot of the fleet, or a person. */
export const Actor = z.looseObject({ kind: z.string().min(1).max(40), id: z.string().min(1).max(100) });
/** UUIDv4 or v7, drawn once: with the partner it is the key under which a record counts once. */
export const CorrelationId = z.uuid({ abort: true });
/** RFC 3339; partners may write an offset or leave the milliseconds out. */
export const OccurredAt = z.iso.datetime({ offset: true });
