import { z } from "zod";
import type { StoreOp } from "../store.ts";

/** A contract that is revoked arrives within its session or never; this many sessions' worth are remembered. */
const REMEMBERED = 100;
const ContractIds = z.array(z.string());

/** Ids of the contracts that were revoked before they arrived, from the text that the store keeps. */
export function readRevoked(text: string | undefined): readonly string[] {
  return text === undefined ? [] : ContractIds.parse(JSON.parse(text));
}

/** Adds one of them. */
export function writeRevoked(known: readonly string[], contractId: string): StoreOp {
  return { type: "set-meta", key: "revoked", value: JSON.stringify([...known, contractId].slice(-REMEMBERED)) };
}
