import type { Contract } from "#contract/contract";
import type { ReplanRequest } from "#contract/messages";
import type { Zone } from "#contract/spatial";
import { holdsLock } from "#contract/status";
import { topicOf } from "#contract/topics";
import { messageOf } from "#lib/errors";
import type { Point } from "#lib/geometry";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp, nowText } from "./context.ts";
import { cutExcerpt } from "./core/equator/excerpt.ts";
import { routeGraphOf, waysFrom } from "./core/planning/route-graph.ts";
import { waysOn } from "./core/planning/site-ways.ts";
import { revise, type PlanningFacts, type Revision } from "./core/revision.ts";
import { type Device, lockingContract, sessionOf, until } from "./fleet.ts";
import type { ContractRow } from "./io/store-rows.ts";

/** The device's journal up to the request is waited for this long; the answer is due within 5 s. */
const JOURNAL_WITHIN_MS = 3_500;

/**
 * Answers a device's request for new remaining stages: by a signed next revision, or by a refusal with its reason. The same
 * request is answered the same way however often it comes; one that speaks of another state than the journal's is stale.
 * Returns at once, for it waits for the journal, which arrives in turns.
 */
export function answerReplanRequest(context: CloudContext, device: Device, request: ReplanRequest): void {
  context.background("replan", () => answer(context, device, request));
}

async function answer(context: CloudContext, device: Device, request: ReplanRequest): Promise<void> {
  const isCurrent = (): true | undefined => (device.intake.seq >= request.journalSeq ? true : undefined);
  await until(context, device, JOURNAL_WITHIN_MS, isCurrent);
  await device.turns(async () => {
    if (request.session !== sessionOf(device) || isRefused(device, request.requestId)) return;
    const earlier = await context.store.proposal(request.requestId);
    const row = lockingContract(device);
    if (earlier && row && earlier.revision > row.revision) return send(context, device, earlier);
    const revision: Revision = isCurrent()
      ? plan(context, device, row, request)
      : { ok: false, reason: "stale", detail: `the journal is not here up to ${request.journalSeq}` };
    await tell(context, device, request, revision);
    if (!revision.ok) await refuse(context, device, request, revision);
    else await propose(context, device, row!, request, revision);
  });
}

type Refusal = Extract<Revision, { ok: false }>;
type Plan = Extract<Revision, { ok: true }>;

function plan(
  { equator }: CloudContext,
  device: Device,
  row: ContractRow | undefined,
  request: ReplanRequest,
): Revision {
  const state = row && device.state.contracts[row.contractId];
  if (!row || row.contractId !== request.contractId || !state || !holdsLock(state.status))
    return { ok: false, reason: "stale", detail: "the contract is not under way here" };
  const map = equator.map(row.contract.spatial.mapId);
  const facts: PlanningFacts = {
    landmarks: map?.landmarks ?? row.contract.spatial.landmarks,
    blocked: blockedAt(device),
    isPassable: (to, around) => {
      const from = device.track.pose?.value;
      if (!map || !from) return false;
      const graph = routeGraphOf(map.occupancy, [...map.zones, blockZone(around)]);
      return waysFrom(graph, [from[0], from[1]])?.metresTo(to) !== undefined;
    },
  };
  return revise(row.contract, state, request, facts);
}

/** Half the edge of the square that a blocked place makes impassable. */
const BLOCK = 0.6;
/** So far ahead of the robot is what it can't pass. */
const AHEAD = 1.2;

/** The place on the planned way a little ahead of where the robot was seen last. */
function blockedAt({ track }: Device): Point | undefined {
  const pose = track.pose?.value;
  if (!pose) return undefined;
  const [x, y, yaw] = pose;
  return [x + AHEAD * Math.cos(yaw), y + AHEAD * Math.sin(yaw)];
}

function blockZone([x, y]: Point, at = 0): Zone {
  const polygon: [number, number][] = [
    [x - BLOCK, y - BLOCK],
    [x + BLOCK, y - BLOCK],
    [x + BLOCK, y + BLOCK],
    [x - BLOCK, y + BLOCK],
  ];
  return { id: `blocked-${at}`, kind: "keepout", polygon };
}

async function tell(context: CloudContext, device: Device, request: ReplanRequest, made: Revision): Promise<void> {
  const { requestId, contractId, revision, localRevision, delta } = request;
  const answer = made.ok ? { detail: made.detail } : { refused: made.reason, detail: made.detail };
  const data = { requestId, revision, localRevision, delta, ...answer };
  await context.store.commit([
    logOp(context, { type: "replan.requested", deviceId: device.deviceId, contractId, data }),
  ]);
}

async function refuse(context: CloudContext, device: Device, request: ReplanRequest, made: Refusal): Promise<void> {
  const { requestId, contractId } = request;
  const refused = { requestId, reason: made.reason, detail: made.detail };
  await issueCommand(context, device, { type: "replan", contractId, data: { refused } });
}

async function propose(
  context: CloudContext,
  device: Device,
  row: ContractRow,
  request: ReplanRequest,
  made: Plan,
): Promise<void> {
  const { requestId, contractId, revision: replaced, localRevision, journalSeq } = request;
  const revision = Math.max(row.revision, replaced, await context.store.highestProposal(contractId)) + 1;
  const contract: Contract = {
    ...row.contract,
    revision,
    replaces: { revision: replaced, localRevision, journalSeq },
    stages: [...made.stages],
    spatial: spatialFor(context, device, row.contract, made),
    issuedAt: nowText(context),
  };
  const proposal = { requestId, contractId, revision, contract };
  await context.store.commit([{ op: "insert-proposal", row: { ...proposal, createdAt: nowText(context) } }]);
  await send(context, device, proposal);
}

/** The map again where the way or a goal has changed: the excerpt of before may not hold it. */
function spatialFor(
  context: CloudContext,
  device: Device,
  contract: Contract,
  { stages, blocked }: Plan,
): Contract["spatial"] {
  const { spatial, constraints, failurePolicy } = contract;
  const site = context.equator.map(spatial.mapId);
  if (!site || site.mapRevision !== spatial.mapRevision) return spatial;
  const count = spatial.zones.filter(({ id }) => id.startsWith("blocked-")).length;
  const block = blocked ? [blockZone(blocked, count + 1)] : [];
  const own = spatial.zones.filter(({ id }) => !site.zones.some((zone) => zone.id === id));
  const map = { ...site, zones: [...site.zones, ...own, ...block] };
  const pose = device.track.pose?.value;
  const from = pose && ([pose[0], pose[1]] as const);
  const ways = block.length > 0 ? waysOn(routeGraphOf(map.occupancy, map.zones)) : context.ways;
  const errand = { stages: [...stages], constraints, from, offline: failurePolicy.offline };
  const excerpt = cutExcerpt(map, errand, ways);
  return excerpt.ok ? excerpt.spatial : spatial;
}

/** Signed for the session that is heard now; a device takes no contract of another. */
async function send(
  context: CloudContext,
  device: Device,
  { contract }: { readonly contract: Contract },
): Promise<void> {
  const { deviceId } = device;
  const signed = await context.signer.sign("hf-contract+jws", { ...contract, session: sessionOf(device)! });
  const { contractId, revision } = contract;
  context.log.info({ deviceId, contractId, revision }, "revision sent");
  context.link.publish(topicOf(context.config.site, deviceId, "contract"), signed).catch((thrown: unknown) => {
    context.log.warn({ deviceId, contractId, reason: messageOf(thrown) }, "revision perhaps not delivered");
  });
}

function isRefused({ commands, answered }: Device, requestId: string): boolean {
  return [...commands, ...answered].some(({ type, data }) => {
    const refused = type === "replan" ? data?.["refused"] : undefined;
    return typeof refused === "object" && refused !== null && "requestId" in refused && refused.requestId === requestId;
  });
}
