import type { ContractDraft } from "#contract/contract";

/** The drives of a contract, as one that can be repeated: nothing is taken or put. */
export function withoutHand(draft: ContractDraft): ContractDraft {
  const stages = draft.stages
    .filter(({ action }) => action === "navigate")
    .map((stage) => ({ ...stage, validation: [] }));
  return { ...draft, name: "patrol", taskId: "patrol", stages };
}
