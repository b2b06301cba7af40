import { beforeEach, describe, expect, test } from "vitest";
import type { Contract } from "#contract/contract";
import type { Signer } from "#contract/crypto";
import { exampleContract } from "#contract/example";
import { InboxBench, SIGNER, STRANGER } from "./inbox-fixture.ts";

const contract = exampleContract();
const { contractId } = contract;

const OTHER_ID = "019b8ce6-1400-7000-8000-00000000000f";

let bench: InboxBench;

beforeEach(async () => {
  bench = await InboxBench.start();
});

const sign = (overrides: Partial<Contract> = {}, by: Signer = SIGNER): Promise<string> =>
  by.sign("hf-contract+jws", { ...contract, ...overrides });

function withByteFlipped(jws: string): string {
  const [header, payload, signature] = jws.split(".");
  const text = Buffer.from(payload!, "base64url").toString().replace('"quantity":1', '"quantity":9');
  return [header, Buffer.from(text).toString("base64url"), signature].join(".");
}

describe("a contract that fits", () => {
  test("is stored with its event, lease and answer in one transaction, and answered with the event's number", async () => {
    const reply = await bench.receive(await sign());
    expect(reply).toEqual({ v: 1, session: "session-1", inReplyTo: `${contractId}/1`, result: "stored", seq: 2 });
    expect(await bench.lastEvents(1)).toMatchObject([
      {
        seq: 2,
        type: "contract.accepted",
        contractId,
        revision: 1,
        epoch: 1,
        data: { taskId: "task-1", session: "session-1" },
      },
    ]);
    expect(bench.journal.contract(contractId)).toEqual(contract);
    expect(bench.leases.remainingMs(contractId)).toBe(1_800_000);
    expect(bench.journal.state().contracts[contractId]).toMatchObject({ status: "accepted", epoch: 1 });
    const { contracts, meta } = await bench.store.load();
    expect(contracts).toEqual([contract]);
    expect(JSON.parse(meta.leases!)).toMatchObject([{ contractId, durationSeconds: 1800 }]);
  });

  test("is answered the same way when it comes again, also in another session and after a restart", async () => {
    const jws = await sign();
    await bench.receive(jws);
    await bench.receive(jws);
    await bench.restart();
    const before = bench.journal.range().lastSeq;
    bench.session = "session-2";
    expect(await bench.receive(jws)).toMatchObject({ result: "stored", seq: 2, session: "session-2" });
    expect(await bench.receive(await sign({ name: "signed-again" }))).toMatchObject({ result: "stored", seq: 2 });
    expect(bench.journal.range().lastSeq).toBe(before);
  });

  test("is decided once when it arrives twice at the same time", async () => {
    const jws = await sign();
    await Promise.all([bench.receive(jws), bench.receive(jws)]);
    expect(bench.replies.map((reply) => [reply.result, reply.seq])).toEqual([
      ["stored", 2],
      ["stored", 2],
    ]);
    expect(bench.journal.range().lastSeq).toBe(2);
  });

  test("counts its lease from the receipt, not from the end of its handling, and keeps it through a restart", async () => {
    const jws = await sign();
    const received = bench.receive(jws);
    await bench.clock.advance(3000);
    await received;
    expect(bench.leases.remainingMs(contractId)).toBe(1_797_000);
    await bench.restart();
    expect(bench.leases.remainingMs(contractId)).toBe(1_792_000);
  });
});

describe("a contract that does not fit", () => {
  const revised = { revision: 2, replaces: { revision: 1, localRevision: 0, journalSeq: 2 } };
  const rows: {
    reason: string;
    name: string;
    make: () => Promise<string>;
    given?: () => Promise<unknown>;
    /** Whether the event bears the contract's id: only where the document is known to be genuine and ours. */
    isNamed: boolean;
  }[] = [
    { reason: "bad_signature", name: "tampered with", make: async () => withByteFlipped(await sign()), isNamed: false },
    { reason: "bad_signature", name: "unsigned", make: async () => JSON.stringify(contract), isNamed: false },
    {
      reason: "bad_signature",
      name: "a signed command",
      make: () => SIGNER.sign("hf-command+jws", contract),
      isNamed: false,
    },
    {
      reason: "bad_signature",
      name: "larger than 4 MiB",
      make: () => sign({ name: "x".repeat(5_000_000) }),
      isNamed: false,
    },
    { reason: "unknown_key", name: "signed by a stranger", make: () => sign({}, STRANGER), isNamed: false },
    { reason: "wrong_device", name: "for another device", make: () => sign({ deviceId: "amr-08" }), isNamed: false },
    { reason: "stale_session", name: "of an old session", make: () => sign({ session: "session-0" }), isNamed: true },
    {
      reason: "stale_epoch",
      name: "of a lower epoch than one before",
      given: async () => {
        await bench.receive(await sign({ contractId: OTHER_ID, epoch: 2 }));
        await bench.journal.append([{ type: "contract.cancelled", contractId: OTHER_ID, data: { reason: "cloud" } }]);
      },
      make: () => sign(),
      isNamed: true,
    },
    {
      reason: "expired",
      name: "issued too long ago",
      make: () => sign({ issuedAt: "2026-01-05T07:00:00.000Z" }),
      isNamed: true,
    },
    {
      reason: "out_of_scope",
      name: "with a stage beyond its scope",
      make: () => sign({ scope: { actions: [{ action: "navigate" }, { action: "pick" }] } }),
      isNamed: true,
    },
    {
      reason: "unsupported",
      name: "with a constraint that nobody here knows",
      make: () => sign({ constraints: { ...contract.constraints, gravity: 9.81 } } as Partial<Contract>),
      isNamed: true,
    },
    {
      reason: "invalid",
      name: "with a window that ends before it begins",
      isNamed: true,
      make: () => {
        const window = { notBefore: "2026-01-05T10:00:00.000Z", notAfter: "2026-01-05T09:00:00.000Z" };
        return sign({ constraints: { ...contract.constraints, window } });
      },
    },
    {
      reason: "infeasible",
      name: "for tools that the device lacks",
      given: async () => (bench.abilities = { ...bench.abilities, tools: ["base"] }),
      make: () => sign(),
      isNamed: true,
    },
    {
      reason: "busy",
      name: "beside an active one",
      given: async () => bench.receive(await sign({ contractId: OTHER_ID })),
      make: () => sign(),
      isNamed: true,
    },
    {
      reason: "invalid",
      name: "revised for stages that have moved on",
      given: async () => {
        await bench.receive(await sign());
        await bench.journal.append([
          { type: "contract.started", contractId, data: {} },
          { type: "stage.started", contractId, stageId: "go-to-rack", data: { action: "navigate" } },
        ]);
      },
      make: () => sign(revised),
      isNamed: true,
    },
  ];

  test.each(rows)("$reason: $name", async ({ reason, make, given, isNamed }) => {
    await given?.();
    const contractsBefore = bench.journal.state().contracts;
    const reply = await bench.receive(await make());
    const [event] = await bench.lastEvents(1);
    expect(event).toMatchObject({ type: "contract.rejected", data: { reason, inReplyTo: reply?.inReplyTo } });
    expect(event?.contractId).toBe(isNamed ? contractId : undefined);
    expect(reply).toMatchObject({ result: "refused", reason, seq: event?.seq });
    expect(reply?.problems?.length).toBeGreaterThan(0);
    expect(reply?.problems).toEqual(event?.data["problems"]);
    const kept = Object.values(bench.journal.state().contracts).map(({ status, revision }) => [status, revision]);
    expect(kept).toEqual(Object.values(contractsBefore).map(({ status, revision }) => [status, revision]));
  });

  test("is refused under the id that it claims, so that its sender can be told", async () => {
    expect((await bench.receive(withByteFlipped(await sign())))?.inReplyTo).toBe(`${contractId}/1`);
    expect((await bench.receive("not a document"))?.inReplyTo).toMatch(/^unreadable\/[0-9a-f]{16}$/);
  });

  test("is not noted again when the same document comes again", async () => {
    const jws = await sign({ session: "session-0" });
    const first = await bench.receive(jws);
    const lastSeq = bench.journal.range().lastSeq;
    expect(await bench.receive(jws)).toEqual(first);
    expect(bench.journal.range().lastSeq).toBe(lastSeq);
  });

  test("is judged anew when it was signed anew: what was in the way may be gone", async () => {
    await bench.receive(await sign({ session: "session-0" }));
    expect(await bench.receive(await sign())).toMatchObject({ result: "stored" });
  });

  test("says in the journal when its plan came too late", async () => {
    await rows.at(-1)!.given!();
    await bench.receive(await sign(revised));
    expect((await bench.lastEvents(2))[0]).toMatchObject({
      type: "replan.refused",
      contractId,
      data: { reason: "stale" },
    });
  });
});

describe("a revision", () => {
  test("is adopted when nothing but progress happened since the state that it replaces", async () => {
    await bench.receive(await sign());
    await bench.journal.append([{ type: "contract.started", contractId, data: {} }]);
    await bench.journal.append([{ type: "stage.progress", contractId, stageId: "go-to-rack", data: { share: 0.5 } }]);
    const replaces = { revision: 1, localRevision: 0, journalSeq: 2 };
    const stages = contract.stages.slice(0, 1);
    const reply = await bench.receive(await sign({ revision: 2, epoch: 3, replaces, stages }));
    expect(reply).toMatchObject({ result: "stored", inReplyTo: `${contractId}/2` });
    expect(bench.journal.state().contracts[contractId]).toMatchObject({ revision: 2, epoch: 3, status: "running" });
    expect(bench.journal.contract(contractId)?.stages).toHaveLength(1);
  });
});

test("nothing is answered that could not be stored", async () => {
  await bench.journal[Symbol.asyncDispose]();
  await bench.receive(await sign());
  expect(bench.replies).toEqual([]);
});
