import { assign, setup, transition } from "xstate";
import {
  CONTRACT_STATUSES,
  STATUS_TRANSITIONS,
  type ContractStatus,
  type StatusEvent,
  type StatusTransition,
  type WorkPhase,
} from "./status.ts";

const contractSetup = setup({
  types: {
    context: {} as { readonly phase: WorkPhase },
    events: {} as { readonly type: StatusEvent },
  },
  guards: {
    begun: ({ context }) => context.phase === "begun",
    "not-begun": ({ context }) => context.phase === "not-begun",
  },
  actions: {
    begin: assign({ phase: "begun" }),
  },
});

/**
 * The life of one contract as a statechart, made from the rows of `STATUS_TRANSITIONS` and nothing else. Statuses that no
 * row leads out of are final states. The reducer moves statuses through it.
 */
export const contractMachine = contractSetup.createMachine({
  id: "contract",
  context: { phase: "not-begun" },
  initial: "draft",
  states: Object.fromEntries(CONTRACT_STATUSES.map((status) => [status, stateOf(status)])),
});

/** The status that an event moves a contract to, or undefined when it changes nothing. Pure: no actor is started. */
export function moveStatus(from: ContractStatus, phase: WorkPhase, event: StatusEvent): ContractStatus | undefined {
  const before = contractMachine.resolveState({ value: from, context: { phase } });
  const [after] = transition(contractMachine, before, { type: event });
  const value: unknown = after.value;
  const to = CONTRACT_STATUSES.find((status) => status === value);
  return to === from ? undefined : to;
}

function stateOf(status: ContractStatus): Parameters<typeof contractSetup.createStateConfig>[0] {
  const rows = STATUS_TRANSITIONS.filter((row) => row.from === status);
  if (rows.length === 0) return { type: "final" };
  const events = [...new Set(rows.map((row) => row.event))];
  return {
    on: Object.fromEntries(events.map((event) => [event, rows.filter((row) => row.event === event).map(edge)])),
  };
}

function edge({ to, when, event }: StatusTransition): object {
  return {
    target: to,
    ...(when === undefined ? {} : { guard: when }),
    ...(event === "contract.started" ? { actions: "begin" } : {}),
  };
}
