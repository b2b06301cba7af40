import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import { activeContract, emptyDevice, foldEvents } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import type { AgentConfig } from "../config.ts";
import { loadProfile } from "../io/profile-file.ts";
import type { ConsoleFacts } from "./core/facts.ts";

/** What a dead agent's database tells. */
export interface Stored {
  readonly facts: ConsoleFacts;
  readonly events: readonly Event[];
  readonly source: string;
}

/** Reads the journal of an agent that does not run, changing nothing. Throws `store.*` when it can't be read. */
export function readStored(config: AgentConfig, { clock, software }: { clock: Clock; software: string }): Stored {
  const source = join(config.dataDir, "core.db");
  const { state, events, ackedSeq, contracts } = existsSync(source) ? readJournal(source) : NOTHING;
  const active = activeContract(state);
  const { deviceId, site } = config;
  return {
    source,
    events,
    facts: {
      identity: { deviceId, site, software, kind: loadProfile(config.profile).kind },
      nowMs: clock.nowMs(),
      wallMs: clock.wallMs(),
      clock: clock.state(),
      state,
      contract: active && contracts.find(({ contractId }) => contractId === active.contractId),
      journal: { firstSeq: events[0]?.seq ?? state.seq + 1, lastSeq: state.seq, ackedSeq },
    },
  };
}

interface Journal {
  readonly state: DeviceState;
  readonly events: readonly Event[];
  readonly ackedSeq: number;
  readonly contracts: readonly Contract[];
}

const NOTHING: Journal = { state: emptyDevice(""), events: [], ackedSeq: 0, contracts: [] };

function readJournal(path: string): Journal {
  try {
    const database = new Database(path, { readonly: true, timeout: 100 });
    try {
      const rows = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];
      const snapshot = rows<{ state: string }>("SELECT state FROM snapshot")[0];
      const events = rows<{ body: string }>("SELECT body FROM journal ORDER BY seq").map((row) =>
        read<Event>(row.body),
      );
      const base = snapshot ? read<DeviceState>(snapshot.state) : emptyDevice("");
      const bodies = rows<{ body: string }>("SELECT body, max(revision) FROM contract GROUP BY contract_id");
      return {
        state: foldEvents(base, events),
        events,
        ackedSeq: rows<{ acked: number }>("SELECT acked FROM cursor WHERE lane = 'journal'")[0]?.acked ?? 0,
        contracts: bodies.map(({ body }) => read<Contract>(body)),
      };
    } finally {
      database.close();
    }
  } catch (thrown) {
    throw new AgentError("store.failed", `${path} can't be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function read<Value>(text: string): Value {
  return JSON.parse(text) as Value;
}
