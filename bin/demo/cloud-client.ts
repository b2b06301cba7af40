import type { LogEntry } from "#cloud/io/store-rows";
import type { Answer } from "#cloud/problem";
import type { PushedContract } from "#cloud/push";
import type { ContractView, DeviceView, TaskView } from "#cloud/views";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";

/** The cloud over its own HTTP, as any program would use it. A cloud that does not answer gives undefined. */
export interface CloudClient {
  pushContract(draft: unknown): Promise<Answer<PushedContract>>;
  submitTask(order: unknown): Promise<Answer<TaskView>>;
  task(taskId: string): Promise<TaskView | undefined>;
  device(deviceId: string): Promise<DeviceView | undefined>;
  contract(idOrName: string): Promise<ContractView | undefined>;
  /** Every contract, newest first. */
  contracts(): Promise<readonly ContractView[]>;
  command(idOrName: string, type: "hold" | "resume" | "cancel"): Promise<void>;
  /** Reads `/stream` until the signal, reconnecting where it stopped. */
  follow(onEntry: (entry: LogEntry) => void, signal: AbortSignal): Promise<void>;
}

const RECONNECT_MS = 200;
const NOT_THERE = {
  ok: false,
  problem: { type: "about:blank", title: "No answer", status: 503, detail: "the cloud does not answer" },
} as const;

export function createCloudClient(url: string, log: Log): CloudClient {
  async function get<Body>(path: string): Promise<Body | undefined> {
    const response = await fetch(`${url}${path}`).catch(() => undefined);
    return response?.ok ? ((await response.json()) as Body) : undefined;
  }
  async function post<Value>(path: string, sent: unknown): Promise<Answer<Value>> {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(sent) };
    const response = await fetch(`${url}${path}`, request).catch(() => undefined);
    if (!response) return NOT_THERE;
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, value: body as Value };
    return { ok: false, problem: body as Extract<Answer<never>, { ok: false }>["problem"] };
  }
  return {
    pushContract: (draft) => post<PushedContract>("/contracts", draft),
    submitTask: (order) => post<TaskView>("/tasks", order),
    task: (taskId) => get(`/tasks/${taskId}`),
    device: (deviceId) => get(`/devices/${deviceId}`),
    contract: (idOrName) => get(`/contracts/${idOrName}`),
    async contracts() {
      const page = await get<{ items: readonly { contractId: string }[] }>("/contracts?limit=200");
      const views = await Promise.all(
        (page?.items ?? []).map(({ contractId }) => get<ContractView>(`/contracts/${contractId}`)),
      );
      return views.filter((view) => view !== undefined);
    },
    async command(idOrName, type) {
      const response = await fetch(`${url}/contracts/${idOrName}/${type}`, { method: "POST" });
      await response.body?.cancel();
    },
    async follow(onEntry, signal) {
      let lastId = 0;
      while (!signal.aborted) {
        try {
          for await (const entry of streamOf(url, lastId, signal)) {
            lastId = entry.id;
            onEntry(entry);
          }
        } catch (thrown) {
          // The cloud is down or going down; the stream resumes behind the last entry that was seen.
          if (!signal.aborted) log.debug({ err: messageOf(thrown) }, "stream interrupted");
        }
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    },
  };
}

/** Entries of the cloud's log as server-sent events bring them. */
async function* streamOf(url: string, lastId: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
  const headers = lastId === 0 ? {} : { "last-event-id": String(lastId) };
  const response = await fetch(`${url}/stream`, { headers, signal });
  if (!response.body) return;
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split("\n").flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
      if (data.length > 0) yield JSON.parse(data.join("\n")) as LogEntry;
    }
  }
}
