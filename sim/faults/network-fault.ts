import { z } from "zod";
import { Name } from "#contract/identifiers";
import { Duration, hasMoment, MOMENT_RULE, When } from "../moment.ts";

const Share = z.number().min(0).max(1);

/** Something wrong with the network for a while: a partition, or trouble on one link or all. */
export const NetworkFault = z
  .strictObject({
    ...When,
    for: Duration,
    partition: Name.optional(),
    oneWay: z.enum(["up", "down"]).optional().meta({ description: "partition: only what goes that way is lost" }),
    loss: Share.optional(),
    delay: z.tuple([Duration, Duration]).optional(),
    duplicate: Share.optional(),
    reorder: z.boolean().optional(),
    late: z
      .strictObject({ share: Share, by: z.tuple([Duration, Duration]) })
      .optional()
      .meta({ description: "this share of the messages is held somewhere and comes that much later, out of order" }),
    device: Name.optional().meta({ description: "whose link; all links if absent" }),
  })
  .refine(hasMoment, MOMENT_RULE)
  .refine(({ partition, oneWay }) => oneWay === undefined || partition !== undefined, {
    path: ["oneWay"],
    message: "belongs to a partition",
  });
export type NetworkFault = z.infer<typeof NetworkFault>;
