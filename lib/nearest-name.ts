/**
 * The known name that somebody most likely meant: the one that the fewest single-letter changes (insert, delete, replace, swap
 * neighbours: Damerau-Levenshtein) turn it into, if that is at most a third of its letters. Case counts for nothing.
 */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(wrong.length / 3));
  const ranked = known
    .map((name) => ({ name, changes: changesBetween(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ changes }) => changes <= most)
    .toSorted((a, b) => a.changes - b.changes);
  return ranked[0]?.name;
}

/** Ends a message about a wrong name: what was meant, or what there is. Empty when nothing is known. */
export function nameHint(wrong: string, known: readonly string[]): string {
  const nearest = nearestName(wrong, known);
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  return known.length === 0 ? "" : `; there is ${[...new Set(known)].join(", ")}`;
}

/** Optimal string alignment; rows of the classic table, the last two of them kept. */
function changesBetween(from: string, to: string): number {
  let [older, previous]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          previous[column]! + 1,
          current[column - 1]! + 1,
          previous[column - 1]! + (isSame ? 0 : 1),
          isSwapped ? older[column - 2]! + 1 : Infinity,
        ),
      );
    }
    [older, previous] = [previous, current];
  }
  return previous[to.length]!;
}
