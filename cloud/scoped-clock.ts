import type { Cancel, Clock } from "#lib/clock";

/** The same time; disposing it calls off every timer that was set through it, and those that somebody sets afterwards. */
export function scopeClock(clock: Clock): Clock & Disposable {
  const pending = new Set<Cancel>();
  let state: "open" | "ended" = "open";
  return {
    bootId: clock.bootId,
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    state: () => clock.state(),
    after(delayMs, run) {
      if (state === "ended") return () => undefined;
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
      state = "ended";
      for (const cancel of pending) cancel();
      pending.clear();
    },
  };
}
