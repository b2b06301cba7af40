import { z } from "zod";
import { Name, Uuid7 } from "#contract/identifiers";
import { STATUS_TRANSITIONS, type ContractStatus } from "#contract/status";
import { ContractOrder } from "../../core/equator/excerpt.ts";
import { DivergenceReport } from "../../core/divergence.ts";
import { readAs } from "../../problem.ts";
import { CommandView, CommandWords, ContractSummaryView, ContractView } from "../../views.ts";
import { respond, type Route } from "../route.ts";
import { PageQuery, pageOf } from "./page.ts";

const STATUSES = [...new Set(STATUS_TRANSITIONS.flatMap((row) => [row.from, row.to]))] as [
  ContractStatus,
  ...ContractStatus[],
];

const ContractsQuery = PageQuery.extend({ device: Name.optional(), status: z.enum(STATUSES).optional() });

const Pushed = z.object({ contractId: Uuid7, status: z.enum(STATUSES), epoch: z.number().int() });

const NO_CONTRACT = { 404: "there is no contract of this id or name" };

const pushContract: Route = {
  method: "POST",
  path: "/contracts",
  operationId: "pushContract",
  summary: "Sign a contract, push it to its device, and answer when the device has stored it",
  access: ["integrator"],
  headers: { "idempotency-key": "the same key with the same body is the same request" },
  body: ContractOrder,
  success: { status: 201, description: "the device has stored the contract", schema: Pushed },
  problems: {
    404: "the device was never heard",
    409: "the device is not live, device or task already has an active contract, or the cloud was restored and does not know yet",
    413: "the body is larger than 4 MiB",
    422: "the contract is invalid, or the device refused it; `type` ends with the reason",
    503: "the broker cannot be reached",
    504: "the device did not confirm in time: the contract stays unconfirmed and locked",
  },
  handle: async (execution, { body, header }) => {
    const answer = await execution.pushContract(body, { idempotencyKey: header("idempotency-key") });
    return respond(answer, 201, ({ contractId }) => ({ location: `/contracts/${contractId}` }));
  },
};

const getContract: Route = {
  method: "GET",
  path: "/contracts/{id}",
  operationId: "getContract",
  summary: "A contract, its stages with planned and actual times, its reconciliations and recoveries",
  access: ["reader"],
  success: { status: 200, description: "the contract", schema: ContractView },
  problems: NO_CONTRACT,
  handle: async (execution, { params }) => respond(await execution.getContract(params["id"]!), 200),
};

const listContracts: Route = {
  method: "GET",
  path: "/contracts",
  operationId: "listContracts",
  summary: "Contracts, newest first",
  access: ["reader"],
  query: ContractsQuery,
  success: { status: 200, description: "a page of contracts", schema: pageOf(ContractSummaryView) },
  handle: async (execution, { query }) => {
    const { device: deviceId, ...others } = query as z.infer<typeof ContractsQuery>;
    const { rows: items, ...rest } = await execution.listContracts({ deviceId, ...others });
    return { status: 200, body: { items, ...rest } };
  },
};

const reconcile: Route = {
  method: "POST",
  path: "/contracts/{id}/reconcile",
  operationId: "reconcileContract",
  summary: "Ask the device for its journal now and compare it with the projection",
  access: ["operator", "integrator"],
  success: { status: 200, description: "the divergence", schema: DivergenceReport },
  problems: {
    ...NO_CONTRACT,
    409: "the device cannot be heard; `projection` tells where it should be",
    504: "the device did not send its journal in time",
  },
  handle: async (execution, { params }) => respond(await execution.reconcile(params["id"]!), 200),
};

function commandRoute(type: CommandView["type"], summary: string): Route {
  return {
    method: "POST",
    path: `/contracts/{id}/${type}`,
    operationId: `${type}Contract`,
    summary: `${summary}; kept and sent at its return when the device cannot be heard`,
    access: ["operator", "integrator"],
    body: CommandWords,
    isBodyOptional: true,
    success: { status: 202, description: "the command is on its way", schema: CommandView },
    problems: {
      ...NO_CONTRACT,
      409: "the contract has ended; or none of what holds it is the cloud's",
      422: "the body is not what is expected",
    },
    handle: async (execution, { params, body }) => {
      const words = readAs(CommandWords, body ?? {});
      return words.ok ? respond(await execution.command(params["id"]!, type, words.value), 202) : respond(words, 202);
    },
  };
}

/** Contracts: push, read, reconcile, command. */
export const contractRoutes: readonly Route[] = [
  pushContract,
  listContracts,
  getContract,
  reconcile,
  commandRoute("hold", "Let the robot pause"),
  commandRoute("resume", "Clear the hold that the cloud has placed, or, where it has none, that waits for a person"),
  commandRoute("cancel", "Call the contract off"),
];
