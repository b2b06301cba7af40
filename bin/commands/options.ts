import { InvalidArgumentError } from "commander";

/** Parses a whole number within bounds; what it throws becomes a usage error that names both. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum || value > maximum || text.trim() === "") {
      throw new InvalidArgumentError(`expected a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

/** Parses `HOST:PORT`, IPv6 hosts in brackets; port 0 lets the system choose. */
export function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw new InvalidArgumentError("expected HOST:PORT, such as 127.0.0.1:8080");
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port };
}
