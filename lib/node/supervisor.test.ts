import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLog } from "../log.ts";
import { findSupervisor } from "./supervisor.ts";

let folder: string;
let told: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-supervisor-"));
  told = join(folder, "told");
  const program = join(folder, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${told}\n`);
  chmodSync(program, 0o755);
});

afterEach(() => rmSync(folder, { recursive: true }));

const environment = (more: object = {}): Record<string, string | undefined> => ({
  PATH: `${folder}:${process.env["PATH"]}`,
  NOTIFY_SOCKET: "/run/systemd/notify",
  ...more,
});

test("a program that nobody waits for has no supervisor", () => {
  expect(findSupervisor({ log: silentLog, environment: {} })).toBeUndefined();
});

test("the service manager is told in the order of what matters, readiness never lost", async () => {
  const supervisor = findSupervisor({ log: silentLog, environment: environment() })!;
  supervisor.tell("WATCHDOG=1");
  supervisor.tell("WATCHDOG=1");
  supervisor.tell("READY=1");
  const lines = [`--pid=${process.pid} WATCHDOG=1`, `--pid=${process.pid} READY=1`];
  await vi.waitFor(
    () => expect(existsSync(told) && readFileSync(told, "utf8").trim().split("\n")).toEqual(lines),
    5000,
  );
});

test.each([
  [{ WATCHDOG_USEC: "10000000" }, 10_000],
  [{ WATCHDOG_USEC: "10000000", WATCHDOG_PID: "1" }, undefined],
  [{}, undefined],
])("of %o it is watched for %s ms", (more, watchdogMs) => {
  expect(findSupervisor({ log: silentLog, environment: environment(more) })?.watchdogMs).toBe(watchdogMs);
});
