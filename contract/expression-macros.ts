import type { Evaluator, Frame } from "./expression-translator.ts";
import { attempt, expectBool, ExpressionFault } from "./expression-values.ts";

/** An item of the collection that a macro goes through, and the frame in which its variable stands for the item. */
interface Turn {
  readonly item: unknown;
  readonly frame: Frame;
}

/** `collection.name(variable, body…)`: the bodies are evaluated for each item (a map's items are its keys). */
export interface Macro {
  /** How many bodies it takes. */
  readonly bodies: readonly number[];
  run(turns: readonly Turn[], bodies: readonly Evaluator[]): unknown;
}

/** The macros of the CEL specification. */
export const MACROS: Readonly<Record<string, Macro>> = {
  all: { bodies: [1], run: (turns, [body]) => decide(turns, body!, false) },
  exists: { bodies: [1], run: (turns, [body]) => decide(turns, body!, true) },
  exists_one: {
    bodies: [1],
    run: (turns, [body]) => turns.filter(({ frame }) => expectBool(body!(frame))).length === 1,
  },
  filter: {
    bodies: [1],
    run: (turns, [body]) => turns.filter(({ frame }) => expectBool(body!(frame))).map(({ item }) => item),
  },
  map: {
    bodies: [1, 2],
    run(turns, bodies) {
      const [filter, transform] = bodies.length === 2 ? bodies : [undefined, bodies[0]];
      return turns.filter(({ frame }) => !filter || expectBool(filter(frame))).map(({ frame }) => transform!(frame));
    },
  },
};

/** The first item that decides wins over faults of others, as with `&&` and `||`. */
function decide(turns: readonly Turn[], body: Evaluator, deciding: boolean): boolean {
  let fault: ExpressionFault | undefined;
  for (const { frame } of turns) {
    const answer = attempt(() => expectBool(body(frame)));
    if (answer === deciding) return deciding;
    if (answer instanceof ExpressionFault) fault ??= answer;
  }
  if (fault) throw fault;
  return !deciding;
}
