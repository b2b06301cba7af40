import { networkInterfaces } from "node:os";
import { repeat, type Clock } from "../clock.ts";
import type { NetworkWatch } from "../network.ts";

const LOOK_EVERY_MS = 2000;

/** Looks at the machine's addresses every 2 s; Node has no event for their changes. `read` answers all that are not internal. */
export function startNetworkWatch(
  clock: Clock,
  read: () => readonly string[] = ownAddresses,
): NetworkWatch & Disposable {
  const listeners = new Set<() => void>();
  let known = key(read());
  const stop = repeat(clock, LOOK_EVERY_MS, () => {
    const now = key(read());
    if (now === known) return;
    known = now;
    for (const listener of listeners) listener();
  });
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: stop,
  };
}

function ownAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`),
  );
}

function key(addresses: readonly string[]): string {
  return addresses.toSorted().join(", ");
}
