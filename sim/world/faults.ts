import { z } from "zod";
import { Name } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { DeviceName } from "#drivers/simulated/channel";

const device = Name.meta({ description: "id of the robot" });
const driver = DeviceName.meta({ description: "which of its devices" });
const forMs = z.number().positive().optional().meta({ unit: "ms", description: "for ever if absent" });
const times = z.int().min(0).max(1000).default(1);

/** What can go wrong in the world, from now on. */
export const WorldFault = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("driver-fault"), device, driver, forMs }).meta({ description: "the device is gone" }),
  z
    .strictObject({ do: z.literal("hand-fault"), device, action: z.enum(["pick", "place"]), times })
    .meta({ description: "the next actions of the hand come to nothing" }),
  z.strictObject({ do: z.literal("hand-forgets"), device }).meta({ description: "the hand loses its memory of keys" }),
  z
    .strictObject({ do: z.literal("conveyor-jam"), site: z.string(), times })
    .meta({ description: "the conveyor's sensor does not see the next items arrive" }),
  z
    .strictObject({
      do: z.literal("sensor-noise"),
      device,
      driver: z.enum(["base", "lidar", "position"]),
      factor: z.number().min(0).max(1000),
      forMs,
    })
    .meta({ description: "multiplies the noise of a sensor; the sensor does not admit it" }),
  z
    .strictObject({
      do: z.literal("sensor-freeze"),
      device,
      driver: z.enum(["base", "lidar", "position", "battery"]),
      forMs,
    })
    .meta({ description: "a sensor repeats its last sample, with new stamps" }),
  z
    .strictObject({ do: z.literal("wheel-slip"), device, share: z.number().min(0).max(1), forMs })
    .meta({ description: "the floor does not take this share of what the wheels turn" }),
  z
    .strictObject({ do: z.literal("actuator-stuck"), device, axis: z.enum(["linear", "angular"]), forMs })
    .meta({ description: "the base keeps this part of its velocity, whatever it is told" }),
  z.strictObject({ do: z.literal("battery"), device, charge: z.number().min(0).max(1) }),
  z
    .strictObject({ do: z.literal("kidnap"), device, to: PoseTuple })
    .meta({ description: "carries the robot elsewhere; its wheels do not turn" }),
]);
export type WorldFault = z.infer<typeof WorldFault>;
