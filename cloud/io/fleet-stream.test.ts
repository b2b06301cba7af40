import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { draftFor, startCloudFixture, type CloudFixture } from "../cloud-fixture.ts";
import { streamFleet, type FleetNews } from "./fleet-stream.ts";

/** A reader that keeps what it is told. */
class Reader extends EventEmitter {
  readonly writableLength = 0;
  readonly news: FleetNews[] = [];
  writeHead(): void {}
  write(text: string): void {
    const data = /^data: (.*)$/m.exec(text)?.[1];
    if (data !== undefined) this.news.push(JSON.parse(data) as FleetNews);
  }
}

function read(cloud: CloudFixture): Reader {
  const reader = new Reader();
  void streamFleet(cloud.cloud, cloud.clock, reader as unknown as ServerResponse);
  return reader;
}

it("tells the whole fleet once, then only of devices that have changed", async () => {
  await using cloud = await startCloudFixture();
  for (const id of ["amr-07", "amr-08"]) await cloud.device(id).connect();
  await cloud.pass(6);
  const reader = read(cloud);
  expect(reader.news).toMatchObject([{ whole: true, devices: [{ id: "amr-07", mode: "live" }, { id: "amr-08" }] }]);
  await cloud.during(cloud.cloud.pushContract(draftFor("amr-08")));
  await cloud.pass(2);
  const later = reader.news.slice(1);
  expect(later.every(({ whole }) => !whole)).toBe(true);
  expect(later.flatMap(({ devices }) => devices.map(({ id }) => id))).toEqual(["amr-08"]);
  expect(later.at(-1)).toMatchObject({ devices: [], gone: [] });
  reader.emit("close");
});

it("gives a device that is lost an uncertainty that grows, and none to one that is live", async () => {
  await using cloud = await startCloudFixture();
  const device = cloud.device("amr-07");
  await device.connect();
  await cloud.pass(6);
  const pushed = await cloud.during(cloud.cloud.pushContract(draftFor("amr-07")));
  const contractId = pushed.ok ? pushed.value.contractId : "";
  device.write("stage.progress", { share: 0.1, pose: [1, 2, 0] }, { contractId, stageId: "go-to-rack" });
  await cloud.pass(1);
  const reader = read(cloud);
  expect(reader.news[0]!.devices[0]).toMatchObject({ x: 1, y: 2 });
  expect(reader.news[0]!.devices[0]).not.toHaveProperty("sigma");
  await device.disconnect("cut");
  await cloud.pass(120);
  const sigmas = reader.news
    .flatMap(({ devices }) => devices.map(({ sigma }) => sigma ?? 0))
    .filter((sigma) => sigma > 0);
  expect(sigmas.at(-1)).toBeGreaterThan(sigmas[0]! + 0.5);
  expect(sigmas).toEqual(sigmas.toSorted((a, b) => a - b));
  reader.emit("close");
});
