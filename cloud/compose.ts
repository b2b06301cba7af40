import { AgentError, messageOf } from "#lib/errors";
import type { ExecutionConfig } from "./config.ts";
import { startExecution, type Execution, type ExecutionDeps } from "./execution.ts";
import { createHttpServer } from "./io/http.ts";
import { present } from "./present.ts";

export interface CloudDeps extends ExecutionDeps {
  /** Where to answer HTTP, and the program's version for `/openapi.json`; without it there is none. */
  readonly http?: { readonly host: string; readonly port: number; readonly version: string };
}

/** A running cloud. Disposing of it ends HTTP first, then the broker link; the store stays the caller's to close. */
export interface Cloud extends AsyncDisposable {
  readonly execution: Execution;
  /** Where it answers HTTP, with the port that the system chose. */
  readonly httpUrl?: string;
}

/**
 * The cloud from its parts, the same in production and in a simulation. Rejects `config.port_in_use` when the HTTP address
 * is taken; what already ran is then ended.
 */
export async function composeCloud(config: ExecutionConfig, deps: CloudDeps): Promise<Cloud> {
  await using stack = new AsyncDisposableStack();
  const execution = stack.use(await startExecution(config, deps));
  const httpUrl = deps.http && (await listen(deps, deps.http, execution, stack));
  const running = stack.move();
  return {
    execution,
    ...present({ httpUrl }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listen(
  deps: CloudDeps,
  address: NonNullable<CloudDeps["http"]>,
  execution: Execution,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { clock, rng, log } = deps;
  const { host, port, version } = address;
  const server = createHttpServer({ execution, clock, rng: rng.fork("http"), log, version });
  stack.defer(() => server.close());
  try {
    return await server.listen({ host, port });
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    const isTaken = code === "EADDRINUSE";
    const why = isTaken ? "is in use by another program" : `cannot be listened on: ${messageOf(thrown)}`;
    throw new AgentError(isTaken ? "config.port_in_use" : "config.invalid", `HTTP address ${host}:${port} ${why}`, {
      cause: thrown,
    });
  }
}
