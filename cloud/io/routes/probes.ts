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

/** What stands at the address until there is a page. */
const index: Route = {
  method: "GET",
  path: "/",
  operationId: "index",
  summary: "What this is, and where to go on",
  access: "open",
  success: { status: 200, description: "a signpost", schema: z.record(z.string(), z.string()) },
  handle: () => ({
    status: 200,
    body: {
      what: "Holdfast cloud: pushes execution contracts to devices, projects them while they are offline, and reconciles",
      devices: "/devices",
      contracts: "/contracts",
      stream: "/stream",
      api: "/openapi.json",
    },
  }),
};

/** Probes and the signpost at the root. */
export const probeRoutes: readonly Route[] = [index, healthz, readyz];
