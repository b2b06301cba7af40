import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { readKeySet } from "#contract/io/key-file";
import type { TlsFiles } from "#lib/broker-access";
import { AgentError, messageOf } from "#lib/errors";
import type { AgentConfig } from "../config.ts";
import { fine, problem, unknown, warning, type Finding } from "./finding.ts";
import { judgeExpiry } from "./judge.ts";

const REMEDY_KEYS = "make or fetch it anew: holdfast keys init, holdfast keys enrol";

/** Trusted keys, and certificates with their ends. */
export function examineKeys({ trustedKeys, broker }: AgentConfig, wallMs: number): readonly Finding[] {
  return [...examineTrusted(trustedKeys), ...examineTls(broker.tls, wallMs)];
}

function examineTrusted(path: string): readonly Finding[] {
  try {
    const { keys } = readKeySet(path);
    if (keys.length > 0) return [fine("keys", `${keys.length} keys of the platform are trusted`)];
    return [problem("keys", `${path} holds no key`, "every contract is refused as unknown_key", REMEDY_KEYS)];
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return [problem("keys", thrown.message, "no contract can be trusted", REMEDY_KEYS)];
  }
}

function examineTls(tls: TlsFiles | undefined, wallMs: number): readonly Finding[] {
  const files = [
    ["the certificate of this device", tls?.cert],
    ["the broker's authority", tls?.ca],
  ] as const;
  const ends = files.flatMap(([name, path]): Finding[] => {
    if (path === undefined) return [];
    try {
      const { validFromDate, validToDate } = new X509Certificate(readFileSync(path));
      const expiry = { name: `${name}, ${path},`, fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
      return [judgeExpiry(expiry, wallMs)];
    } catch (thrown) {
      return [problem("keys", `${path}: ${messageOf(thrown)}`, "the broker can't be reached over TLS", REMEDY_KEYS)];
    }
  });
  return tls?.key === undefined ? ends : [...ends, examineMode(tls.key)];
}

/** A private key that others can read is no secret. */
function examineMode(path: string): Finding {
  if (!existsSync(path))
    return problem("keys", `${path} is missing`, "the broker can't be reached over TLS", REMEDY_KEYS);
  const isOpen = (statSync(path).mode & 0o077) !== 0;
  if (!isOpen) return fine("keys", `${path} is readable by its owner only`);
  return warning("keys", `${path} can be read by others`, "who has it can pose as this robot", `chmod 600 ${path}`);
}

/** Whether `core.db` is whole. One that an agent has open can't be read beside it, and was checked when that agent started. */
export function examineDatabase(dataDir: string): Finding {
  const path = join(dataDir, "core.db");
  if (!existsSync(path)) return unknown("storage", `${path} is not there yet: no agent has run`);
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 100 });
    try {
      const verdict = database.pragma("quick_check(1)", { simple: true });
      return verdict === "ok" ? fine("storage", `${path} is whole`) : damaged(path, String(verdict));
    } finally {
      database.close();
    }
  } catch (thrown) {
    const code = thrown instanceof Database.SqliteError ? thrown.code : "";
    if (code.startsWith("SQLITE_BUSY"))
      return fine("storage", `${path} is in use by the agent, which checked it at its start`);
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return damaged(path, messageOf(thrown));
    const why = "the journal is kept there";
    return problem("storage", `${path}: ${messageOf(thrown)}`, why, "check the owner and the mode of the file");
  }
}

function damaged(path: string, detail: string): Finding {
  const why = "events that the cloud does not have may be lost";
  return problem(
    "storage",
    `${path} is damaged: ${detail}`,
    why,
    "start the agent: it sets the file aside; replace the disk",
  );
}
