import type { Clock } from "#lib/clock";
import type { ToolDrivers } from "#drivers/driver";
import type { Control } from "../control/control.ts";
import type { ToolResult, Verification } from "../core/situation.ts";
import { type CleaningDeps, createClean } from "./cleaning/clean.ts";
import type { Desk } from "../operator/desk.ts";
import { PROMPTED_ACTIONS } from "../operator/prompts.ts";
import { createNavigate } from "./navigate.ts";
import { createPick } from "./pick.ts";
import { createPlace } from "./place.ts";
import { createPrompted } from "./prompted.ts";
import { createScan } from "./scan.ts";
import type { Tool, ToolRequest } from "./tool.ts";
import { createWait } from "./wait.ts";

export interface ToolDeps {
  readonly clock: Clock;
  readonly control: Control;
  readonly drivers: ToolDrivers;
  /** What cleaning takes of profile and place. */
  readonly cleaning: Pick<CleaningDeps, "robot" | "mapOf">;
  /** Of a device that is carried: its tools are a person, who is asked here. */
  readonly desk?: Desk | undefined;
}

/** The only way to a tool; nothing that the contract's scope does not name passes here, whoever asks. */
export interface Tools {
  act(request: ToolRequest, signal: AbortSignal): Promise<ToolResult>;
  verify(request: ToolRequest): Promise<Verification>;
}

/** The tools of this device by the names of their actions. */
export function createTools(deps: ToolDeps): Tools {
  const tools: ToolTable = {
    ...(deps.desk ? peoplesTools(deps.desk) : machineTools(deps)),
    wait: createWait(deps.clock),
  };
  return {
    act(request, signal) {
      const tool = inScope(request) ? tools[request.stage.action] : undefined;
      if (tool) return endingAtAbort(tool.act(request, signal), signal);
      const detail = `${request.stage.action} is not in the contract's scope`;
      return Promise.resolve({ type: "failed", code: "out_of_scope", detail });
    },
    async verify(request) {
      const tool = tools[request.stage.action];
      return tool ? await tool.verify(request) : { answer: "unknown", detail: "there is no tool to ask" };
    },
  };
}

type ToolTable = Readonly<Record<string, Tool>>;

function machineTools({ clock, control, drivers, cleaning }: ToolDeps): ToolTable {
  const handling = { clock, control, load: drivers.load };
  return {
    navigate: createNavigate({ clock, control }),
    pick: createPick(handling),
    place: createPlace(handling),
    scan: createScan(drivers.scanner),
    clean: createClean({ clock, control, head: drivers.cleaner, ...cleaning }),
  };
}

function peoplesTools(desk: Desk): ToolTable {
  return Object.fromEntries(PROMPTED_ACTIONS.map((action) => [action, createPrompted(desk)]));
}

function inScope({ contract, stage }: ToolRequest): boolean {
  return contract.scope.actions.some((entry) => entry.action === stage.action);
}

/** A device that hangs must not hang the stage: broken off is broken off, whatever the tool still waits for. */
function endingAtAbort(ended: Promise<ToolResult>, signal: AbortSignal): Promise<ToolResult> {
  const aborted = new Promise<ToolResult>((resolve) => {
    const end = (): void => resolve({ type: "interrupted" });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  return Promise.race([ended, aborted]);
}
