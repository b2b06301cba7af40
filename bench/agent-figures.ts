import { setTimeout as wait } from "node:timers/promises";
import { agentPid, memoryOf, type Memory } from "./agent-process.ts";
import type { Figure } from "./figure.ts";
import type { Chapter } from "./measurements-page.ts";
import { startRealSite, type RealSite } from "./real-site.ts";

const FIRST_ARRIVALS = 5;
const WARM_ARRIVALS = 15;
const IDLE_S = 4;
const UNDER_WAY_S = 12;
const SAMPLE_MS = 250;
const RSS_GOAL = { of: "median", limit: 110 } as const;
const STORED_GOAL = { of: "median", limit: 50 } as const;

/** What `docs/configuration.md` recommends for small boards; the agent inherits it from here. */
const SMALL = { NODE_OPTIONS: "--max-semi-space-size=1 --v8-pool-size=1", MALLOC_ARENA_MAX: "1" };

/** Memory of the agent as it is started by default, and how soon it answers and moves. */
export async function measureAgent(): Promise<Chapter[]> {
  await using site = await startRealSite();
  // Whatever is not in the compile cache yet gets there at the first start; the second is the ordinary one.
  await site.restartAgent();
  const idle = await sampleMemory(IDLE_S);
  const first = await measureArrivals(site, FIRST_ARRIVALS, () => site.restartAgent());
  const warm = await measureArrivals(site, WARM_ARRIVALS, () => Promise.resolve());
  await site.push();
  await site.firstMotion();
  const underWay = await sampleMemory(UNDER_WAY_S);
  return [
    {
      title: "Answering and starting",
      figures: [
        ...arrivalFigures("first contract after a start", first),
        ...arrivalFigures("later contracts with the same map", warm),
      ],
      remarks: [ARRIVAL_REMARK],
    },
    memoryChapter("Memory of the agent, started plainly", idle, underWay),
  ];
}

/** Memory of the agent with the settings for small boards. */
export async function measureSmallAgent(): Promise<Chapter> {
  for (const [name, value] of Object.entries(SMALL)) process.env[name] = value;
  try {
    await using site = await startRealSite();
    await site.restartAgent();
    const idle = await sampleMemory(IDLE_S);
    await site.push();
    await site.firstMotion();
    const settings = Object.entries(SMALL).map(([name, value]) => `${name}="${value}"`);
    const chapter = memoryChapter("Memory of the agent on a small board", idle, await sampleMemory(UNDER_WAY_S));
    return { ...chapter, remarks: [`Started with \`${settings.join(" ")}\`.`, REMARK] };
  } finally {
    for (const name of Object.keys(SMALL)) delete process.env[name];
  }
}

const ARRIVAL_REMARK =
  "A contract that arrives first after a start pays for decoding its map (1.7 million cells) with cold memory and little compiled code. The later ones here bring the same map, which is remembered decoded and prepared for planning; one with another map would pay for both again.";

const REMARK =
  "Of the resident memory, some 58 MB are pages of the Node binary itself, which all Node processes of a machine share; the rest (anonymous) is " +
  "the agent's own: three JavaScript heaps (main, motion, storage), of which an empty worker alone takes about 13 MB, compiled code, and the " +
  "maps of the contract under way in two threads.";

interface Arrival {
  readonly storedAfterMs: number;
  readonly movedAfterMs: number;
}

async function measureArrivals(site: RealSite, count: number, prepare: () => Promise<void>): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for (let at = 0; at < count; at++) {
    await prepare();
    const moved = site.firstMotion();
    const { contractId, contractMs, storedMs } = await site.push();
    arrivals.push({ storedAfterMs: storedMs - contractMs, movedAfterMs: (await moved) - contractMs });
    await site.cancel(contractId);
  }
  return arrivals;
}

function arrivalFigures(which: string, arrivals: readonly Arrival[]): Figure[] {
  return [
    {
      what: `arrival to durable acknowledgement, ${which}`,
      unit: "ms",
      better: "lower",
      goal: STORED_GOAL,
      samples: arrivals.map(({ storedAfterMs }) => storedAfterMs),
      how: "at the broker: contract passed on to `stored` passed on",
    },
    {
      what: `arrival to first motion, ${which}`,
      unit: "ms",
      better: "lower",
      samples: arrivals.map(({ movedAfterMs }) => movedAfterMs),
      how: "contract passed on to the true speed leaving 0; asked every 2 ms",
    },
  ];
}

async function sampleMemory(seconds: number): Promise<Memory[]> {
  const pid = agentPid();
  const samples: Memory[] = [];
  for (let ms = 0; ms < seconds * 1000; ms += SAMPLE_MS) {
    await wait(SAMPLE_MS);
    samples.push(memoryOf(pid));
  }
  return samples;
}

function memoryChapter(title: string, idle: readonly Memory[], underWay: readonly Memory[]): Chapter {
  const figure = (what: string, part: keyof Memory, memory: readonly Memory[], how: string): Figure => ({
    what,
    unit: "MB",
    better: "lower",
    samples: memory.map((sample) => sample[part]),
    ...(part === "resident" ? { goal: RSS_GOAL } : {}),
    how,
  });
  return {
    title,
    figures: [
      figure("resident, idle", "resident", idle, "`VmRSS` of the agent, connected, without a contract"),
      figure("anonymous, idle", "anonymous", idle, "`RssAnon`, the same moments"),
      figure("resident, under way", "resident", underWay, "`VmRSS` while it drives the warehouse contract"),
      figure("anonymous, under way", "anonymous", underWay, "`RssAnon`, the same moments"),
    ],
  };
}
