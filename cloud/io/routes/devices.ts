import { z } from "zod";
import { ConnectionsView } from "../../connections.ts";
import { TracksView } from "../../device-tracks.ts";
import { DeviceView } from "../../views.ts";
import { respond, type Route } from "../route.ts";

const listDevices: Route = {
  method: "GET",
  path: "/devices",
  operationId: "listDevices",
  summary: "Every device that was ever heard, with what is known or estimated of it now",
  access: ["reader"],
  success: { status: 200, description: "the devices, by id", schema: z.object({ items: z.array(DeviceView) }) },
  handle: (execution) => ({ status: 200, body: { items: execution.listDevices() } }),
};

const getDevice: Route = {
  method: "GET",
  path: "/devices/{id}",
  operationId: "getDevice",
  summary: "A device: mode, pose and battery (seen or projected, with uncertainty and age), active contract",
  access: ["reader"],
  success: { status: 200, description: "the device", schema: DeviceView },
  problems: { 404: "the device was never heard" },
  handle: (execution, { params }) => respond(execution.getDevice(params["id"]!), 200),
};

const getTracks: Route = {
  method: "GET",
  path: "/devices/{id}/tracks",
  operationId: "getTracks",
  summary: "The way that its plan leads a device, and the way that it came",
  access: ["reader"],
  success: { status: 200, description: "both tracks", schema: TracksView },
  problems: { 404: "the device was never heard" },
  handle: async (execution, { params }) => respond(await execution.deviceTracks(params["id"]!), 200),
};

const getConnections: Route = {
  method: "GET",
  path: "/devices/{id}/connections",
  operationId: "getConnections",
  summary: "When the cloud could hear a device, and when not: its last changes of mode, newest first",
  access: ["reader"],
  success: { status: 200, description: "at most 200 changes", schema: ConnectionsView },
  problems: { 404: "the device was never heard" },
  handle: async (execution, { params }) => respond(await execution.connectionsOf(params["id"]!), 200),
};

/** Devices, as they are known now. */
export const deviceRoutes: readonly Route[] = [listDevices, getDevice, getTracks, getConnections];
