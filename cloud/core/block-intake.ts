/** What is to be done with a block of telemetry. */
export type BlockVerdict =
  /** It continues what is committed. */
  | "commit"
  /** It is committed already: acknowledge it again. */
  | "repeat"
  /** A block before it is missing: acknowledge what there is, the device goes back to it. */
  | "gap";

/**
 * Judges a block of one lane by the newest committed one (0 before the first). Numbers may skip: `after` names the block before, which a
 * device joins with its neighbour when it thins; a device that names none is taken at its word.
 */
export function judgeBlock(
  committedSeq: number,
  block: { readonly blockSeq: number; readonly after?: number | undefined },
): BlockVerdict {
  if (block.blockSeq <= committedSeq) return "repeat";
  if (block.after === undefined || block.after <= committedSeq) return "commit";
  return "gap";
}
