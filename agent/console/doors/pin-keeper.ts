import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Gatekeeper, PinVerdict } from "../core/command.ts";
import { carriedOver, judgePin, lockedMs, missed, NO_MISSES, PinFile, type PinHash } from "../core/pins.ts";

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** OWASP's second row for scrypt: 64 MB would be felt on a small board. */
const COST = { n: 2 ** 14, r: 8, p: 5 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const OWNER_ONLY = 0o600;

/**
 * PINs in a file that only the agent's user reads, with what was missed: a lock outlives the program and the machine. A miss is
 * on disk before the answer is given. Throws `config.invalid` for a file that is none.
 */
export function openPinKeeper(deps: { readonly path: string; readonly clock: Clock; readonly log: Log }): Gatekeeper {
  const { path, clock, log } = deps;
  const boot = (): { bootId: string; nowMs: number } => ({ bootId: clock.bootId, nowMs: clock.nowMs() });
  let file = readPins(path);
  file = { ...file, misses: carriedOver(file.misses, boot()) };
  /** One PIN is tried at a time, on whatever doors: guesses side by side must not share a miss. */
  let turn: Promise<unknown> = Promise.resolve();

  const keep = (next: PinFile): void => {
    file = next;
    writePins(path, next);
  };
  const note = (next: PinFile): void => {
    try {
      keep(next);
    } catch (thrown) {
      // The lock holds in this process; a restart would forget it.
      log.error({ err: messageOf(thrown) }, "wrong PIN could not be noted on disk");
    }
  };
  async function check(role: "technician" | "admin", pin: string): Promise<PinVerdict> {
    const known = file[role];
    if (!known) return "unset";
    if (lockedMs(file.misses, boot()) > 0) return "locked";
    if (await matches(pin, known)) {
      if (file.misses !== NO_MISSES) note({ ...file, misses: NO_MISSES });
      return "right";
    }
    note({ ...file, misses: missed(file.misses, boot()) });
    return "wrong";
  }
  return {
    check(role, pin) {
      const verdict = turn.then(() => check(role, pin));
      turn = verdict.catch(() => undefined);
      return verdict;
    },
    lockedMs: () => lockedMs(file.misses, boot()),
    hasPin: (role) => file[role] !== undefined,
    async setPin(role, pin) {
      const why = judgePin(pin);
      if (why !== undefined) return why;
      const hash = await hashPin(pin);
      try {
        keep({ ...file, [role]: hash });
        return undefined;
      } catch (thrown) {
        return `${path}: ${messageOf(thrown)}`;
      }
    },
  };
}

/** Hashes a PIN with a new salt. */
async function hashPin(pin: string): Promise<PinHash> {
  const salt = randomBytes(SALT_BYTES);
  const { n, r, p } = COST;
  const hash = await derive(pin, salt, HASH_BYTES, { N: n, r, p });
  return { n, r, p, salt: salt.toString("base64"), hash: hash.toString("base64") };
}

async function matches(pin: string, { n, r, p, salt, hash }: PinHash): Promise<boolean> {
  const wanted = Buffer.from(hash, "base64");
  const given = await derive(pin, Buffer.from(salt, "base64"), wanted.length, { N: n, r, p });
  return timingSafeEqual(given, wanted);
}

function readPins(path: string): PinFile {
  if (!existsSync(path)) return PinFile.parse({});
  try {
    return PinFile.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (thrown) {
    const advice = "remove it and set PINs anew with `holdfast console --set-pin technician`";
    throw new AgentError("config.invalid", `${path}: is no file of PINs: ${advice}`, { cause: thrown });
  }
}

/** Beside, then in its place: a power cut leaves the old file or the new one. */
function writePins(path: string, file: PinFile): void {
  const beside = `${path}.new`;
  writeFileSync(beside, `${JSON.stringify(file)}\n`, { mode: OWNER_ONLY, flush: true });
  renameSync(beside, path);
}
