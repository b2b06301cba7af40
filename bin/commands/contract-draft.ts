import { checkContractDraft } from "#contract/check";
import type { ContractDraft } from "#contract/contract";
import type { Problem } from "#contract/event";
import { readContractFile } from "#contract/io/contract-file";
import { Unmet } from "../exit.ts";

/** Reads and checks a contract file; all that is wrong with it is the message of an `Unmet`. */
export function checkedDraft(file: string): ContractDraft {
  const result = checkContractDraft(readContractFile(file));
  if (result.ok) return result.contract;
  throw new Unmet(`${file} is refused (${result.reason}):\n${result.problems.map(problemLine).join("\n")}`);
}

/** A problem as one line of a list. */
export function problemLine({ path, message, value, expected }: Problem): string {
  const found = value === undefined ? "" : `, found ${JSON.stringify(value)}`;
  return `  ${path || "/"}: ${message}${found}${expected === undefined ? "" : `, expected ${expected}`}`;
}
