import type { Message } from "#lib/transport";

/**
 * The MQTT 3.1.1 control packets that the simulated network carries, as values instead of bytes. `packetId` ties an
 * acknowledgement to what it answers (§2.3.1); a QoS-0 publish has 0.
 */
export type ClientPacket =
  | {
      readonly type: "connect";
      readonly clientId: string;
      readonly keepAliveSeconds: number;
      readonly will: Message | undefined;
    }
  | { readonly type: "publish"; readonly packetId: number; readonly message: Message }
  | { readonly type: "puback"; readonly packetId: number }
  | { readonly type: "subscribe"; readonly packetId: number; readonly filters: readonly string[] }
  | { readonly type: "pingreq" }
  | { readonly type: "disconnect" };

export type BrokerPacket =
  | { readonly type: "connack" }
  | { readonly type: "publish"; readonly packetId: number; readonly message: Message }
  | { readonly type: "puback"; readonly packetId: number }
  | { readonly type: "suback"; readonly packetId: number }
  | { readonly type: "pingresp" };
