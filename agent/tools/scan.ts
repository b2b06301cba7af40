import { AgentError } from "#lib/errors";
import { ScanInputs } from "#contract/actions";
import type { Scanner } from "#drivers/driver";
import type { Tool } from "./tool.ts";

const SCAN_WITHIN_MS = 10_000;

/** Reads a code; one that is not the expected one is a failure, so that the policy may try again. */
export function createScan(scanner: Scanner | undefined): Tool {
  return {
    async act(request) {
      if (!scanner) return { type: "failed", code: "tool_missing", detail: "the device has no scanner" };
      if (!request.permit().ok) return { type: "interrupted" };
      const { stage } = request;
      const { expect } = ScanInputs.parse(stage.inputs);
      try {
        const { code } = await scanner.scan(Math.min(SCAN_WITHIN_MS, stage.timeoutSeconds * 1000));
        if (expect === undefined || code === expect) return { type: "done", output: { code, matches: true } };
        return { type: "failed", code: "scan_mismatch", detail: `read ${code}, expected was ${expect}` };
      } catch (thrown) {
        if (!(thrown instanceof AgentError) || !thrown.code.startsWith("driver.")) throw thrown;
        return { type: "failed", code: thrown.code.replace(".", "_"), detail: thrown.message };
      }
    },
    verify: () => Promise.resolve({ answer: "not-done" }),
  };
}
