/** Terminals of technicians are 80 columns wide; the last one is left free, because some wrap in it. */
export const COLUMNS = 79;

/** Text that no terminal acts upon: printable ASCII stays, everything else is shown as an escape (`\x1b`, `\u{20ac}`). */
export function printable(text: string): string {
  let shown = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    shown += code >= 0x20 && code <= 0x7e ? character : escaped(code);
  }
  return shown;
}

function escaped(code: number): string {
  if (code === 0x0a) return String.raw`\n`;
  if (code === 0x09) return String.raw`\t`;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** One line of ASCII JSON: what lies outside is written as `\uXXXX`, which every JSON reader understands. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Breaks a printable line at spaces, at most `COLUMNS` wide; what follows is indented as the line is, and by `hang` more. */
export function folded(line: string, hang = 2): string[] {
  if (line.length <= COLUMNS) return [line];
  const indent = " ".repeat(Math.min(40, line.length - line.trimStart().length + hang));
  const lines: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS) {
    const space = rest.lastIndexOf(" ", COLUMNS);
    const at = space > indent.length ? space : COLUMNS;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}

/** `85 ms`, `1.2 s`, `14 min`, `3.1 h`, `2.0 d`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1000) return `${Math.round(ms)} ms`;
  if (size < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (size < 3_600_000) return `${(ms / 60_000).toFixed(1)} min`;
  return size < 86_400_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 86_400_000).toFixed(1)} d`;
}

/** Bytes with a decimal prefix. */
export function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1000).toFixed(1)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** Rows as columns that are as wide as their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
}
