import { z } from "zod";
import type { Route } from "../route.ts";

const State = z.object({ status: z.string() });

const healthz: Route = {
  method: "GET",
  path: "/healthz",
  operationId: "healthz",
  summary: "Whether the process answers",
  access: "open",
  success: { status: 200, description: "it does", schema: State },
  handle: () => ({ status: 200, body: { status: "ok" } }),
};

const readyz: Route = {
  method: "GET",
  path: "/readyz",
  operationId: "readyz",
  summary: "Whether the cloud can work: 503 while the broker cannot be reached",
  access: "open",
  success: { status: 200, description: "it can", schema: State },
  handle: (execution) =>
    execution.isReady()
      ? { status: 200, body: { status: "ready" } }
      : { status: 503, body: { status: "the broker cannot be reached" } },
};

/** Probes. */
export const probeRoutes: readonly Route[] = [healthz, readyz];
