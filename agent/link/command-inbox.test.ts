import { beforeEach, describe, expect, test } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { Command } from "#contract/messages";
import { InboxBench, SIGNER, STRANGER } from "./inbox-fixture.ts";

const contract = exampleContract();
const { contractId } = contract;

let bench: InboxBench;

beforeEach(async () => {
  bench = await InboxBench.start();
});

const sign = (overrides: Partial<Contract> = {}): Promise<string> =>
  SIGNER.sign("hf-contract+jws", { ...contract, ...overrides });

describe("a command", () => {
  let last = 0;
  const makeCommand = (overrides: Partial<Command> = {}): Command => ({
    commandId: `019b8ce6-1400-7000-8000-${String(++last).padStart(12, "0")}`,
    n: 1000 + last,
    session: "session-1",
    deviceId: "amr-07",
    issuedAt: contract.issuedAt,
    type: "hold",
    ...overrides,
  });

  test("is announced at once, obeyed in one transaction with what it means, then answered", async () => {
    const made = makeCommand();
    const reply = await bench.command(made);
    expect(bench.handler.calls).toEqual(["anticipate hold", "decide hold"]);
    expect(await bench.lastEvents(2)).toMatchObject([
      { type: "command.obeyed", data: { commandId: made.commandId, n: made.n, command: "hold" } },
      { type: "notice", data: { kind: "hold" } },
    ]);
    expect(reply).toEqual({ v: 1, session: "session-1", inReplyTo: made.commandId, result: "done", seq: 3 });
    expect(bench.journal.state().lastCommand).toBe(made.n);
  });

  test("is obeyed once however often it comes, also after a restart", async () => {
    const made = makeCommand();
    await bench.command(made);
    const again = await bench.command(made);
    await bench.restart();
    expect(await bench.command(made)).toEqual(again);
    expect(await bench.command({ ...made, session: "signed-again" })).toEqual(again);
    expect(bench.handler.calls.filter((call) => call.startsWith("decide"))).toHaveLength(1);
  });

  test("that was overtaken by a later one is refused: hold and resume can't swap", async () => {
    const [hold, resume] = [makeCommand({ type: "hold" }), makeCommand({ type: "resume" })];
    await bench.command(resume);
    expect(await bench.command(hold)).toMatchObject({ result: "refused", reason: "stale_counter" });
    expect(bench.handler.calls).toEqual(["anticipate resume", "decide resume"]);
  });

  test("of an older session is refused, except what makes the robot safe", async () => {
    const old = { session: "session-0" };
    const results: (string | undefined)[] = [];
    for (const type of ["resume", "sync", "replan", "hold", "cancel", "revoke"] as const) {
      results.push((await bench.command(makeCommand({ ...old, type })))?.reason ?? "done");
    }
    expect(results).toEqual(["stale_session", "stale_session", "stale_session", "done", "done", "done"]);
  });

  test.each([
    { reason: "wrong_device", make: () => makeCommand({ deviceId: "amr-08" }), by: SIGNER },
    { reason: "unknown_key", make: () => makeCommand(), by: STRANGER },
    { reason: "invalid", make: () => ({ ...makeCommand(), type: "dance" }), by: SIGNER },
  ])("is refused as $reason and not announced", async ({ reason, make, by }) => {
    const made = make();
    const reply = await bench.command(made, by);
    expect(reply).toMatchObject({ result: "refused", reason, inReplyTo: made.commandId });
    expect(await bench.lastEvents(1)).toMatchObject([
      { type: "command.refused", data: { commandId: made.commandId, command: made.type, reason } },
    ]);
    expect(bench.handler.calls).toEqual([]);
    expect(bench.journal.state().lastCommand).toBe(0);
  });

  test("that the handler refuses leaves the counter where it was", async () => {
    bench.handler.decision = () => ({ ok: false, reason: "no_contract" });
    const made = makeCommand();
    expect(await bench.command(made)).toMatchObject({ result: "refused", reason: "no_contract" });
    bench.handler.decision = () => ({ ok: true, events: [] });
    expect(await bench.command(makeCommand({ n: made.n }))).toMatchObject({ result: "done" });
  });

  test("of an older epoch than its contract is refused", async () => {
    await bench.receive(await sign({ epoch: 4 }));
    expect(await bench.command(makeCommand({ contractId, epoch: 3 }))).toMatchObject({ reason: "stale_epoch" });
    expect(await bench.command(makeCommand({ contractId, epoch: 4 }))).toMatchObject({ result: "done" });
  });

  test("sync sends the journal at once and asks nobody", async () => {
    expect(await bench.command(makeCommand({ type: "sync" }))).toMatchObject({ result: "done", seq: 2 });
    expect(bench.syncs).toBe(1);
    expect(bench.handler.calls).toEqual(["anticipate sync"]);
  });

  test("revoke keeps out a contract that has not arrived yet, also after a restart", async () => {
    const reply = await bench.command(makeCommand({ type: "revoke", contractId, epoch: 1 }));
    expect(reply).toMatchObject({ result: "done" });
    expect(await bench.lastEvents(1)).toMatchObject([{ type: "contract.revoked", contractId, epoch: 1 }]);
    expect(bench.handler.calls).toEqual(["anticipate revoke"]);
    await bench.restart();
    expect(await bench.receive(await sign())).toMatchObject({ result: "refused", reason: "stale_epoch" });
  });
});
