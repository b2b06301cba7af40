/** How a computer is doing; what it can't tell is absent. */
export interface BoardReading {
  /** Processes that run or wait for each core, averaged over a minute. */
  readonly loadPerCore?: number;
  readonly memoryAvailableBytes?: number;
  /** Share of the last 10 s in which something waited for memory (Linux PSI). */
  readonly memoryPressure?: number;
  /** Free for this program, where its data are. */
  readonly diskFreeBytes?: number;
  readonly temperatureCelsius?: number;
  /** Bytes that this program has caused to be written to disk since it started. */
  readonly writtenBytes?: number;
  /** Bytes written to the device that holds the data, by anybody, since the system started. */
  readonly deviceWrittenBytes?: number;
  /** Share of its life that the device says is used, in tenths (eMMC). */
  readonly deviceLifeUsed?: number;
}

/** Processes for each core beyond which a board is busy: worth a word, and no reason to let work wait. */
export const BUSY_LOAD_PER_CORE = 2;

/** Asks a computer how it is doing. */
export interface BoardProbe {
  read(): Promise<BoardReading>;
}
