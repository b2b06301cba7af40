import type { Rng } from "#lib/rng";
import type { Specimen } from "./specimen.ts";

/** What flash, controllers and people do to files. */
export const DAMAGES = [
  "bytes flipped in the file",
  "bytes flipped in the log",
  "pages zeroed",
  "pages swapped",
  "file cut short",
  "log cut short",
  "log missing",
  "header overwritten",
  "file missing, log left",
] as const;
export type Damage = (typeof DAMAGES)[number];

type Files = Pick<Specimen, "file" | "log">;

const PAGE_BYTES = 4096;
const FLIPS_MAX = 20;
const PAGES_MAX = 5;

/** The files after the damage; those given are left as they are. */
export function damaged({ file, log }: Files, damage: Damage, rng: Rng): Files {
  switch (damage) {
    case "bytes flipped in the file":
      return { file: flipped(file, rng), log };
    case "bytes flipped in the log":
      return { file, log: flipped(log, rng) };
    case "pages zeroed":
      return { file: zeroed(file, rng), log };
    case "pages swapped":
      return { file: swapped(file, rng), log };
    case "file cut short":
      return { file: file.slice(0, rng.integer(0, file.length)), log };
    case "log cut short":
      return { file, log: log.slice(0, rng.integer(0, log.length)) };
    case "log missing":
      return { file, log: new Uint8Array() };
    case "header overwritten":
      return { file: noisyHeader(file, rng), log };
    case "file missing, log left":
      return { file: new Uint8Array(), log };
  }
}

function flipped(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  for (let flips = rng.integer(1, FLIPS_MAX); flips > 0; flips--) {
    const at = rng.integer(0, copy.length - 1);
    copy[at] = copy[at]! ^ (1 << rng.integer(0, 7));
  }
  return copy;
}

function zeroed(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  for (let pages = rng.integer(1, PAGES_MAX); pages > 0; pages--) pageOf(copy, rng).fill(0);
  return copy;
}

function swapped(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  const [one, other] = [pageOf(copy, rng), pageOf(copy, rng)];
  const kept = one.slice();
  one.set(other);
  other.set(kept);
  return copy;
}

function noisyHeader(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at < 100; at++) copy[at] = rng.integer(0, 255);
  return copy;
}

function pageOf(bytes: Uint8Array, rng: Rng): Uint8Array {
  const page = rng.integer(0, Math.floor(bytes.length / PAGE_BYTES) - 1);
  return bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
}
