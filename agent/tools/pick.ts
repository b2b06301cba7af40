import { PickInputs } from "#contract/actions";
import { handle, verifyHandling, type HandlingDeps } from "./handling.ts";
import type { Tool } from "./tool.ts";

/** Takes goods from a place. */
export function createPick(deps: HandlingDeps): Tool {
  return {
    act(request, signal) {
      const { sku, quantity, from } = PickInputs.parse(request.stage.inputs);
      return handle(deps, request, signal, (load) => load.pick({ key: request.key, sku, quantity, from }));
    },
    verify(request) {
      const { sku, quantity } = PickInputs.parse(request.stage.inputs);
      // What the hand feels now says more than what was asked for.
      return verifyHandling(deps, request, async (load) => (await load.held()) ?? { sku, quantity });
    },
  };
}
