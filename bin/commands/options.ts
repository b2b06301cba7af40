import { InvalidArgumentError } from "commander";
import type { Pose } from "#lib/geometry";

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

const SEEDS_MAX = 100_000;

/** Parses `A..B` into every whole number from A to B. */
export function seedRange(text: string): number[] {
  const [, first, last] = (/^(\d{1,10})\.\.(\d{1,10})$/.exec(text) ?? []).map(Number);
  const isRange = first !== undefined && last !== undefined && first <= last && last < 2 ** 31;
  if (!isRange || last - first >= SEEDS_MAX) {
    throw new InvalidArgumentError(`expected A..B, at most ${SEEDS_MAX} seeds, such as 1..20`);
  }
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** Parses `NAME=VALUE` and adds it to those before. */
export function assignment(text: string, before: ReadonlyMap<string, string>): Map<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError("expected NAME=VALUE, such as outage=90s");
  return new Map([...before, [name, value]]);
}

/** Parses a share from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1) || text.trim() === "") throw new InvalidArgumentError("expected a share from 0 to 1");
  return value;
}

/** Parses `X,Y,YAW` in metres and radians. */
export function pose(text: string): Pose {
  const [x, y, yaw, ...rest] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const isWhole = rest.length === 0 && [x, y, yaw].every(Number.isFinite);
  if (!isWhole) throw new InvalidArgumentError("expected X,Y,YAW in metres and radians, such as -5.5,-1,0");
  return { x: x!, y: y!, yaw: yaw! };
}

/** Parses `HOST:PORT`, IPv6 hosts in brackets; port 0 lets the system choose. */
export function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw new InvalidArgumentError("expected HOST:PORT, such as 127.0.0.1:8080");
  return { host: match[1]!.replace(/^\[|\]$/g, ""), port };
}
