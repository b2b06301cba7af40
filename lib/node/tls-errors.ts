import type { Hindrance } from "./mqtt-errors.ts";

/** Verdicts of OpenSSL about the issuer of a certificate, as Node names them. */
const UNKNOWN_ISSUER: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
]);

/** Alerts by which the other side says that it does not accept this client's certificate (RFC 8446 §6.2), as OpenSSL writes them. */
const CERTIFICATE_ALERT =
  /alert ((?:no |bad |unsupported )?certificate(?: \w+)?|unknown ca|access denied|handshake failure)/;

/** What a failed TLS handshake means, with what the clock shows where a certificate's time is the matter; undefined for other failures. */
export function tlsHindrance(cause: unknown, host: string): Hindrance | undefined {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const now = new Date().toISOString();
  if (code === "CERT_NOT_YET_VALID") {
    const clause = `its certificate is not valid yet by this machine's clock, which shows ${now}: set the clock`;
    return { code: "transport.clock", clause };
  }
  if (code === "CERT_HAS_EXPIRED") {
    const clause = `its certificate has expired, or this machine's clock is ahead: it shows ${now}`;
    return { code: "transport.untrusted", clause };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const clause = `who answered shows a certificate for ${namesIn(cause)} and not for ${host}: a captive portal, so somebody must sign in to this network, or a wrong address`;
    return { code: "transport.untrusted", clause };
  }
  if (UNKNOWN_ISSUER.has(code)) {
    const clause = `who answered shows a certificate of an unknown issuer (${code}): a captive portal or proxy in between, or tls.ca is not the file of the broker's issuer`;
    return { code: "transport.untrusted", clause };
  }
  const said = cause instanceof Error ? `${code} ${cause.message}`.toLowerCase().replaceAll("_", " ") : "";
  const [, alert] = CERTIFICATE_ALERT.exec(said) ?? [];
  if (alert !== undefined) {
    const clause = `it does not accept this device's certificate (${alert}): tls.cert is missing, not of an issuer that it trusts, expired or revoked`;
    return { code: "transport.refused", clause };
  }
  if (/wrong version number|packet length too long/.test(said)) {
    const clause =
      "who answered does not speak TLS: a captive portal, or a port without TLS (then the URL begins with mqtt://)";
    return { code: "transport.untrusted", clause };
  }
  if (said.includes("before secure tls connection")) {
    const clause =
      "it hung up during the TLS handshake: the way is bad, or it does not accept this device's certificate (tls.cert)";
    return { code: "transport.unreachable", clause };
  }
  return undefined;
}

/** The names in the certificate that Node attaches to its error. */
function namesIn(cause: unknown): string {
  const { cert } = cause as { cert?: { subjectaltname?: string; subject?: { CN?: string } } };
  return (cert?.subjectaltname ?? cert?.subject?.CN ?? "no name").replaceAll(/DNS:|IP Address:/g, "");
}
