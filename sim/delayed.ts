/**
 * An asynchronous port whose answers come after a pause; what is asked is done at once. `pause` says how long each time;
 * undefined is no pause.
 */
export function delayed<Port extends object>(port: Port, pause: () => Promise<void> | undefined): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        return answer instanceof Promise ? after(pause(), answer) : answer;
      };
    },
  });
}

/** The outcome is taken at once, so that a failure is never an unhandled one; it is told after the pause. */
async function after<Value>(pause: Promise<void> | undefined, answer: Promise<Value>): Promise<Value> {
  if (!pause) return answer;
  const [settled] = await Promise.allSettled([answer]);
  await pause;
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}
