import { createActor, initialTransition, transition } from "xstate";
import { describe, expect, test } from "vitest";
import { asXStateClock } from "#lib/clock";
import { VirtualClock } from "#lib/virtual-clock";
import { linkMachine, type LinkEvent } from "./link-machine.ts";

type State = "offline" | "connecting" | "online" | "stopped";

const opened = (attempt: number): LinkEvent => ({ type: "opened", attempt });
const lost = (attempt: number, retryInMs = 700): LinkEvent => ({ type: "lost", attempt, retryInMs, reason: "gone" });

/** An actor in the given state of its first attempt, with its clock. */
function actorIn(state: State): { actor: ReturnType<typeof createActor<typeof linkMachine>>; clock: VirtualClock } {
  const clock = new VirtualClock();
  const actor = createActor(linkMachine, { clock: asXStateClock(clock) }).start();
  clock.fireNext(0);
  if (state === "online") actor.send(opened(1));
  if (state === "offline") actor.send(lost(1));
  return { actor, clock };
}

describe("the link machine", () => {
  const rows: { state: State; event: LinkEvent; next: State }[] = [
    { state: "connecting", event: opened(1), next: "online" },
    { state: "connecting", event: lost(1), next: "offline" },
    { state: "connecting", event: opened(0), next: "connecting" },
    { state: "connecting", event: lost(2), next: "connecting" },
    { state: "connecting", event: { type: "stop" }, next: "stopped" },
    { state: "online", event: lost(1), next: "offline" },
    { state: "online", event: lost(0), next: "online" },
    { state: "online", event: opened(1), next: "online" },
    { state: "online", event: { type: "stop" }, next: "stopped" },
    { state: "offline", event: lost(1), next: "offline" },
    { state: "offline", event: opened(1), next: "offline" },
    { state: "offline", event: { type: "retry" }, next: "connecting" },
    { state: "connecting", event: { type: "retry" }, next: "connecting" },
    { state: "online", event: { type: "retry" }, next: "online" },
    { state: "offline", event: { type: "stop" }, next: "stopped" },
  ];
  test.each(rows)("$state + $event.type leads to $next", ({ state, event, next }) => {
    const { actor } = actorIn(state);
    expect(actor.getSnapshot().value).toBe(state);
    actor.send(event);
    expect(actor.getSnapshot().value).toBe(next);
  });

  test("begins offline and tries at once", () => {
    const [initial] = initialTransition(linkMachine);
    expect(initial.value).toBe("offline");
    expect(actorIn("connecting").actor.getSnapshot().context.attempt).toBe(1);
  });

  test("stays offline for the delay it was told, then makes another attempt", async () => {
    const { actor, clock } = actorIn("offline");
    await clock.advance(699);
    expect(actor.getSnapshot().value).toBe("offline");
    await clock.advance(1);
    expect(actor.getSnapshot()).toMatchObject({ value: "connecting", context: { attempt: 2, reason: "gone" } });
  });

  test("is decided purely", () => {
    const { actor } = actorIn("online");
    const [next] = transition(linkMachine, actor.getSnapshot(), lost(1, 10));
    expect(next.context.retryInMs).toBe(10);
    expect(actor.getSnapshot().value).toBe("online");
  });
});
