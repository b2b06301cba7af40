import { join } from "node:path";
import type { LogEntry } from "#cloud/io/store-rows";
import type { ContractDraft } from "#contract/contract";
import type { Event } from "#contract/event";
import { isFinal, type ContractStatus } from "#contract/status";
import { AgentError, assert } from "#lib/errors";
import { createSystemClock, monotonicMs } from "#lib/node/system-clock";
import { type Clock, sleep } from "#lib/clock";
import { loadScenario } from "#sim/scenario-file";
import { startSiteProcesses, type SiteProcesses } from "../../bin/demo/site-processes.ts";
import { Feed } from "./feed.ts";

/** Cloud, world and one agent as processes, and what the test has heard of them. */
export interface Site extends AsyncDisposable {
  readonly processes: SiteProcesses;
  /** The one that all processes share. */
  readonly clock: Clock;
  readonly deviceId: string;
  /** The contract of the scenario. */
  readonly draft: ContractDraft;
  /** What the device has told its log of its journal; fails when a process ends by itself. */
  readonly events: Feed<Event>;
  /** What the cloud's stream has told. */
  readonly told: Feed<LogEntry>;
  /** Pushes the scenario's contract, or another, as soon as the device is free to take it; answers its id. */
  push(other?: ContractDraft): Promise<string>;
  /** Starts the cloud again and resolves when it is ready to work. */
  startCloud(): Promise<void>;
  /** Resolves when the contract has this status. */
  status(contractId: string, status: ContractStatus): Promise<void>;
  /** The status with which the contract ended. */
  end(contractId: string): Promise<ContractStatus>;
  /** Resolves when the device is in this mode, looking at what the cloud says from index `from` of `told` on. */
  mode(mode: string, from?: number): Promise<void>;
}

const PUSH_AGAIN_MS = 100;
const READY_AGAIN_MS = 100;
const PUSH_WITHIN_MS = 60_000;

export interface SiteOptions {
  /** Simulated seconds per real second. */
  readonly factor: number;
  readonly seed: number;
  /** How `cloud` and the device reach a broker that is there already, as configuration. */
  readonly access?: (who: string) => object;
  /** More of the agent's configuration. */
  readonly agentSettings?: object;
  /** Makes the contract that is pushed from that of the scenario. */
  readonly change?: (draft: ContractDraft) => ContractDraft;
}

/** Starts a scenario of `scenarios/` with one robot and one contract; nothing is pushed yet. */
export async function startSite(
  name: string,
  { factor, seed, change, access, agentSettings }: SiteOptions,
): Promise<Site> {
  const scenarioFile = join(import.meta.dirname, "scenarios", `${name}.yaml`);
  const { scenario, profiles, contracts } = loadScenario(scenarioFile);
  const [robot, contract] = [scenario.robots[0], contracts[0]];
  assert(robot && contract, "the scenario has a robot and a contract");
  const draft = change ? change(contract.draft) : contract.draft;
  const scale = { factor, originMs: monotonicMs() };
  const clock = createSystemClock(scale);
  const [events, told] = [new Feed<Event>(), new Feed<LogEntry>()];
  const fail = (reason: string): void => {
    events.fail(reason);
    told.fail(reason);
  };
  const onEvent = (_deviceId: string, event: Event): void => events.add(event);
  const given = { ...(access && { access }), ...(agentSettings && { agentSettings }) };
  const options = { scenarioFile, seed, scale, clock, profiles, onCrash: fail, onEvent, ...given };
  const processes = await startSiteProcesses(options);
  const reading = new AbortController();
  processes.client
    .follow((entry) => told.add(entry), reading.signal)
    .catch((thrown: unknown) => fail(`the stream: ${String(thrown)}`));
  return {
    processes,
    clock,
    deviceId: robot.id,
    draft,
    events,
    told,
    push: (other = draft) => pushWhenFree(processes, other),
    async startCloud() {
      await processes.startCloud();
      while (!(await fetch(`${processes.cloudUrl}/readyz`)).ok) await sleep(clock, READY_AGAIN_MS);
    },
    async status(contractId, status) {
      await told.find(`${contractId} is ${status}`, (entry) => isOf(entry, contractId) && statusIn(entry) === status);
    },
    async end(contractId) {
      const isEnd = (entry: LogEntry): boolean => isOf(entry, contractId) && isFinal(statusIn(entry));
      return statusIn(await told.find(`the end of ${contractId}`, isEnd));
    },
    async mode(mode, from = 0) {
      const fits = ({ type, data }: LogEntry): boolean => type === "device.mode" && data["to"] === mode;
      await told.find(`mode ${mode}`, fits, { from });
    },
    async [Symbol.asyncDispose]() {
      reading.abort();
      await processes[Symbol.asyncDispose]();
    },
  };
}

function isOf({ type, contractId }: LogEntry, asked: string): boolean {
  return type === "contract.status" && contractId === asked;
}

function statusIn({ data }: LogEntry): ContractStatus {
  return data["to"] as ContractStatus;
}

/** A device that was just started, or is being reconciled, takes nothing yet: 404 and 409 pass. */
async function pushWhenFree({ client }: SiteProcesses, draft: ContractDraft): Promise<string> {
  const untilMs = monotonicMs() + PUSH_WITHIN_MS;
  for (;;) {
    const answer = await client.pushContract(draft);
    if (answer.ok) return answer.value.contractId;
    const { status, detail } = answer.problem;
    const isPassing = status === 404 || status === 409 || status === 503;
    if (!isPassing || monotonicMs() > untilMs) throw new AgentError("http.problem", `push: ${status} ${detail}`);
    await new Promise((resolve) => setTimeout(resolve, PUSH_AGAIN_MS));
  }
}
