import type { BoardReading } from "#lib/board";
import type { MotionReport } from "../control/control.ts";
import type { RobotView } from "../core/situation.ts";
import type { JournalRange } from "../journal/journal.ts";
import type { ChannelName, Reading } from "./channels.ts";

/** What the channels are read from. */
export interface ChannelSources {
  readonly report: () => MotionReport | undefined;
  readonly robot: () => RobotView;
  readonly journal: () => JournalRange;
  /** Blocks that the cloud has not acknowledged, as known lately. */
  readonly waitingBlocks: () => number;
}

const MEGA = 1e6;
const HEALTH = { ok: 0, degraded: 1, down: 2 } as const;

/** Reads a channel of the robot as it is now; undefined while its source has said nothing. */
export function readChannel(sources: ChannelSources, channel: ChannelName): Reading | undefined {
  return READERS[channel](sources);
}

const READERS: Readonly<Record<ChannelName, (sources: ChannelSources) => Reading | undefined>> = {
  pose({ report }) {
    const newest = report();
    return newest?.isLocalised ? { ...newest.pose, sigmaXy: newest.sigmaXy } : undefined;
  },
  speed: ({ report }) => report()?.velocity && { ...report()!.velocity },
  battery: ({ robot }) => ({ battery: robot().battery }),
  scan: ({ report }) => report()?.scan && { ...report()!.scan },
  motion({ report }) {
    const newest = report();
    if (!newest) return undefined;
    const { latenessMsMax, latenessMsP99, gateStops } = newest.counters;
    return { latenessMsMax, latenessMsP99, gateStops, driven: newest.driven };
  },
  drivers({ robot }) {
    const states = Object.entries(robot().tools).map(([name, state]) => [name, HEALTH[state]]);
    return Object.fromEntries(states) as Reading;
  },
  board: ({ robot }) => boardReading(robot().board ?? {}),
  link: ({ robot, journal, waitingBlocks }) => {
    const { lastSeq, ackedSeq } = journal();
    return { online: robot().isOnline ? 1 : 0, blocks: waitingBlocks(), events: lastSeq - ackedSeq };
  },
};

function boardReading(board: BoardReading): Reading | undefined {
  if (Object.keys(board).length === 0) return undefined;
  const mega = (bytes: number | undefined): number | undefined => (bytes === undefined ? undefined : bytes / MEGA);
  return {
    loadPerCore: board.loadPerCore,
    memoryAvailable: mega(board.memoryAvailableBytes),
    memoryPressure: board.memoryPressure,
    diskFree: mega(board.diskFreeBytes),
    temperature: board.temperatureCelsius,
    written: mega(board.writtenBytes),
  };
}
