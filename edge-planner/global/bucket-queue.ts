import { lengthAt, linkAt } from "../grid.ts";

/**
 * A monotone priority queue of cells: a ring of buckets, each a stack, that holds the costs from the lowest one
 * to `span` above it. Costs within one bucket come out in any order. The first cost pushed is the lowest of all. Source: R. Dial, "Algorithm 360", CACM 1969.
 */
export interface BucketQueue {
  push(item: number, cost: number): void;
  /** The next item, or -1 when empty; its cost when pushed is `poppedCost()`. */
  pop(): number;
  poppedCost(): number;
  /** Forgets all that is held; what it took up is used again. */
  clear(): void;
  /** No cost in the queue is lower; monotone. */
  floor(): number;
}

/** `span` is the largest amount by which a pushed cost exceeds the lowest one held; `width` that of a bucket. */
export function createBucketQueue(width: number, span: number): BucketQueue {
  const ring = Math.ceil(span / width) + 2;
  const heads = new Int32Array(ring).fill(-1);
  let items = new Int32Array(1024);
  let costs = new Float64Array(1024);
  let links = new Int32Array(1024);
  let used = 0;
  let spare = -1;
  let held = 0;
  let lowest = -1;
  let lastCost = 0;

  function grow(): void {
    const [wasItems, wasCosts, wasLinks] = [items, costs, links];
    items = new Int32Array(used * 2);
    costs = new Float64Array(used * 2);
    links = new Int32Array(used * 2);
    items.set(wasItems);
    costs.set(wasCosts);
    links.set(wasLinks);
  }
  function push(item: number, cost: number): void {
    const bucket = Math.max(lowest, Math.floor(cost / width));
    if (lowest < 0) lowest = bucket;
    let slot = spare;
    if (slot >= 0) spare = linkAt(links, slot);
    else {
      if (used === items.length) grow();
      slot = used++;
    }
    const at = bucket % ring;
    items[slot] = item;
    costs[slot] = cost;
    links[slot] = linkAt(heads, at);
    heads[at] = slot;
    held++;
  }
  function pop(): number {
    if (held === 0) return -1;
    while (linkAt(heads, lowest % ring) < 0) lowest++;
    const at = lowest % ring;
    const slot = linkAt(heads, at);
    heads[at] = linkAt(links, slot);
    links[slot] = spare;
    spare = slot;
    held--;
    lastCost = lengthAt(costs, slot);
    return linkAt(items, slot);
  }
  function clear(): void {
    heads.fill(-1);
    used = 0;
    spare = -1;
    held = 0;
    lowest = -1;
  }
  return { push, pop, poppedCost: () => lastCost, clear, floor: () => lowest * width };
}
