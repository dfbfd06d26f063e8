/** Runs of so many are sorted at once, and so many moves made between two pauses: some milliseconds of work. */
const runLength = 1024;
const movesAtOnce = 8192;

/** Sorts as `items.toSorted(compare)` does, in steps: whoever asks for the next one may do something else in between. Gives the sorted list at its end. */
export function* sortedInSteps<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<undefined, readonly T[]> {
  let from: T[] = [];
  for (let at = 0; at < items.length; at += runLength) {
    for (const one of items.slice(at, at + runLength).sort(compare)) from.push(one);
    yield undefined;
  }
  for (let width = runLength; width < items.length; width *= 2) {
    const to: T[] = [];
    for (let start = 0; start < from.length; start += 2 * width) {
      const middle = Math.min(start + width, from.length);
      const end = Math.min(start + 2 * width, from.length);
      for (let left = start, right = middle; left < middle || right < end;) {
        // Of two that are equal the left one comes first.
        const takesLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
        to.push(takesLeft ? from[left++]! : from[right++]!);
        if (to.length % movesAtOnce === 0) yield undefined;
      }
    }
    from = to;
  }
  return from;
}
