/** Settings of Mosquitto as `deploy/mosquitto` has it, but for TLS; queues are long, because all of a fleet talks to one subscriber. */
export function sharedBroker({ port }: { readonly port: number }): string {
  return [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "set_tcp_nodelay true",
    "persistence false",
    "connection_messages false",
    "max_inflight_messages 1000",
    "max_queued_messages 200000",
  ].join("\n");
}
