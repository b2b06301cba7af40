/**
 * Leaves out what is not needed: the items without any one of which `stillFails` no longer holds, or those left when `runsMax` tries are
 * spent. Tries to leave out many at once first (after A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 2002).
 */
export async function shrink<Item>(
  items: readonly Item[],
  stillFails: (items: readonly Item[]) => Promise<boolean>,
  runsMax: number,
): Promise<readonly Item[]> {
  let left = items;
  let runs = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1;) {
    let hasShrunk = false;
    for (let from = 0; from < left.length && runs < runsMax;) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      runs++;
      if (await stillFails(fewer)) {
        left = fewer;
        hasShrunk = true;
      } else from += size;
    }
    // Once more one by one: what was needed before may not be needed now.
    if (size === 1 && (!hasShrunk || runs >= runsMax)) return left;
    size = Math.max(1, Math.floor(size / 2));
  }
  return left;
}
