/** What a write-ahead log holds: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. */
export interface WalContent {
  /** The newest image of each page, by page number, in what was committed. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** Whether a frame was changed after it had been committed; SQLite forgets it and all that follow, without a word. */
  readonly isDamaged: boolean;
}

export const PAGE_BYTES = 4096;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;
/** Checksums are over words in the byte order that the last bit says; SQLite writes the machine's own. */
const MAGIC = 0x377f0682;

interface Frame {
  readonly page: number;
  /** Of the last frame of a transaction: the pages of the database after it. */
  readonly isCommit: boolean;
  readonly image: Uint8Array;
  /** Whether its checksum continues those of the frames before it. */
  readonly isSound: boolean;
}

/**
 * Reads a log of a database with pages of 4096 bytes. A frame behind one whose checksum is wrong is taken all the same, for
 * whoever can judge what is in it. Empty when there is no log.
 */
export function readWal(bytes: Uint8Array): WalContent {
  const frames = framesOf(bytes);
  const lastCommit = frames.findLastIndex(({ isCommit }) => isCommit);
  const committed = frames.slice(0, lastCommit + 1);
  const firstUnsound = frames.findIndex(({ isSound }) => !isSound);
  // A transaction is on the disk before the next is written, so only the last one may be torn by a power cut.
  const commitsBehind = firstUnsound < 0 ? 0 : frames.slice(firstUnsound).filter(({ isCommit }) => isCommit).length;
  return { pages: new Map(committed.map(({ page, image }) => [page, image])), isDamaged: commitsBehind > 1 };
}

/** The frames of this round of the log: the salts of others are of earlier rounds. */
function framesOf(bytes: Uint8Array): readonly Frame[] {
  if (bytes.length < HEADER_BYTES + FRAME_BYTES) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = (view.getUint32(0) & 1) === 0;
  let sum = checksum(view, { from: 0, to: 24 }, isLittle, [0, 0]);
  const isHeaderSound =
    (view.getUint32(0) & ~1) >>> 0 === MAGIC && view.getUint32(24) === sum[0] && view.getUint32(28) === sum[1];
  // Where the header is lost, the first frame tells the salts of the round.
  const saltsAt = isHeaderSound ? 16 : HEADER_BYTES + 8;
  const salts = [view.getUint32(saltsAt), view.getUint32(saltsAt + 4)];
  const frames: Frame[] = [];
  let isSound = isHeaderSound;
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES) {
    const isOfRound = view.getUint32(at + 8) === salts[0] && view.getUint32(at + 12) === salts[1];
    sum = checksum(view, { from: at, to: at + 8 }, isLittle, sum);
    sum = checksum(view, { from: at + FRAME_HEADER_BYTES, to: at + FRAME_BYTES }, isLittle, sum);
    isSound &&= isOfRound && view.getUint32(at + 16) === sum[0] && view.getUint32(at + 20) === sum[1];
    if (!isOfRound) continue;
    const image = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_BYTES);
    frames.push({ page: view.getUint32(at), isCommit: view.getUint32(at + 4) !== 0, image, isSound });
  }
  return frames;
}

type Sum = readonly [number, number];

function checksum(view: DataView, { from, to }: { from: number; to: number }, isLittle: boolean, [a, b]: Sum): Sum {
  let [s0, s1] = [a, b];
  for (let at = from; at < to; at += 8) {
    s0 = (s0 + view.getUint32(at, isLittle) + s1) >>> 0;
    s1 = (s1 + view.getUint32(at + 4, isLittle) + s0) >>> 0;
  }
  return [s0, s1];
}
