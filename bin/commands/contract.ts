import { Command } from "commander";
import { checkContractDraft } from "#contract/check";
import { DEFAULT_FAILURE_POLICY, DEFAULT_LEASE, type Contract } from "#contract/contract";
import type { Problem } from "#contract/event";
import { readContractFile } from "#contract/io/contract-file";
import { readPrivateKey } from "#contract/io/key-file";
import { createNodeSigner } from "#contract/io/node-crypto";
import { timestamp } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import { createSystemClock } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { Unmet } from "../exit.ts";
import type { PlanOptions } from "./contract-plan.ts";
import { pose, share, wholeNumber } from "./options.ts";
import { checkedDraft, problemLine } from "./contract-draft.ts";

/** `holdfast contract validate|plan|sign|push`: contract files, YAML or JSON. */
export function contractCommand(): Command {
  const contract = new Command("contract").description("check, sign and push contract files");
  contract
    .command("validate <file>")
    .description("list everything that is wrong with a contract file")
    .option("--json", "print {valid, reason, problems} as JSON")
    .action(validate);
  contract
    .command("plan <file>")
    .description("show how a contract should go: times, battery, and what is left of its limits")
    .option("--svg <file>", "draw map, zones and route")
    .option("--profile <name>", "device profile, a shipped one or a file", "amr-sim")
    .option("--from <x,y,yaw>", "where the robot starts; otherwise at the staging area or charger", pose)
    .option("--battery <share>", "charge at the start", share, 1)
    .option("--json", "print the plan as JSON")
    .action(async (file: string, options: PlanOptions) => (await import("./contract-plan.ts")).plan(file, options));
  contract
    .command("sign <file>")
    .description("print the signed contract (compact JWS), for test rigs")
    .requiredOption("--session <id>", "session of the device that shall take it")
    .option("--key <file>", "the platform's private key", "./data/keys/platform.jwk")
    .option("--epoch <number>", "assignment generation of the task", wholeNumber(1, 1_000_000), 1)
    .action(sign);
  contract
    .command("push <file>")
    .description("send a contract file to the cloud, which signs and pushes it")
    .option("--url <url>", "the cloud's HTTP address", "http://127.0.0.1:8080")
    .option("--idempotency-key <key>", "repeat the push safely under this key")
    .option(
      "--token <token>",
      "API token (default: HOLDFAST_TOKEN of the environment); programs of the cloud's machine need none",
    )
    .action(push);
  return contract;
}

function validate(file: string, options: { json?: boolean }): void {
  const checked = checkContractDraft(readContractFile(file));
  if (options.json) {
    const problems = checked.ok ? [] : checked.problems;
    print(JSON.stringify({ valid: checked.ok, ...(checked.ok ? {} : { reason: checked.reason }), problems }));
    if (!checked.ok) process.exitCode = 1;
    return;
  }
  if (!checked.ok)
    throw new Unmet(`${file} is refused (${checked.reason}):\n${checked.problems.map(problemLine).join("\n")}`);
  const { stages, taskId, deviceId } = checked.contract;
  print(`${file} is valid: task ${taskId} for ${deviceId}, ${stages.length} stages`);
}

async function sign(file: string, options: { session: string; key: string; epoch: number }): Promise<void> {
  const draft = checkedDraft(file);
  const clock = createSystemClock();
  const uuid = createUuidSource(clock, createRng(String(process.hrtime.bigint())));
  const contract: Contract = {
    ...draft,
    contractId: draft.contractId ?? uuid(),
    session: options.session,
    epoch: draft.epoch ?? options.epoch,
    revision: draft.revision ?? 1,
    lease: draft.lease ?? DEFAULT_LEASE,
    failurePolicy: draft.failurePolicy ?? DEFAULT_FAILURE_POLICY,
    issuedAt: draft.issuedAt ?? timestamp(clock.wallMs()),
  };
  print(await createNodeSigner(readPrivateKey(options.key)).sign("hf-contract+jws", contract));
}

interface PushOptions {
  readonly url: string;
  readonly idempotencyKey?: string;
  readonly token?: string;
}

async function push(file: string, options: PushOptions): Promise<void> {
  const draft = checkedDraft(file);
  const url = new URL("/contracts", options.url);
  const token = options.token ?? process.env["HOLDFAST_TOKEN"];
  const headers = {
    "content-type": "application/json",
    ...(options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(draft) }).catch(
    (thrown: unknown) => {
      throw new AgentError("http.problem", `no cloud answers at ${options.url}: ${messageOf(causeOf(thrown))}`, {
        cause: thrown,
      });
    },
  );
  const body = (await response.json()) as Record<string, unknown>;
  if (response.status !== 201) {
    const problems = Array.isArray(body["errors"]) ? (body["errors"] as Problem[]).map(problemLine) : [];
    throw new Unmet([`${response.status} ${String(body["title"])}: ${String(body["detail"])}`, ...problems].join("\n"));
  }
  print(JSON.stringify(body));
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
