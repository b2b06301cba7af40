import { PlaceInputs } from "#contract/actions";
import { handle, verifyHandling, type HandlingDeps } from "./handling.ts";
import type { Tool } from "./tool.ts";

/** Puts what is held at a place; `handedOver` is what the place's own sensor says, true where it has none. */
export function createPlace(deps: HandlingDeps): Tool {
  return {
    async act(request, signal) {
      const { to } = PlaceInputs.parse(request.stage.inputs);
      const result = await handle(deps, request, signal, (load) => load.place({ key: request.key, to }));
      return result.type === "done" ? { ...result, output: { handedOver: true, ...result.output } } : result;
    },
    async verify(request) {
      const { to } = PlaceInputs.parse(request.stage.inputs);
      // A key that the hand has completed is answered from its memory, and an empty hand could not place twice anyway.
      const answer = await verifyHandling(deps, request, (load) => load.place({ key: request.key, to }));
      return answer.answer === "done" ? { ...answer, output: { handedOver: true, ...answer.output } } : answer;
    },
  };
}
