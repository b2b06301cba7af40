import type { Cancel, Clock } from "#lib/clock";

/** The same time; disposing it calls off every timer that was set through it. */
export function scopeClock(clock: Clock): Clock & Disposable {
  const pending = new Set<Cancel>();
  return {
    bootId: clock.bootId,
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    state: () => clock.state(),
    after(delayMs, run) {
      const cancel = clock.after(delayMs, () => {
        pending.delete(cancel);
        run();
      });
      pending.add(cancel);
      return () => {
        pending.delete(cancel);
        cancel();
      };
    },
    [Symbol.dispose]() {
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
