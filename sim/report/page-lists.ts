import type { DeviceRecord, RunRecord } from "../record.ts";
import { escapeText } from "./markup.ts";
import { numberMarks } from "./numbered-marks.ts";
import { clockText } from "./time-scale.ts";

const FACTS = ["stage", "link", "cloud", "gate", "place", "speed", "battery"] as const;

/** A card for each robot whose facts the page fills in for the time that is shown. */
export function robotCards({ devices }: RunRecord): string {
  const facts = FACTS.map((name) => `<dt>${name}</dt><dd data-fact="${name}"></dd>`).join("");
  return devices
    .map(
      ({ id }, at) =>
        `<section class="card" data-robot style="border-color: var(--robot-${at % 4})"><h3>${escapeText(id)}</h3><dl>${facts}</dl></section>`,
    )
    .join("\n");
}

interface LogLine {
  readonly t: number;
  readonly text: string;
  readonly kind: "event" | "violation";
}

/** Everything that happened in the order of time, each line a link to its moment. */
export function logBlock(record: RunRecord): string {
  const lines = [...record.devices.flatMap(eventLines), ...violationLines(record)].toSorted((a, b) => a.t - b.t);
  if (lines.length === 0) return "";
  const items = lines.map(
    ({ t, text, kind }) =>
      `<li><a href="#t=${t.toFixed(2)}" data-t="${t.toFixed(2)}"><time>${clockText(t)}</time><span${kind === "violation" ? ' class="violation"' : ""}>${escapeText(text)}</span></a></li>`,
  );
  return `<h2>What happened</h2>\n<div class="log" data-log tabindex="0" role="region" aria-label="What happened">\n<ol>\n${items.join("\n")}\n</ol>\n</div>`;
}

function eventLines({ id, events }: DeviceRecord): LogLine[] {
  return events.map(({ t, who, text }) => ({ t, text: `${who === "cloud" ? "cloud" : id} ${text}`, kind: "event" }));
}

function violationLines(record: RunRecord): LogLine[] {
  return numberMarks(record)
    .filter(({ kind }) => kind === "violation")
    .map(({ t, text, number, deviceAt }) => ({
      t,
      text: `✗ ${record.devices[deviceAt]!.id} ${text} (mark ${number})`,
      kind: "violation",
    }));
}
