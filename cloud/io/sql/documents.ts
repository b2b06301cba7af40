import type { CloudStore, DocumentKey } from "../store.ts";
import type { All } from "./page.ts";
import * as columns from "./rows.ts";

const ROWS_MAX = 500;
const OF_CONTRACT = `body -> '$.task' -> '$.documentRef'`;
const OF_RECORD = `body -> '$.document_ref'`;

/** What pages about documents and devices read; `texts` are the beginnings of the other queries of these tables. */
export function documentQueries(
  all: All,
  texts: { readonly summary: string; readonly feed: string; readonly ledger: string; readonly log: string },
): Pick<CloudStore, "documents" | "documentWork" | "modeChanges"> {
  const named = (ref: string): string =>
    `${ref} ->> '$.type' = @type AND ${ref} ->> '$.id' = @id ORDER BY id DESC LIMIT ${ROWS_MAX}`;
  const valuesOf = ({ type, id }: DocumentKey): object => ({ type, id });
  return {
    documents: (limit) =>
      all(
        columns.DocumentColumns,
        `SELECT ref ->> '$.type' AS type, ref ->> '$.id' AS id, max(at) AS "lastAt" FROM (
           SELECT ${OF_CONTRACT} AS ref, created_at AS at FROM contract
           UNION ALL SELECT ${OF_RECORD} AS ref, recorded_at AS at FROM feed_record WHERE kind = 'work-status'
         ) AS refs WHERE ref IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC LIMIT @limit`,
        { limit },
      ),
    documentWork: async (key) => ({
      contracts: await all(
        columns.ContractSummaryColumns,
        `SELECT ${texts.summary} FROM contract WHERE ${named(OF_CONTRACT)}`,
        valuesOf(key),
      ),
      records: await all(
        columns.FeedColumns,
        `${texts.feed} WHERE kind = 'work-status' AND ${named(OF_RECORD)}`,
        valuesOf(key),
      ),
      movements: await all(columns.LedgerColumns, `${texts.ledger} WHERE ${named(OF_RECORD)}`, valuesOf(key)),
    }),
    modeChanges: (deviceId, limit) =>
      all(
        columns.LogColumns,
        `${texts.log} WHERE device_id = @deviceId AND type = 'device.mode' ORDER BY id DESC LIMIT @limit`,
        { deviceId, limit },
      ),
  };
}
