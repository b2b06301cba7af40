import type { Desk } from "../operator/desk.ts";
import type { Tool } from "./tool.ts";

/** An action that a person does, asked for on the screen of the device that they carry. */
export function createPrompted(desk: Desk): Tool {
  return {
    act: (request, signal) => desk.perform(request, signal),
    // What counts is what the person confirms, and what they confirmed is in the journal: the rest is asked anew.
    verify: () => Promise.resolve({ answer: "not-done" }),
  };
}
