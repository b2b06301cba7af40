import { describe, expect, test } from "vitest";
import type { Contract } from "#contract/contract";
import { DEFAULT_FAILURE_POLICY, DEFAULT_LEASE } from "#contract/contract";
import { readEventData } from "#contract/event-data";
import { createNodeSigner, generateKey } from "#contract/io/node-crypto";
import { Reply } from "#contract/messages";
import { topicOf } from "#contract/topics";
import { timestamp } from "#lib/clock";
import { draftOf, DEVICE, scenario, Trial } from "./support.ts";

const DRAFT = draftOf(scenario("short-pick"));
const OTHER = "amr-08";
const CONTRACT_ID = "019b8d2b-93d0-7010-ace4-7808564488f3";

describe("a document that somebody puts onto the network", () => {
  test("is taken on when nothing is wrong with it", async () => {
    await using trial = await quiet();
    expect(await inject(trial, await sign(trial, contractFor(trial)))).toMatchObject({ result: "stored" });
    expect(trial.hasEvent("contract.accepted")).toBe(true);
  });

  test.each<[string, string, (trial: Trial) => Promise<string>]>([
    [
      "was changed after it was signed",
      "bad_signature",
      async (trial) => tamper(await sign(trial, contractFor(trial))),
    ],
    ["is not signed", "bad_signature", async (trial) => unsigned(contractFor(trial))],
    ["is signed by a stranger", "unknown_key", (trial) => STRANGER.sign("hf-contract+jws", contractFor(trial))],
    ["is for another device", "wrong_device", (trial) => sign(trial, { ...contractFor(trial), deviceId: OTHER })],
    ["is of an older session", "stale_session", (trial) => sign(trial, { ...contractFor(trial), session: "older" })],
    [
      "has outlived its lease",
      "expired",
      (trial) => sign(trial, { ...contractFor(trial), issuedAt: "2026-01-01T08:00:00.000Z" }),
    ],
    ["names an action out of scope", "out_of_scope", (trial) => sign(trial, outOfScope(contractFor(trial)))],
    [
      "has a key that nobody knows",
      "unsupported",
      (trial) => sign(trial, { ...contractFor(trial), hurry: true } as Contract),
    ],
    ["is signed and no contract", "invalid", (trial) => sign(trial, { schema: "hf.contract/1" } as Contract)],
  ])("is refused when it %s (%s)", async (_what, reason, documentFor) => {
    await using trial = await quiet();
    const reply = await inject(trial, await documentFor(trial));
    expect(reply).toMatchObject({ result: "refused", reason });
    await expectRefusedAndStill(trial, reason);
  });
});

describe("a contract that the cloud pushes", () => {
  test.each<[string, string, object]>([
    [
      "its time window has passed",
      "expired",
      { constraints: { ...DRAFT.constraints, window: { notAfter: "2026-01-05T07:00:00.000Z" } } },
    ],
    ["it names a session that is over", "stale_session", { session: "older" }],
    [
      "the robot is too empty for it",
      "infeasible",
      { constraints: { ...DRAFT.constraints, battery: { minimum: 0.99 } } },
    ],
  ])("is refused by the device, in journal and answer, when %s (%s)", async (_what, reason, changes) => {
    await using trial = await quiet();
    const answer = await trial.value(trial.cloud.pushContract({ ...DRAFT, ...changes }));
    expect(answer).toMatchObject({ ok: false, problem: { status: 422, type: `urn:holdfast:problem:${reason}` } });
    await expectRefusedAndStill(trial, reason);
  });

  test("is refused when the task was assigned anew since (stale_epoch)", async () => {
    await using trial = await quiet();
    const first = await trial.value(trial.cloud.pushContract({ ...DRAFT, epoch: 5 }));
    expect(first).toMatchObject({ ok: true, value: { epoch: 5 } });
    await trial.value(trial.cloud.command(CONTRACT_NAME, "cancel"));
    await trial.until("it is cancelled", () => trial.hasEvent("contract.cancelled"), 10);
    await trial.advance(3);
    const attempts = attemptsOf(trial);
    const answer = await trial.value(trial.cloud.pushContract({ ...DRAFT, epoch: 4 }));
    expect(answer).toMatchObject({ ok: false, problem: { status: 422, type: "urn:holdfast:problem:stale_epoch" } });
    expect(reasonsOf(trial)).toEqual(["stale_epoch"]);
    await trial.advance(5);
    expect(attemptsOf(trial)).toBe(attempts);
  });

  test("never leaves the cloud when a stage names an action out of scope", async () => {
    await using trial = await quiet();
    const answer = await trial.value(trial.cloud.pushContract(outOfScope(DRAFT)));
    expect(answer).toMatchObject({ ok: false, problem: { status: 422, type: "urn:holdfast:problem:out_of_scope" } });
    expect(reasonsOf(trial)).toEqual([]);
    expect((await trial.evidence()).contracts).toEqual([]);
  });
});

const CONTRACT_NAME = DRAFT.name!;
const STRANGER = createNodeSigner(generateKey(new Uint8Array(32).fill(9)).privateJwk);

/** A robot without work. */
function quiet(): Promise<Trial> {
  return Trial.start({ ...scenario("short-pick"), contracts: [] });
}

/** What the cloud would send now. */
function contractFor(trial: Trial): Contract {
  const view = trial.cloud.getDevice(DEVICE);
  const session = view.ok ? view.value.session! : "";
  const issuedAt = timestamp(trial.clock.wallMs());
  const failurePolicy = DRAFT.failurePolicy ?? DEFAULT_FAILURE_POLICY;
  const given = { ...DRAFT, failurePolicy, contractId: CONTRACT_ID, session };
  return { ...given, epoch: 1, issuedAt, revision: 1, lease: DEFAULT_LEASE };
}

/** The pick is named by a stage and allowed by nobody. */
function outOfScope<Document extends typeof DRAFT>(document: Document): Document {
  const actions = document.scope.actions.filter(({ action }) => action !== "pick");
  return { ...document, scope: { actions } };
}

function sign(trial: Trial, contract: Contract): Promise<string> {
  return trial.site.signer.sign("hf-contract+jws", contract);
}

/** Lets the robot drive faster than was signed. */
function tamper(jws: string): string {
  const [header, payload, signature] = jws.split(".") as [string, string, string];
  const contract = JSON.parse(Buffer.from(payload, "base64url").toString()) as Contract;
  const changed = { ...contract, constraints: { ...contract.constraints, maxSpeed: 9 } };
  return [header, encode(changed), signature].join(".");
}

function unsigned(contract: Contract): string {
  return [encode({ alg: "none", typ: "hf-contract+jws" }), encode(contract), ""].join(".");
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Publishes on the device's topic and waits for its answer. */
async function inject(trial: Trial, document: string): Promise<Reply> {
  const replies: Reply[] = [];
  const connecting = trial.site.network
    .transport("somebody")
    .connect(
      { clientId: "somebody", keepAliveSeconds: 60 },
      { onMessage: ({ payload }) => replies.push(Reply.parse(JSON.parse(payload))), onClose: () => undefined },
    );
  const connection = await trial.value(connecting);
  await trial.value(connection.subscribe([topicOf("default", DEVICE, "reply")]));
  const topic = topicOf("default", DEVICE, "contract");
  void connection.publish({ topic, payload: document, qos: 1, retain: false });
  await trial.until("the device answers", () => replies.length > 0, 10);
  return replies[0]!;
}

async function expectRefusedAndStill(trial: Trial, reason: string): Promise<void> {
  const { pose } = trial.site.world.truth(DEVICE);
  await trial.advance(5);
  expect(reasonsOf(trial)).toEqual([reason]);
  expect(attemptsOf(trial)).toBe(0);
  expect(trial.site.world.truth(DEVICE).pose).toEqual(pose);
  expect(trial.site.world.movements()).toEqual([]);
}

function reasonsOf(trial: Trial): (string | undefined)[] {
  return trial.site.journals
    .get(DEVICE)!
    .filter(({ type }) => type === "contract.rejected")
    .map(({ data }) => readEventData("contract.rejected", data)?.reason);
}

function attemptsOf(trial: Trial): number {
  return trial.site.journals.get(DEVICE)!.filter(({ type }) => type === "stage.attempt").length;
}
