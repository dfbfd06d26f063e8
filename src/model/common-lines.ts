/** Indexes of a line that two texts have both. */
export type LinePair = readonly [old: number, fresh: number];

/** The longest list of lines that two texts have both, in their order. Time and memory grow with the product of their lines. */
export function commonLines(old: readonly string[], fresh: readonly string[]): LinePair[] {
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = fresh.length - 1; j >= 0; j--)
      common[i * width + j] =
        old[i] === fresh[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const pairs: LinePair[] = [];
  for (let [i, j] = [0, 0]; i < old.length && j < fresh.length;) {
    if (old[i] === fresh[j]) pairs.push([i++, j++]);
    else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}
