import { expect, it } from "vitest";
import { draftFor, startCloudFixture } from "../cloud-fixture.ts";

it("keeps a snapshot of the fleet's capacity every 30 s, with a key of its moment, and moves no stock", async () => {
  await using cloud = await startCloudFixture();
  for (const id of ["amr-07", "amr-08"]) await cloud.device(id).connect();
  await cloud.pass(6);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  await cloud.pass(90);
  const { rows } = await cloud.cloud.listFeed({ kind: "capacity", limit: 10 });
  expect(rows.map(({ body }) => body["occurred_at"])).toEqual([
    "2026-01-05T08:01:30.000Z",
    "2026-01-05T08:01:00.000Z",
    "2026-01-05T08:00:30.000Z",
  ]);
  expect(rows[0]).toMatchObject({
    partnerId: "holdfast",
    correlationId: expect.stringMatching(/^019b8d2c-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/) as string,
    body: { active_robots: 1, idle_robots: 1, offline_devices: 0 },
  });
  expect((await cloud.cloud.listLedger({ limit: 1 })).rows).toEqual([]);
});
