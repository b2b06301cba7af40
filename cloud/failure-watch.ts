import { repeat } from "#lib/clock";
import type { CloudContext } from "./context.ts";
import { detectFailure, progressMark } from "./core/stall.ts";
import { answerFailure, lookAtHold } from "./failures.ts";
import { lockingContract, modeOf, type Device } from "./fleet.ts";

const LOOK_EVERY_MS = 5_000;

/** Looks for contracts that fail without their device saying so, and takes each failure to the policy once. */
export function watchFailures(context: CloudContext): void {
  repeat(context.clock, LOOK_EVERY_MS, () => {
    for (const device of context.fleet.all()) {
      if (lockingContract(device)) context.background("failure watch", () => device.turns(() => look(context, device)));
    }
  });
}

async function look(context: CloudContext, device: Device): Promise<void> {
  const row = lockingContract(device);
  const state = row && device.state.contracts[row.contractId];
  if (!row || !state || row.status === "unconfirmed") return;
  await lookAtHold(context, device);
  const { clock, config } = context;
  const mode = modeOf(device);
  const mark = `${row.contractId} ${mode} ${progressMark(state, device.track)}`;
  if (device.watched?.mark !== mark) device.watched = { mark, sinceMs: clock.nowMs() };
  const failure = detectFailure(
    {
      contract: row.contract,
      state,
      mode,
      track: device.track,
      unchangedSeconds: (clock.nowMs() - device.watched.sinceMs) / 1000,
      nowMs: clock.wallMs(),
    },
    config.patience,
  );
  if (failure) await answerFailure(context, device, row, { ...failure, mark: context.sha256(mark).slice(0, 16) });
}
