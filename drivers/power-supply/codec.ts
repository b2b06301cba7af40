import type { BatterySample } from "../driver.ts";

/**
 * What Linux says of a battery in `/sys/class/power_supply/<name>/uevent`; undefined where it does not tell the charge. Source:
 * Documentation/ABI/testing/sysfs-class-power of the kernel.
 */
export function readPowerSupply(uevent: string): Omit<BatterySample, "atMs"> | undefined {
  const values = new Map(
    uevent.split("\n").flatMap((line) => {
      const [, key, value] = /^POWER_SUPPLY_(\w+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
  const charge = shareOf(values);
  if (charge === undefined) return undefined;
  const status = values.get("STATUS");
  return { charge, isCharging: status === "Charging" || status === "Full" };
}

/** Drivers tell the charge in percent, or how much there is of how much, as energy or as charge. */
function shareOf(values: ReadonlyMap<string, string>): number | undefined {
  const numberOf = (key: string): number => Number(values.get(key) ?? NaN);
  const candidates = [
    numberOf("CAPACITY") / 100,
    numberOf("ENERGY_NOW") / numberOf("ENERGY_FULL"),
    numberOf("CHARGE_NOW") / numberOf("CHARGE_FULL"),
  ];
  const share = candidates.find((candidate) => Number.isFinite(candidate));
  return share === undefined ? undefined : Math.min(1, Math.max(0, share));
}
