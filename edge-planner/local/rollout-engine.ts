import { ROLLOUT_KERNEL } from "./rollout-kernel.ts";
import { bytesOf, layOut, type RolloutMemory, type RollOut, type RolloutShape } from "./rollout-memory.ts";
import { createRollOut } from "./rollouts.ts";

/** A memory and what rolls out in it. */
export interface RolloutEngine {
  readonly kind: "webassembly" | "javascript";
  readonly memory: RolloutMemory;
  readonly rollOut: RollOut;
}

/** Rollouts in WebAssembly where the runtime has its vector instructions, else in JavaScript: both give the same costs, bit for bit. */
export function createRolloutEngine(shape: RolloutShape): RolloutEngine {
  const kernel = Uint8Array.from(atob(ROLLOUT_KERNEL), (character) => character.charCodeAt(0));
  return WebAssembly.validate(kernel) ? createVectorEngine(shape, kernel) : createScalarEngine(shape);
}

/** Rollouts in JavaScript, one by one. */
export function createScalarEngine(shape: RolloutShape): RolloutEngine {
  const memory = layOut(shape, new ArrayBuffer(bytesOf(shape)));
  return { kind: "javascript", memory, rollOut: createRollOut(memory) };
}

const PAGE = 65_536;
/** The kernel keeps nothing of its own in the memory; address 0 is left alone all the same. */
const FIRST = 1024;

/** Source: `rollout-kernel.as`; the order of the arguments is its. */
type Kernel = (
  parameters: number,
  discs: number,
  mean: number,
  keep: number,
  noise: number,
  costs: number,
  distances: number,
  costToGo: number,
  slowness: number,
  count: number,
  samples: number,
  steps: number,
  cells: number,
) => void;

function createVectorEngine(shape: RolloutShape, kernel: Uint8Array<ArrayBuffer>): RolloutEngine {
  const pages = new WebAssembly.Memory({ initial: Math.ceil((FIRST + bytesOf(shape)) / PAGE) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(kernel), { env: { memory: pages } });
  const memory = layOut(shape, pages.buffer, FIRST);
  const run = exports["rollOut"] as Kernel;
  const { parameters, discs, mean, keep, noise, costs, distances, costToGo, slowness } = memory;
  const { samples, steps, cells } = shape;
  const [p, d, m, k] = [parameters.byteOffset, discs.byteOffset, mean.byteOffset, keep.byteOffset];
  const [n, c, f, g] = [noise.byteOffset, costs.byteOffset, distances.byteOffset, costToGo.byteOffset];
  const s = slowness.byteOffset;
  return {
    kind: "webassembly",
    memory,
    rollOut: (count) => run(p, d, m, k, n, c, f, g, s, count, samples, steps, cells),
  };
}
