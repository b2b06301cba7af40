/** Cost of a pair that must not be. */
export const FORBIDDEN = 1e12;

/**
 * The assignment of least total cost: for each row its own column. Needs at least as many columns as rows and finite costs.
 * Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957; in the form of Jonker and Volgenant 1987):
 * rows² x columns steps.
 */
export function assignAtLeastCost(costs: readonly (readonly number[])[]): readonly number[] {
  const columns = costs[0]?.length ?? 0;
  const rowPotential = new Float64Array(costs.length + 1);
  const columnPotential = new Float64Array(columns + 1);
  // Rows and columns count from 1; column 0 stands for the row that looks for its place.
  const rowOf = new Int32Array(columns + 1);
  for (let row = 1; row <= costs.length; row++) {
    rowOf[0] = row;
    augment(costs, rowOf, rowPotential, columnPotential);
  }
  const columnOf = Array.from({ length: costs.length }, () => -1);
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column]!;
    if (row > 0) columnOf[row - 1] = column - 1;
  }
  return columnOf;
}

/** Finds the cheapest chain of changes that ends in a free column, and makes them. */
function augment(
  costs: readonly (readonly number[])[],
  rowOf: Int32Array,
  rowPotential: Float64Array,
  columnPotential: Float64Array,
): void {
  const count = rowOf.length;
  const slack = new Float64Array(count).fill(Infinity);
  const cameFrom = new Int32Array(count);
  const isReached = new Uint8Array(count);
  let column = 0;
  do {
    isReached[column] = 1;
    const row = rowOf[column]!;
    let next = -1;
    for (let other = 1; other < count; other++) {
      if (isReached[other]) continue;
      const reduced = costs[row - 1]![other - 1]! - rowPotential[row]! - columnPotential[other]!;
      if (reduced < slack[other]!) {
        slack[other] = reduced;
        cameFrom[other] = column;
      }
      if (next < 0 || slack[other]! < slack[next]!) next = other;
    }
    const step = slack[next]!;
    for (let other = 0; other < count; other++) {
      if (isReached[other]) {
        rowPotential[rowOf[other]!]! += step;
        columnPotential[other]! -= step;
      } else slack[other]! -= step;
    }
    column = next;
  } while (rowOf[column] !== 0);
  for (; column !== 0; column = cameFrom[column]!) rowOf[column] = rowOf[cameFrom[column]!]!;
}
