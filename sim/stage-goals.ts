import type { ContractDraft } from "#contract/contract";
import type { Event } from "#contract/event";
import { readEventData } from "#contract/event-data";

/** What the stages of some contracts are for, in the words of the contracts, for whoever tells of events. */
export class StageGoals {
  readonly #goals: ReadonlyMap<string, string>;
  readonly #names = new Map<string, string>();

  constructor(contracts: readonly ContractDraft[]) {
    this.#goals = new Map(
      contracts.flatMap((draft) =>
        draft.stages.map(({ stageId, goal }) => [`${draft.name ?? draft.taskId}/${stageId}`, goal] as const),
      ),
    );
  }

  /** The goal of the stage that an event is about, or its id; events are shown in the order in which they happened. */
  of({ type, contractId = "", stageId = "", data }: Event): string {
    if (type === "contract.accepted") {
      const accepted = readEventData("contract.accepted", data);
      if (accepted) this.#names.set(contractId, accepted.name ?? accepted.taskId);
    }
    return this.goal(contractId, stageId);
  }

  /** The goal of a stage of an accepted contract, or its id where nothing is known of it. */
  goal(contractId: string, stageId: string): string {
    return this.#goals.get(`${this.#names.get(contractId) ?? ""}/${stageId}`) ?? stageId;
  }
}
