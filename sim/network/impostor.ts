import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Transport } from "#lib/transport";

const AGAIN_MS = 1000;
const KEEP_ALIVE_SECONDS = 15;

/**
 * A client that connects with an identifier that is not its own, as a cloned card or a copied configuration makes one, and
 * does nothing else. It comes back a second after it was pushed out, until `end`; it leaves by being pushed out.
 */
export function startImpostor(clock: Clock, transport: Transport, clientId: () => string | undefined): { end(): void } {
  let isEnded = false;
  const again = (): void => void clock.after(AGAIN_MS, () => void (isEnded || connect()));
  async function connect(): Promise<void> {
    const stolen = clientId();
    if (stolen === undefined) return again();
    try {
      const handlers = { onMessage: () => undefined, onClose: again };
      await transport.connect({ clientId: stolen, keepAliveSeconds: KEEP_ALIVE_SECONDS }, handlers);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      again();
    }
  }
  void connect();
  return {
    end() {
      isEnded = true;
    },
  };
}
