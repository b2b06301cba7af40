import { timestamp, type Clock } from "#lib/clock";
import type { Sha256 } from "#contract/crypto";
import type { Event } from "#contract/event";
import { chainHash } from "#contract/hash-chain";
import { foldEvent } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import type { JournalEntry, StoreOp } from "../store.ts";
import type { NewEvent } from "./ports.ts";

/** An event of a contract that the journal does not know yet, or knows in an older revision, says which it means. */
export type DraftEvent = NewEvent & { readonly revision?: number; readonly epoch?: number };

/** What one transaction shall hold. */
export interface Draft {
  readonly events: readonly DraftEvent[];
  /** Further changes, made from the events as they are written; events that were coalesced are not among them. */
  readonly ops?: (written: readonly Event[]) => readonly StoreOp[];
}

/** Where a journal ends: what it folds to, and the hash of its chain. */
export interface JournalEnd {
  readonly state: DeviceState;
  readonly hash: string;
}

/** What an event is stamped with. */
export interface Stamps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly sha256: Sha256;
}

/** The entry with which `draft` continues a journal, and the end that it makes. Throws `contract.invalid` for data that is no JSON. */
export function writeEvent(
  end: JournalEnd,
  draft: DraftEvent,
  { clock, uuid, sha256 }: Stamps,
): { readonly entry: JournalEntry; readonly end: JournalEnd } {
  const event: Event = {
    seq: end.state.seq + 1,
    id: uuid(),
    at: timestamp(clock.wallMs()),
    monoMs: Math.round(clock.nowMs()),
    clock: clock.state(),
    type: draft.type,
    ...identityOf(draft, end.state),
    data: draft.data,
  };
  const hash = chainHash(end.hash, event, sha256);
  return { entry: { bootId: clock.bootId, event, hash }, end: { state: foldEvent(end.state, event), hash } };
}

function identityOf(
  draft: DraftEvent,
  state: DeviceState,
): Pick<Event, "contractId" | "revision" | "epoch" | "stageId"> {
  const { contractId, stageId } = draft;
  if (contractId === undefined) return stageId === undefined ? {} : { stageId };
  const known = state.contracts[contractId];
  const revision = draft.revision ?? known?.revision;
  const epoch = draft.epoch ?? known?.epoch;
  return {
    contractId,
    ...(revision === undefined ? {} : { revision }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(stageId === undefined ? {} : { stageId }),
  };
}
