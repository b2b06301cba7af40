import { z } from "zod";
import { Event, Problem } from "./event.ts";
import { Name, Timestamp, Uuid7 } from "./identifiers.ts";

/** Version of the wire format. */
export const WIRE_VERSION = 1;

const Version = z.literal(WIRE_VERSION);
const Incarnation = z.string().min(1).max(64);
const Sequence = z.number().int().min(0);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What a device says about a contract that it holds. */
export const ActiveContract = z.object({
  contractId: Uuid7,
  revision: z.number().int(),
  localRevision: z.number().int(),
  epoch: z.number().int(),
  status: z.string(),
  stateHash: z.string(),
});

/** Retained, every 5 s: the device is there, in this session, with this much journal. */
export const OnlinePresence = z.object({
  v: Version,
  deviceId: Name,
  state: z.enum(["online", "offline"]),
  incarnation: Incarnation,
  bootId: z.string(),
  session: z.string().min(1).max(64),
  beat: z.number().int().min(0),
  clock: z.object({ state: z.enum(["synced", "unsynced"]), errMs: z.number() }),
  sentAt: Timestamp,
  journal: z.object({ firstSeq: Sequence, lastSeq: Sequence, ackedSeq: Sequence }),
  active: z.array(ActiveContract),
  gate: z.enum(["own", "external"]),
  profile: z.object({ kind: z.string(), actions: z.array(z.string()), software: z.string() }),
  /** The cloud that the device had heard when it drew its session. */
  cloudId: z.string().optional(),
});
export type OnlinePresence = z.infer<typeof OnlinePresence>;

/** The last will, published by the broker. */
export const LostPresence = z.object({
  v: Version,
  deviceId: Name,
  state: z.literal("lost"),
  incarnation: Incarnation,
  bootId: z.string(),
  session: z.string().min(1).max(64),
});
export type LostPresence = z.infer<typeof LostPresence>;

export const Presence = z.discriminatedUnion("state", [OnlinePresence, LostPresence]);
export type Presence = z.infer<typeof Presence>;

/** The device's answer to a contract (`<contractId>/<revision>`) or command, after its durable commit. */
export const Reply = z.object({
  v: Version,
  session: z.string(),
  inReplyTo: z.string(),
  result: z.enum(["stored", "done", "refused"]),
  /** For `refused`: the word of `RejectReason`, or of a command's refusal. */
  reason: z.string().optional(),
  problems: z.array(Problem).optional(),
  seq: Sequence.optional(),
});
export type Reply = z.infer<typeof Reply>;

/** Consecutive events; `prevHash` chains the batch to what came before it. */
export const JournalBatch = z.object({
  v: Version,
  deviceId: Name,
  incarnation: Incarnation,
  bootId: z.string(),
  prevHash: Hash,
  events: z.array(Event).min(1).max(1000),
});
export type JournalBatch = z.infer<typeof JournalBatch>;

/** What the cloud has committed; only this lets a device forget. */
export const Ack = z.object({
  v: Version,
  cloudId: z.string(),
  incarnation: Incarnation,
  journalSeq: Sequence,
  leases: z.array(z.object({ contractId: Uuid7, epoch: z.number().int(), beat: z.number().int() })),
  telemetry: z.array(z.object({ lane: z.string(), store: z.string(), blockSeq: Sequence })).optional(),
  /** Encodings of `packed` that this cloud reads; a device sends `batches` to one that names none. */
  accepts: z.array(z.string()).optional(),
  grantBytesPerSecond: z.number().optional(),
  /** Set when a batch did not continue the chain of hashes: the device draws a new incarnation (wire format, section 3.3). */
  fork: z.literal(true).optional(),
  at: Timestamp,
});
export type Ack = z.infer<typeof Ack>;

/** Samples of one channel; `dt` are milliseconds since `t0`. */
export const TelemetryBatch = z.object({
  channel: z.string(),
  t0: Timestamp,
  clock: z.enum(["synced", "unsynced"]),
  t0Mono: z.number(),
  bootId: z.string(),
  dt: z.array(z.number()),
  values: z.record(z.string(), z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
});

export type TelemetryBatch = z.infer<typeof TelemetryBatch>;

/** The batches of a block, packed as the device stores them (`docs/telemetry.md`). */
export const PackedBlock = z.object({
  encoding: z.enum(["columns/1", "log/1"]),
  bootId: z.string(),
  clock: z.enum(["synced", "unsynced"]),
  wallAtZero: Timestamp.meta({ description: "wall clock when the monotonic clock was at zero" }),
  level: z.number().int().min(0).meta({ description: "how often the samples were thinned by halves" }),
  body: z.base64().max(400_000).meta({ description: "raw DEFLATE (RFC 1951), base64" }),
});
export type PackedBlock = z.infer<typeof PackedBlock>;

export const Telemetry = z.object({
  v: Version,
  deviceId: Name,
  lane: z.string(),
  store: z.string(),
  blockSeq: Sequence,
  /** The block of this lane that comes before; a cloud that has not committed it drops this one and acknowledges again. */
  after: Sequence.optional(),
  batches: z.array(TelemetryBatch),
  /** In place of `batches`, which is then empty. */
  packed: PackedBlock.optional(),
});
export type Telemetry = z.infer<typeof Telemetry>;

export const CommandType = z.enum(["hold", "resume", "cancel", "revoke", "sync", "replan"]);
export type CommandType = z.infer<typeof CommandType>;

/** Payload of a signed command. */
export const Command = z.object({
  commandId: Uuid7,
  n: z.number().int().min(1),
  session: z.string(),
  deviceId: Name,
  issuedAt: Timestamp,
  type: CommandType,
  contractId: Uuid7.optional(),
  epoch: z.number().int().optional(),
  holdId: z.string().optional(),
  data: z.looseObject({}).optional(),
});
export type Command = z.infer<typeof Command>;

/** Commands that are obeyed whatever session they name. */
export const ANY_SESSION: ReadonlySet<CommandType> = new Set(["hold", "cancel", "revoke"]);

/** A device's request for new remaining stages. */
export const ReplanRequest = z.object({
  v: Version,
  requestId: z.string(),
  session: z.string(),
  contractId: Uuid7,
  revision: z.number().int(),
  localRevision: z.number().int(),
  journalSeq: Sequence,
  completed: z.array(z.object({ stageId: Name, output: z.looseObject({}) })),
  started: z.array(Name),
  remaining: z.array(Name),
  delta: z.object({
    code: z.string(),
    severity: z.string(),
    detail: z.string(),
    assumptions: z.array(z.string()),
  }),
});
export type ReplanRequest = z.infer<typeof ReplanRequest>;
