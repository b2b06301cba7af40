import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { CRASHES_MAX, recordStart, type StartRecord } from "./start-record.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-starts-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const start = (isSupervised = false): StartRecord =>
  recordStart(join(folder, "starts.json"), { isSupervised, log: silentLog });

test("starts that fail one after another are counted, and forgotten once one goes well", () => {
  for (let crash = 0; crash < CRASHES_MAX; crash++) start().end("failed");
  const looping = start();
  expect(looping.crashes).toBe(CRASHES_MAX);
  looping.steady();
  looping.end("failed");
  start().end("told");
  expect(start().crashes).toBe(0);
});

test.each([
  ["counts as a crash under a supervisor, whose watchdog may have killed it", true, 1],
  ["is no crash elsewhere: plugs are pulled", false, 0],
])("an end without a word %s", (_what, isSupervised, crashes) => {
  start(isSupervised);
  expect(start(isSupervised).crashes).toBe(crashes);
});

test("after a crash loop one more start is tried; the next crash closes the loop again", () => {
  start().retry();
  const trying = start();
  expect(trying.crashes).toBeLessThan(CRASHES_MAX);
  trying.end("failed");
  expect(start().crashes).toBe(CRASHES_MAX);
});

test("a record that was torn says nothing, and is written anew", () => {
  writeFileSync(join(folder, "starts.json"), `{"crash`);
  start().end("failed");
  expect(start().crashes).toBe(1);
});
