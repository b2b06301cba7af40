import type { z } from "zod";
import type { StoreOp } from "../io/store-ops.ts";
import type { MovementCheck } from "../core/master-data.ts";
import type { Problem } from "#contract/event";
import type { CloudContext } from "../context.ts";

/** Who posts: their records are keyed by `partnerId`, and belong to one warehouse (any, for a program of this machine). */
export interface Partner {
  readonly partnerId: string;
  readonly warehouseId?: string | undefined;
}

/** What every stream's record has. */
export interface FeedEnvelope {
  readonly correlation_id: string;
  readonly warehouse_id: string;
}

export type WesContext = Pick<CloudContext, "clock" | "store"> & { readonly checkMovement: MovementCheck };

/** One stream of the planner side: what its records look like, what may be wrong with a readable one, and what one does. */
interface StreamSpec<Item extends FeedEnvelope> {
  readonly schema: z.ZodType<Item>;
  readonly problems?: (context: WesContext, record: Item) => readonly Problem[];
  readonly ops: (
    context: WesContext,
    record: Item,
    partner: Partner,
  ) => Promise<readonly StoreOp[]> | readonly StoreOp[];
}

/** A record as its stream reads it. */
export type Reading =
  | { readonly kind: "unreadable"; readonly problems: readonly Problem[] }
  | {
      readonly kind: "read";
      readonly warehouseId: string;
      /** What is wrong with it by the planner's data; it does nothing if there is anything. */
      readonly problems: readonly Problem[];
      readonly ops: (partner: Partner) => Promise<readonly StoreOp[]> | readonly StoreOp[];
    };

export type IntakeStream = (context: WesContext, given: unknown) => Reading;

export function intakeStream<Item extends FeedEnvelope>({ schema, problems, ops }: StreamSpec<Item>): IntakeStream {
  return (context, given) => {
    const parsed = schema.safeParse(given);
    if (!parsed.success)
      return {
        kind: "unreadable",
        problems: parsed.error.issues.map(({ path, message }) => ({ path: `/${path.join("/")}`, message })),
      };
    const record = parsed.data;
    return {
      kind: "read",
      warehouseId: record.warehouse_id,
      problems: problems?.(context, record) ?? [],
      ops: (partner) => ops(context, record, partner),
    };
  };
}
