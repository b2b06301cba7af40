import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";

/** One move of a state machine, as a diagram shows it. */
export interface Edge {
  readonly from: string;
  readonly label: string;
  readonly to: string;
}

/** States that a diagram draws a frame around; an edge may begin at the frame. */
export interface Frame {
  readonly id: string;
  readonly title: string;
  readonly states: readonly string[];
}

/** A Mermaid state diagram: one arrow for each pair of states, with all its labels. */
export function stateDiagram(initial: string, edges: readonly Edge[], frames: readonly Frame[] = []): string {
  const arrows = new Map<string, Set<string>>();
  for (const { from, label, to } of edges) {
    const arrow = `${nameOf(from)} --> ${nameOf(to)}`;
    arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(label));
  }
  const framed = frames.map(
    ({ id, title, states }) => `  state "${title}" as ${id} {\n    ${states.map(nameOf).join("\n    ")}\n  }`,
  );
  const lines = [...arrows].map(([arrow, labels]) => `  ${arrow}: ${[...labels].join(", ")}`);
  return ["stateDiagram-v2", `  [*] --> ${nameOf(initial)}`, ...framed, ...lines].join("\n");
}

/**
 * The moves of a flat XState machine: what each state does on an event, or after a delay, and under which guard. What leaves
 * the state as it is, is left out. A transition of the machine itself counts for every state that does not end it and has
 * nothing of its own to say about the event.
 */
export function machineEdges(machine: AnyStateMachine): readonly Edge[] {
  const states = Object.values(machine.root.states) as AnyStateNode[];
  const common = [...machine.root.transitions.entries()];
  return states.flatMap((state) => {
    if (state.type === "final") return [];
    const inherited = common.filter(([event]) => !state.transitions.has(event));
    return [...state.transitions.entries(), ...inherited].flatMap(([event, transitions]) =>
      transitions.flatMap((transition, at) => edgesOf(state, event, transition, at)),
    );
  });
}

function edgesOf(state: AnyStateNode, event: string, transition: AnyTransitionDefinition, at: number): Edge[] {
  const to = transition.target?.[0]?.key;
  if (to === undefined || to === state.key) return [];
  const guard = typeof transition.guard === "string" ? transition.guard : undefined;
  const condition = guard === undefined ? (at > 0 ? " [else]" : "") : ` [${guard}]`;
  return [{ from: state.key, label: `${trigger(event)}${condition}`, to }];
}

/** XState names the end of a delay `xstate.after.<delay>.<machine>.<state>`. */
function trigger(event: string): string {
  const delay = /^xstate\.after\.([^.]+)\./.exec(event)?.[1];
  return delay === undefined ? event : `after ${delay}`;
}

/** Mermaid takes no hyphens in names. */
function nameOf(state: string): string {
  return state.replaceAll("-", "_");
}
