import { z } from "zod";
import { PowerSupplyOptions } from "./power-supply/driver.ts";

/** The devices of a terminal that a person carries: `drivers` of its profile. Keyboard-wedge scanners need no driver. */
export const CarriedDevices = z.strictObject({
  kind: z.literal("carried"),
  battery: PowerSupplyOptions,
});
export type CarriedDevices = z.infer<typeof CarriedDevices>;
