import { distance, isInside, poseFrom, type Point } from "#lib/geometry";
import type { Contract } from "./contract.ts";

/** A link that is gone for a shorter time is not gone: device and cloud take each other for silent only then. */
export const OFFLINE_GRACE_MS = 15_000;

type Landmark = Contract["spatial"]["landmarks"][number];
type Zone = Contract["spatial"]["zones"][number];

/** What of a contract, or of a whole map, says where a robot may be. */
export interface Whereabouts {
  readonly spatial: Pick<Contract["spatial"], "landmarks" | "zones">;
  readonly constraints: Pick<Contract["constraints"], "zones">;
}

/** Where robots wait, the best first. */
const HOME_KINDS = ["home", "staging", "parking", "charger"];

/**
 * Where a robot goes whose contract says `return-home`: the nearest landmark of the best kind that there is where the contract
 * lets it be. Device and cloud agree about it, because the one drives there and the other believes it to.
 */
export function homeOf(contract: Whereabouts, from: { readonly x: number; readonly y: number }): Landmark | undefined {
  const landmarks = placesOf(contract);
  const kind = HOME_KINDS.find((candidate) => landmarks.some((mark) => mark.kind === candidate));
  return nearest(
    from,
    landmarks.filter((mark) => mark.kind === kind),
  );
}

/** The landmarks where the contract allows its robot to be. */
export function placesOf(contract: Whereabouts): readonly Landmark[] {
  return contract.spatial.landmarks.filter(({ pose: [x, y] }) => mayBeAt([x, y], contract));
}

/** Whether the contract's zones allow its robot to be at a point. */
export function mayBeAt(point: Point, contract: Whereabouts): boolean {
  const { allowed, forbidden = [] } = contract.constraints.zones;
  const around = zonesAt(point, contract).map(({ id }) => id);
  const isInAllowed = allowed === undefined || around.some((id) => allowed.includes(id));
  return isInAllowed && !around.some((id) => forbidden.includes(id));
}

/** The zones of the map that hold a point. */
export function zonesAt(point: Point, { spatial }: Whereabouts): readonly Zone[] {
  return spatial.zones.filter(({ polygon }) => isInside(point, polygon));
}

/** The landmark that is the least far in a straight line; the first of those that are equally far. */
export function nearest(
  from: { readonly x: number; readonly y: number },
  landmarks: readonly Landmark[],
): Landmark | undefined {
  const far = (mark: Landmark): number => distance(from, poseFrom(mark.pose));
  return landmarks.toSorted((a, b) => far(a) - far(b)).at(0);
}
