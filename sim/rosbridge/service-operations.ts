import { z } from "zod";
import type { Cancel, Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Leave, Service } from "./graph.ts";
import { populate, type RosMessage, toJson } from "./message-values.ts";
import {
  failureText,
  idOf,
  type Operations,
  type OperationId,
  populateArgs,
  type SessionContext,
} from "./session-context.ts";

const AdvertiseService = z.looseObject({ service: z.string(), type: z.string() });
const OnService = z.looseObject({ service: z.string() });
const CallService = z.looseObject({ service: z.string(), args: z.unknown().optional(), timeout: z.number().nullish() });
const ServiceResponse = z.looseObject({
  service: z.string(),
  id: z.union([z.string(), z.number()]),
  values: z.unknown().optional(),
  result: z.boolean(),
});

/** A call without a time limit of its own is given up after this. */
const TIMEOUT_S = 5;

interface Pending {
  readonly service: Service | undefined;
  readonly name: string;
  readonly resolve: (response: RosMessage) => void;
  readonly reject: (error: AgentError) => void;
}

/** call_service, advertise_service, unadvertise_service, service_response. */
export function serviceOperations(context: SessionContext): Operations {
  const { clock, graph, say, status } = context;
  const offered = new Map<string, Leave>();
  const pending = new Map<string | number, Pending>();
  let lastId = 0;

  async function call(message: unknown, id: OperationId): Promise<void> {
    const { service: name, args, timeout } = CallService.parse(message);
    const answer = (values: unknown, result: boolean): void =>
      say({ op: "service_response", service: name, values, result, ...idOf(id) });
    const service = graph.service(name);
    if (!service) return answer(`Service ${name} does not exist`, false);
    const request = populateArgs(service.request, args, clock.wallMs());
    if (!request.ok) return answer(request.reason, false);
    try {
      const response = await inTime(clock, service.handle(request.message), timeout ?? TIMEOUT_S, name);
      answer(toJson(response, graph.types.version), true);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      status("error", `call_service: ${thrown.message}`, id);
      answer(thrown.message, false);
    }
  }
  /** Asks the client, which offers the service, and waits for its answer. */
  function forward(name: string, request: RosMessage): Promise<RosMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<RosMessage>();
    const id = `service_request:${name}:${++lastId}`;
    pending.set(id, { service: graph.service(name), name, resolve, reject });
    say({ op: "call_service", id, service: name, args: toJson(request, graph.types.version) });
    return promise;
  }
  function settle(message: unknown, id: OperationId): void {
    const response = ServiceResponse.parse(message);
    const waiting = pending.get(response.id);
    if (!waiting) return status("error", `service_response: nobody waits for ${response.id}`, id);
    pending.delete(response.id);
    const type = waiting.service?.response;
    const populated = type && response.result ? populate(type, response.values ?? {}, clock.wallMs()) : undefined;
    if (populated?.ok) waiting.resolve(populated.message);
    else waiting.reject(failed(populated ? populated.reason : failureText(response.values)));
  }
  function withdraw(name: string): void {
    offered.get(name)?.();
    offered.delete(name);
    for (const [id, waiting] of pending) {
      if (waiting.name !== name) continue;
      pending.delete(id);
      waiting.reject(failed(`Service ${name} was unadvertised with a service call in progress`));
    }
  }
  return {
    byOp: {
      call_service: call,
      service_response: settle,
      advertise_service(message, id) {
        const { service, type } = AdvertiseService.parse(message);
        withdraw(service);
        const result = graph.serve(service, type, (request) => forward(service, request));
        if (result.ok) offered.set(service, result.value);
        else status("error", `advertise_service: ${result.reason}`, id);
      },
      unadvertise_service(message, id) {
        const { service } = OnService.parse(message);
        if (offered.has(service)) withdraw(service);
        else status("error", `unadvertise_service: ${service} is not advertised by this client`, id);
      },
    },
    end() {
      for (const name of offered.keys()) withdraw(name);
    },
  };
}

async function inTime(
  clock: Clock,
  response: Promise<RosMessage>,
  timeoutS: number,
  name: string,
): Promise<RosMessage> {
  if (timeoutS <= 0) return response;
  const late = Promise.withResolvers<never>();
  const stop: Cancel = clock.after(timeoutS * 1000, () =>
    late.reject(failed(`Timeout exceeded while waiting for service ${name}`)),
  );
  return Promise.race([response, late.promise]).finally(stop);
}

function failed(reason: string): AgentError {
  return new AgentError("driver.failed", reason);
}
