import { readFileSync } from "node:fs";
import type { SimulationResult } from "../result.ts";
import { escapeText } from "./markup.ts";
import { lastingText } from "./time-scale.ts";

/** A run and the folder of its report, relative to that of the index, with `/` between its parts. */
export interface IndexedRun {
  readonly folder: string;
  /** Tells it from the others, such as `dock outage=90s seed 7`. */
  readonly label: string;
  readonly result: Pick<SimulationResult, "outcome" | "virtualSeconds" | "expectations" | "devices">;
}

/** A page that leads to the reports of several runs, the failed ones first. Needs nothing but the files that it links to. */
export function renderIndex(runs: readonly IndexedRun[]): string {
  const failed = runs.filter(({ result }) => result.outcome === "failed");
  const passed = runs.filter(({ result }) => result.outcome === "passed");
  const summary = failed.length === 0 ? `All ${runs.length} passed` : `${failed.length} of ${runs.length} failed`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Scenarios: ${summary}</title>
<style>
${readFileSync(new URL("page/style.css", import.meta.url), "utf8")}</style>
</head>
<body>
<main>
<h1>Scenarios: ${summary}</h1>
<ul class="runs">
${[...failed, ...passed].map(runItem).join("\n")}
</ul>
</main>
</body>
</html>
`;
}

function runItem({ folder, label, result }: IndexedRun): string {
  const { outcome, virtualSeconds, expectations, devices } = result;
  const address = escapeText(folder.split("/").map(encodeURIComponent).join("/"));
  const missed = expectations.filter(({ ok }) => !ok);
  const robots = `${devices.length} ${devices.length === 1 ? "robot" : "robots"}`;
  const found = missed.map(
    ({ name, detail }) =>
      `<li class="missed">✗ <strong>missed</strong>: ${escapeText(name)} <span class="detail">${escapeText(detail)}</span></li>`,
  );
  return `<li>
<a href="${address}/report.html" tabindex="-1" aria-hidden="true"><img src="${address}/report.png" alt="" loading="lazy" width="280"></a>
<div><h2><a href="${address}/report.html">${escapeText(label)}</a></h2>
<p class="facts"><span class="outcome ${outcome}">${outcome} after ${lastingText(virtualSeconds)}</span>${robots} · ${expectations.length - missed.length} of ${expectations.length} expectations met</p>
${found.length === 0 ? "" : `<ul class="expectations">${found.join("")}</ul>`}</div>
</li>`;
}
