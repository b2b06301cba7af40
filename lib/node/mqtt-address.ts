import { AgentError } from "../errors.ts";

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly username?: string;
  readonly password?: string;
}

/** Takes `mqtt://[user[:password]@]host[:port]` or `mqtts://…` apart. Throws `config.invalid` for anything else. */
export function parseBrokerUrl(text: string): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !url.hostname || (url.protocol !== "mqtt:" && url.protocol !== "mqtts:")) {
    throw new AgentError(
      "config.invalid",
      `"${text}" is not the address of a broker; expected mqtt://HOST:PORT or mqtts://HOST:PORT`,
    );
  }
  const isSecure = url.protocol === "mqtts:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || (isSecure ? 8883 : 1883),
    isSecure,
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}
