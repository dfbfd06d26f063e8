import { commonLines, type LinePair } from "../../model/common-lines.ts";

/** Lines that differ and are held beside each other: the table takes the product of both. */
const maxCells = 4_000_000;

/**
 * Where each line of `fresh` stood in `old`: its index there, or -1 for one that is new. What is the same at both ends is matched first, then the longest common lines; where that would take too
 * long, lines that both have once.
 */
export function sameLines(old: readonly string[], fresh: readonly string[]): Int32Array {
  const from = new Int32Array(fresh.length).fill(-1);
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) from[start] = start++;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) {
    end++;
    from[fresh.length - end] = old.length - end;
  }
  const [before, after] = [old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)];
  const pairs = before.length * after.length <= maxCells ? commonLines(before, after) : unique(before, after);
  for (const [i, j] of pairs) from[start + j] = start + i;
  return from;
}

/** Lines that both have once, as long as they stand in the same order. */
function unique(old: readonly string[], fresh: readonly string[]): LinePair[] {
  const places = placesOfOnce(old);
  let last = -1;
  return [...placesOfOnce(fresh)].flatMap(([line, j]): LinePair[] => {
    const i = places.get(line);
    if (i === undefined || i <= last) return [];
    last = i;
    return [[i, j]];
  });
}

function placesOfOnce(lines: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [at, line] of lines.entries()) {
    if (places.has(line)) repeated.add(line);
    places.set(line, at);
  }
  for (const line of repeated) places.delete(line);
  return places;
}
