import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#lib/node/folder";
import type { RunRecord } from "./record.ts";
import { renderPage } from "./report/html-report.ts";
import { renderPng } from "./report/png-report.ts";
import { renderReport } from "./report/svg-report.ts";

/** Writes `report.html`, `report.svg` and `report.png` into the folder, which is made if needed; returns the path that people open. */
export function writeReport(folder: string, record: RunRecord): string {
  makeFolder(folder, "the report goes there");
  const svg = renderReport(record);
  writeFileSync(join(folder, "report.svg"), svg);
  writeFileSync(join(folder, "report.png"), renderPng(svg));
  const page = join(folder, "report.html");
  writeFileSync(page, renderPage(record));
  return page;
}
