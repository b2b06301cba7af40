const COLUMNS = 76;

/**
 * A file as text that a terminal's capture can carry: `BEGIN name`, size and SHA-256, base64 (RFC 4648) in lines of 76, `END`.
 * `sed -n '/^BEGIN/,/^END/{//d;/^SIZE/d;/^SHA256/d;p}' capture | base64 -d` gives it back.
 */
export function base64Lines(bytes: Uint8Array, name: string, sha256: string): string[] {
  const text = Buffer.from(bytes).toString("base64");
  const lines = text.match(new RegExp(`.{1,${COLUMNS}}`, "g")) ?? [];
  return [`BEGIN ${name}`, `SIZE ${bytes.length}`, `SHA256 ${sha256}`, ...lines, `END ${name}`];
}
