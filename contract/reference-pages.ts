import { ACTIONS } from "./actions.ts";
import { EVENT_DATA, NEVER_COALESCED, type EventType } from "./event-data.ts";
import { EVENT_SUMMARIES } from "./event-summaries.ts";
import { schemaTable } from "./schema-table.ts";
import { STAGE_TRANSITIONS } from "./stage-status.ts";
import { stateDiagram, type Frame } from "./state-diagram.ts";
import { CONTRACT_STATUSES, holdsLock, isFinal, STATUS_TRANSITIONS, type ContractStatus } from "./status.ts";

const NOTICE = "<!-- Generated from contract/ by `npm run generate`; edit there. -->\n";

/** `docs/events.md`: every type of the journal, when it is written, and its data. */
export function eventsPage(): string {
  const types = Object.keys(EVENT_DATA) as EventType[];
  const sections = types.map(
    (type) =>
      `## \`${type}\`\n\n${EVENT_SUMMARIES[type]}${NEVER_COALESCED.has(type) ? " Never coalesced." : ""}\n\n` +
      schemaTable(EVENT_DATA[type]),
  );
  return page(
    "Events of the journal",
    `Every event is \`{seq, id, at, monoMs, clock, type, contractId?, revision?, epoch?, stageId?, data}\`; this page lists the \`data\` of
each type. Members that are not listed may be there and are kept. A reader stores and passes on types that it does not know.
Events that belong to no contract are coalesced to 6 a minute and type, unless it says otherwise here. The schema is
\`contract/schema/event.json\`.\n`,
    sections,
  );
}

/** `docs/actions.md`: what a stage may do, with what, and what is known after a crash. */
export function actionsPage(): string {
  const sections = Object.entries(ACTIONS).map(([name, action]) => {
    const tools = action.tools.length === 0 ? "none" : action.tools.map(code).join(", ");
    const effect = action.isIrreversible
      ? "Its effect can't be undone by doing nothing: it is verified before it is repeated."
      : "It may be repeated.";
    return (
      `## \`${name}\`\n\n${action.summary} ${effect}\n\n- tools: ${tools}\n` +
      `- after a crash, \`verify\` answers ${action.verify.map(code).join(", ")}\n\n` +
      `### Inputs of \`${name}\`\n\n${schemaTable(action.inputs)}\n### Output of \`${name}\`\n\n${schemaTable(action.output)}`
    );
  });
  return page(
    "Actions",
    "What the `action` of a stage may be. An action that is not in the contract's `scope.actions` is never executed, whoever asks.\n",
    sections,
  );
}

/** `docs/statuses.md`: the life of a contract as a table and as a diagram. */
export function statusesPage(): string {
  const statuses = CONTRACT_STATUSES.map(
    (status) => `| \`${status}\` | ${holdsLock(status) ? "locked" : "free"} | ${isFinal(status) ? "final" : ""} |`,
  );
  const rows = STATUS_TRANSITIONS.map(
    ({ from, event, to, writer, when }) =>
      `| \`${from}\` | \`${event}\`${when ? `, work ${phrase(when)}` : ""} | \`${to}\` | ${writer} |`,
  );
  const stageRows = STAGE_TRANSITIONS.map(
    ({ from, event, to, when }) => `| \`${from}\` | \`${event}\`${when ? `, ${when}` : ""} | \`${to}\` |`,
  );
  return page(
    "Statuses of a contract",
    `The table is the authority: the reducer of device and cloud, and the state machine, are made from it. An event that is not
listed for a status changes nothing; so a \`cancel\` that meets \`completed\` loses. \`contract.resumed\` counts only when it clears the
last hold.\n`,
    [
      `## Statuses\n\n| status | device and task | |\n|---|---|---|\n${statuses.join("\n")}\n`,
      `## Transitions\n\n| from | event | to | written by |\n|---|---|---|---|\n${rows.join("\n")}\n`,
      `## Diagram\n\n\`\`\`mermaid\n${contractDiagram()}\n\`\`\`\n`,
      `## Stages\n\n${STAGES_INTRODUCTION}\n| from | event | to |\n|---|---|---|\n${stageRows.join("\n")}\n`,
      `## Diagram of a stage\n\n\`\`\`mermaid\n${stageDiagram()}\n\`\`\`\n`,
    ],
  );
}

const STAGES_INTRODUCTION = `The life of one stage, from the table that the reducer uses. What is not listed changes nothing: a stage that is
\`completed\` or \`skipped\` stays so. An attempt counts when its number is new, a verdict when it is about the last attempt.
`;

/** Statuses that the diagram frames, because they share most of their ways out. */
const FRAMES = [
  { id: "awaiting", title: "awaiting an answer", states: ["pushed", "unconfirmed"] },
  { id: "under_way", title: "under way", states: ["accepted", "running", "held"] },
] as const satisfies readonly Frame[];

/** What leads out of a whole frame starts at the frame. */
function contractDiagram(): string {
  const edges = STATUS_TRANSITIONS.map(({ from, event, to, when }) => {
    const label = event.replace("contract.", "") + (when ? ` (${phrase(when)})` : "");
    return { from: sharedFrame(from, event, to) ?? from, label, to };
  });
  return stateDiagram("draft", edges, FRAMES);
}

/** The frame whose every status goes the same way on this event. */
function sharedFrame(from: ContractStatus, event: string, to: ContractStatus): string | undefined {
  const frame = FRAMES.find(({ states }) => states.some((status) => status === from));
  const isShared = frame?.states.every((status) =>
    STATUS_TRANSITIONS.some((row) => row.from === status && row.event === event && row.to === to),
  );
  return isShared ? frame?.id : undefined;
}

function stageDiagram(): string {
  const edges = STAGE_TRANSITIONS.map(({ from, event, to, when }) => {
    return { from, label: event.replace("stage.", "") + (when ? ` (${when})` : ""), to };
  });
  return stateDiagram("pending", edges);
}

function page(title: string, introduction: string, sections: readonly string[]): string {
  return `${NOTICE}\n# ${title}\n\n${introduction}\n${sections.join("\n")}`;
}

function phrase(when: "begun" | "not-begun"): string {
  return when.replace("-", " ");
}

function code(text: string): string {
  return `\`${text}\``;
}
