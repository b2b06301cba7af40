import { writeFileSync } from "node:fs";
import { nothingLearned } from "#agent/core/durations";
import type { Outlook } from "#agent/core/estimate";
import { infeasibilities } from "#agent/core/feasibility";
import { isBinding, previewContract, warningOf, type Margin, type Preview } from "#agent/core/preview";
import { createOutlooks } from "#agent/execution/outlook";
import { loadProfile } from "#agent/io/profile-file";
import type { DeviceProfile } from "#agent/profile";
import { DEFAULT_FAILURE_POLICY, DEFAULT_LEASE, type Contract, type ContractDraft } from "#contract/contract";
import { createMapSource } from "#edge-planner/map-cache";
import { timestamp } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { type Pose, poseFrom } from "#lib/geometry";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { planRecord } from "#sim/plan-record";
import { renderPlan } from "#sim/report/plan-page";
import { Unmet } from "../exit.ts";
import { checkedDraft, problemLine } from "./contract-draft.ts";

export interface PlanOptions {
  readonly svg?: string;
  readonly profile: string;
  readonly from?: Pose;
  readonly battery: number;
  readonly json?: boolean;
}

/**
 * `holdfast contract plan`: shows how a contract should go on a device that has never been there, by the device's own planner
 * and estimates. Rejects `Unmet` when the contract can't be kept.
 */
export function plan(file: string, options: PlanOptions): void {
  const profile = loadProfile(options.profile);
  const wallMs = createSystemClock().wallMs();
  const contract = asContract(checkedDraft(file), wallMs);
  const { pose: from, name } = startOf(contract, options.from);
  const { battery } = options;
  const outlooks = createOutlooks({ profile, maps: createMapSource(), log: silentLog, learned: nothingLearned });
  const outlook = outlooks.outlookOf(contract, from);
  const preview = previewContract({ contract, outlook, from, battery, wallMs });
  const faults = [...impossibilities(contract, profile, outlook, battery), ...brokenLimits(preview)];
  const cautions = preview.margins.filter((margin) => !isBroken(margin)).flatMap((margin) => warningOf(margin) ?? []);
  if (options.svg !== undefined) draw(options.svg, contract, outlook, preview);
  if (options.json) {
    print(JSON.stringify({ canHold: faults.length === 0, faults, warnings: cautions, from, ...preview }));
    if (faults.length > 0) process.exitCode = 1;
    return;
  }
  const start = `${name} (${from.x}, ${from.y}), battery ${percent(battery)}`;
  print(
    [`${contract.task.title}: ${contract.deviceId} from ${start}`, ...lines(preview, contract, battery)].join("\n"),
  );
  for (const caution of cautions) print(`warning: ${caution}`);
  if (faults.length > 0)
    throw new Unmet(`the contract can't be kept:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

/** With something in place of what the cloud will fill in. */
function asContract(draft: ContractDraft, wallMs: number): Contract {
  return {
    ...draft,
    contractId: draft.contractId ?? "00000000-0000-7000-8000-000000000000",
    session: draft.session ?? "none",
    epoch: draft.epoch ?? 1,
    revision: draft.revision ?? 1,
    lease: draft.lease ?? DEFAULT_LEASE,
    failurePolicy: draft.failurePolicy ?? DEFAULT_FAILURE_POLICY,
    issuedAt: draft.issuedAt ?? timestamp(wallMs),
  };
}

function startOf(contract: Contract, given: Pose | undefined): { pose: Pose; name: string } {
  if (given) return { pose: given, name: "the place given" };
  const { landmarks } = contract.spatial;
  const landmark = ["staging", "charger"].map((kind) => landmarks.find((mark) => mark.kind === kind)).find(Boolean);
  if (landmark) return { pose: poseFrom(landmark.pose), name: landmark.id };
  throw new AgentError(
    "config.invalid",
    "the contract has no staging area and no charger: say where the robot starts, --from X,Y,YAW",
  );
}

/** What the device lacks, and where the map shows no way. */
function impossibilities(contract: Contract, profile: DeviceProfile, outlook: Outlook, battery: number): string[] {
  const { actions, tools } = profile;
  const problems = infeasibilities(contract, { actions, tools, battery }).map((problem) => problemLine(problem).trim());
  return [
    ...problems,
    ...[...(outlook.pathless ?? [])].map((stageId) => `${stageId}: the map shows no way to its goal`),
  ];
}

function brokenLimits({ margins }: Preview): string[] {
  return margins.filter(isBroken).flatMap((margin) => warningOf(margin) ?? []);
}

function isBroken(margin: Margin): boolean {
  return isBinding(margin) && margin.margin < 0;
}

function lines(
  { stages, total, length, batteryAtEnd, margins }: Preview,
  contract: Contract,
  battery: number,
): string[] {
  const width = Math.max(...stages.map(({ stageId }) => stageId.length));
  const rows = stages.map(
    ({ stageId, goal, time, length: way, batteryAfter, timeoutSeconds }, at) =>
      `  ${at + 1}. ${stageId.padEnd(width)}  ${seconds(time.seconds)} ± ${seconds(time.sigmaSeconds)}  ` +
      `${way > 0 ? `${way.toFixed(1)} m` : "-"}`.padStart(8) +
      `  battery ${percent(batteryAfter)}  timeout ${timeoutSeconds} s  ${goal}`,
  );
  const used = percent(battery - batteryAtEnd);
  const sum = `in all ${seconds(total.seconds)} ± ${seconds(total.sigmaSeconds)}, ${length.toFixed(1)} m, ${used} of the battery`;
  return [
    ...rows,
    sum,
    "left of its limits, and if it goes badly:",
    ...margins.map((margin) => marginLine(margin, contract)),
  ];
}

const MARGIN_NAMES: Readonly<Record<Margin["name"], string>> = {
  battery: "battery above its minimum",
  energy: "battery wanted",
  charger: "battery after the way to a charger",
  duration: "maximal duration",
  window: "until the end of the window",
  lease: "lease, without the cloud",
  timeout: "shortest timeout",
};

function marginLine({ name, stageId, unit, margin, marginAtWorst }: Margin, contract: Contract): string {
  const amount = unit === "s" ? seconds : percent;
  const stage = contract.stages.find((each) => each.stageId === stageId);
  const label = `${MARGIN_NAMES[name]}${stage ? ` (${stage.stageId})` : ""}`;
  return `  ${label.padEnd(36)} ${amount(margin).padStart(8)} ${amount(marginAtWorst).padStart(8)}`;
}

function draw(file: string, contract: Contract, outlook: Outlook, preview: Preview): void {
  const record = planRecord(contract, outlook, preview);
  const { total, length, batteryAtEnd } = preview;
  const facts = `${contract.deviceId} · ${seconds(total.seconds)} ± ${seconds(total.sigmaSeconds)} · ${length.toFixed(1)} m · battery ${percent(batteryAtEnd)} at the end`;
  try {
    writeFileSync(file, renderPlan(record, facts));
  } catch (thrown) {
    throw new AgentError("config.invalid", `${file} cannot be written`, { cause: thrown });
  }
}

function seconds(value: number): string {
  return `${Math.round(value)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
