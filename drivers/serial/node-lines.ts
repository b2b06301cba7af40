import { dialGuarded } from "../base-guard/guarded-line.ts";
import type { Lines } from "../line.ts";
import { dialSocket } from "../ros-bridge/socket-line.ts";
import { dialSerial } from "./serial-line.ts";
import { dialTcp } from "./tcp-line.ts";

/** The lines of this machine. */
export const nodeLines: Lines = { serial: dialSerial, tcp: dialTcp, socket: dialSocket, guarded: dialGuarded };
