import type { AnyStateMachine } from "xstate";
import { linkMachine } from "#agent/core/link-machine";
import { safetyModeMachine } from "#agent/core/safety-mode-machine";
import { deviceMachine } from "#cloud/core/device-machine";
import { machineEdges, stateDiagram } from "#contract/state-diagram";

interface Section {
  readonly title: string;
  readonly text: string;
  readonly machine: AnyStateMachine;
}

const SECTIONS: readonly Section[] = [
  {
    title: "The link, on the device",
    text: "Whether the device talks to its cloud. Results of an attempt that is not the current one change nothing.",
    machine: linkMachine,
  },
  {
    title: "The safety mode, on the device",
    text: `How far the robot may act by the faults of its parts. \`doubtful\` still counts as the mode before it, \`recovering\` still as
stopped. A fault either \`limits\`, \`stops\`, or \`stopsNow\` without the doubt that a single missing message deserves.`,
    machine: safetyModeMachine,
  },
  {
    title: "The mode of a device, in the cloud",
    text: `Live, projected, reconciled: document 1's three device states. Whoever returns is \`reconciled\` until its journal is folded
up to where it stood and the divergence report is stored.`,
    machine: deviceMachine,
  },
];

/** `docs/states.md`: the state machines that run in the product, drawn from the machines themselves. */
export function statesPage(): string {
  const sections = SECTIONS.map(
    ({ title, text, machine }) => `## ${title}\n\n${text}\n\n\`\`\`mermaid\n${diagramOf(machine)}\n\`\`\`\n`,
  );
  return `<!-- Generated from the machines by \`npm run generate\`; edit there. -->

# State machines

The machines that are no fold of the journal; those of a contract and its stages are in [statuses.md](statuses.md). Events that
a state does not name change nothing in it, and so do events whose condition, in brackets, does not hold.

${sections.join("\n")}`;
}

function diagramOf(machine: AnyStateMachine): string {
  const [initial] = machine.root.initial.target;
  return stateDiagram(initial!.key, machineEdges(machine));
}
