import { z } from "zod";
import { Name } from "#contract/identifiers";

/** Query of every list. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "a cursor as an earlier page gave it")
    .optional(),
  application: Name.optional(),
  account: Name.optional(),
});

/** Answer of every list, newest first; `cursor` leads to the next page and is absent on the last. */
export function pageOf<Item extends z.ZodType>(item: Item): z.ZodType {
  return z.object({ items: z.array(item), cursor: z.string().optional() });
}
