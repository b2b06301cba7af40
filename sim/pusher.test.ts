import { expect, test } from "vitest";
import type { ContractDraft } from "#contract/contract";
import { VirtualClock } from "#lib/virtual-clock";
import { startPusher, type PushAnswer } from "./pusher.ts";

type Cloud = NonNullable<ReturnType<Parameters<typeof startPusher>[1]["execution"]>>;

const never = new Promise<never>(() => undefined);
const stored: Cloud = {
  submitTask: () => never,
  pushContract: () =>
    Promise.resolve({
      ok: true,
      value: { contractId: "c-1", status: "accepted", epoch: 1, location: "/contracts/c-1" },
    }),
};

/** Pushes one contract at once while the cloud is replaced as told: each for two seconds. */
async function pushTo(clouds: readonly (Cloud | undefined)[]): Promise<readonly (PushAnswer | undefined)[]> {
  const clock = new VirtualClock();
  let now = clouds[0];
  const failures: unknown[] = [];
  const pusher = startPusher(
    { contracts: [{ draft: {} as ContractDraft, atMs: 0 }], tasks: [] },
    {
      clock,
      execution: () => now,
      onFailure: (thrown) => failures.push(thrown),
    },
  );
  for (const cloud of clouds) {
    now = cloud;
    await clock.advance(2000);
  }
  expect(failures).toEqual([]);
  expect(pusher.isDone()).toBe(pusher.answers()[0] !== undefined);
  return pusher.answers();
}

test("a push waits for a cloud that is there", async () => {
  expect(await pushTo([undefined, stored])).toEqual([{ status: 201, contractId: "c-1" }]);
});

test("tasks are asked for at their time, and what is wrong with them is told", async () => {
  const clock = new VirtualClock();
  const asked: unknown[] = [];
  const errors = [{ path: "/template", message: "there is no such template" }];
  const problem = { type: "urn:holdfast:problem:invalid", title: "t", status: 422, detail: "d", errors };
  const cloud: Cloud = {
    ...stored,
    submitTask: (order) => {
      asked.push(order);
      return Promise.resolve({ ok: false, problem });
    },
  };
  const order = { taskId: "leg-1", template: "fly", parameters: {} };
  const deps = { clock, execution: () => cloud, onFailure: () => expect.unreachable() };
  const pusher = startPusher({ contracts: [], tasks: [{ order, atMs: 1500 }] }, deps);
  await clock.advance(1000);
  expect(asked).toEqual([]);
  await clock.advance(1000);
  expect(asked).toEqual([order]);
  expect(pusher.answers()).toMatchObject([{ status: 422, problems: ["/template: there is no such template"] }]);
});

test("a push that a cloud did not answer before it died is answered so, and not made again", async () => {
  const [answer] = await pushTo([{ ...stored, pushContract: () => never }, undefined, stored]);
  expect(answer).toMatchObject({ status: 504, detail: expect.stringContaining("died") as string });
});
