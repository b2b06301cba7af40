import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type ConnectionOptions } from "node:tls";
import type { TlsFiles } from "../broker-access.ts";
import { AgentError, messageOf } from "../errors.ts";
import type { BrokerAddress } from "./mqtt-address.ts";

/** A socket that is being opened, and what was seen on it, for the words about a failure. */
export interface BrokerSocket {
  readonly socket: Socket;
  /** Whether somebody accepted the connection. */
  isAccepted: boolean;
  /** The first characters of what came back, after TLS was taken off. */
  answer: string;
}

const ANSWER_LENGTH = 64;

/**
 * Opens TCP or TLS to a broker. It is a socket of ours, since mqtt.js opens its own without TCP_NODELAY (Nagle's algorithm
 * and delayed acknowledgements then cost large messages most of their throughput) and through a proxy of the environment.
 */
export function openBrokerSocket(address: BrokerAddress, files: TlsFiles | undefined): BrokerSocket {
  const { host, port, isSecure } = address;
  const socket = isSecure
    ? connectTls(tlsOptions(address, files)).setNoDelay(true)
    : connectTcp({ host, port, noDelay: true });
  const seen: BrokerSocket = { socket, isAccepted: false, answer: "" };
  socket.once("connect", () => (seen.isAccepted = true));
  // Listened for before mqtt.js does: it says only that this is no MQTT.
  socket.once("data", (chunk) => (seen.answer = chunk.toString("latin1", 0, ANSWER_LENGTH)));
  return seen;
}

/**
 * Reads the files once, so that what is wrong with them is said at the start. Throws `config.invalid`, naming the key, and
 * the file.
 */
export function checkTlsFiles(files: TlsFiles): void {
  const { ca, cert, key } = readFiles(files);
  try {
    createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
  } catch (thrown) {
    const named = Object.values(files).join(", ");
    throw new AgentError("config.invalid", `tls: ${named} do not fit together: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** When the client's own certificate is valid (milliseconds since the Unix epoch); undefined without one. */
export function ownValidity(
  files: TlsFiles | undefined,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  if (files?.cert === undefined) return undefined;
  const { validFrom, validTo } = new X509Certificate(readFile(files.cert, "cert"));
  return { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) };
}

function tlsOptions({ host, port }: BrokerAddress, files: TlsFiles = {}): ConnectionOptions {
  const { ca, cert, key } = readFiles(files);
  const name = files.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    host,
    port,
    minVersion: "TLSv1.2",
    ...(name !== undefined && { servername: name }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

function readFiles({ ca, cert, key }: TlsFiles): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(ca !== undefined && { ca: readFile(ca, "ca") }),
    ...(cert !== undefined && { cert: readFile(cert, "cert") }),
    ...(key !== undefined && { key: readFile(key, "key") }),
  };
}

function readFile(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw new AgentError("config.invalid", `tls.${key}: ${file} cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
