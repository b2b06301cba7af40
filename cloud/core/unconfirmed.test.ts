import { expect, it } from "vitest";
import { decideUnconfirmed, type UnconfirmedCase } from "./unconfirmed.ts";

const SAME_SESSION: UnconfirmedCase = {
  contractSession: "s1",
  deviceSession: "s1",
  mode: "live",
  isCaughtUp: true,
  foldedSeq: 10,
  revoke: "none",
};

it.each([
  ["revoke", "its own session, nothing sent yet", {}],
  ["wait", "its own session, revoke not answered", { revoke: "sent" }],
  ["wait", "its own session, answered, journal not read so far", { revoke: { answeredAtSeq: 11 } }],
  ["expire", "its own session, answered and read", { revoke: { answeredAtSeq: 10 } }],
  ["wait", "a device that was not heard since the cloud started", { deviceSession: undefined }],
  ["wait", "a device that cannot be heard", { mode: "projected" }],
  [
    "wait",
    "a later session whose journal is on the way",
    { deviceSession: "s2", mode: "reconciled", isCaughtUp: false },
  ],
  ["expire", "a later session whose journal is read", { deviceSession: "s2", mode: "reconciled" }],
  ["expire", "a later session, whatever became of the revoke", { deviceSession: "s2", revoke: "sent" }],
] as const)("decides to %s in %s", (decision, _situation, overrides) => {
  expect(decideUnconfirmed({ ...SAME_SESSION, ...overrides })).toBe(decision);
});
