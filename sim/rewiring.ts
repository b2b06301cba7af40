import type { Store } from "#agent/store";
import type { CloudStore } from "#cloud/io/store";
import type { Verifier } from "#contract/crypto";
import type { MotionDrivers, ToolDrivers } from "#drivers/driver";
import type { Clock } from "#lib/clock";
import type { Transport } from "#lib/transport";

type Rewire<Port> = (port: Port, name: string) => Port;

/**
 * What is put between the parts of a run and their ports, each given the port and the name of its device (or `cloud`). This is how a test
 * breaks a run on purpose, to see that a checker notices.
 */
export interface Rewiring {
  readonly clock?: Rewire<Clock>;
  readonly store?: Rewire<Store>;
  readonly cloudStore?: Rewire<CloudStore>;
  readonly transport?: Rewire<Transport>;
  readonly verifier?: Rewire<Verifier>;
  readonly motion?: Rewire<MotionDrivers>;
  readonly tools?: Rewire<ToolDrivers>;
}

const AS_IT_IS = <Port>(port: Port): Port => port;

/** All of them, where what is left out changes nothing. */
export function rewire(rewiring: Rewiring = {}): Required<Rewiring> {
  return {
    clock: AS_IT_IS,
    store: AS_IT_IS,
    cloudStore: AS_IT_IS,
    transport: AS_IT_IS,
    verifier: AS_IT_IS,
    motion: AS_IT_IS,
    tools: AS_IT_IS,
    ...rewiring,
  };
}
