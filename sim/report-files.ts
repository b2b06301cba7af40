import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#lib/node/folder";
import type { RunRecord } from "./record.ts";
import { renderPage } from "./report/html-report.ts";
import { type IndexedRun, renderIndex } from "./report/index-page.ts";
import { renderPng } from "./report/png-report.ts";
import { renderReport } from "./report/svg-report.ts";

/** Writes `report.html`, `report.svg` and `report.png` into the folder, which is made if needed; returns the path that people open. */
export function writeReport(folder: string, record: RunRecord): string {
  makeFolder(folder, "the report goes there");
  const page = join(folder, "report.html");
  const svg = renderReport(record);
  writeFileSync(page, renderPage(record));
  writeFileSync(join(folder, "report.svg"), svg);
  // Last: drawing it is the work of native code, whose failure would take the process and not the other two.
  writeFileSync(join(folder, "report.png"), renderPng(svg));
  return page;
}

/** Writes `index.html`, which leads to the reports of several runs below the folder; returns its path. */
export function writeReportIndex(folder: string, runs: readonly IndexedRun[]): string {
  makeFolder(folder, "the reports go there");
  const index = join(folder, "index.html");
  writeFileSync(index, renderIndex(runs));
  return index;
}
