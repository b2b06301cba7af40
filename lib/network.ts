import type { Cancel } from "./clock.ts";

/** The machine's own way into the network. */
export interface NetworkWatch {
  /** Calls `listener` when the machine's addresses have changed: another access point, another modem, a cable. */
  onChange(listener: () => void): Cancel;
}
