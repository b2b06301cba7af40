import { parentPort, workerData } from "node:worker_threads";
import { dialSerial } from "#drivers/serial/serial-line";

/** Passes on what comes on the serial line that it is given. */
await dialSerial({ path: workerData as string, baudRate: 230_400 })({
  onBytes: (bytes) => parentPort?.postMessage(bytes),
  onEnd: (reason) => parentPort?.postMessage(reason),
});
