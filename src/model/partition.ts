/**
 * Binary search: how many of `count` things in a row come before a border. `isBefore(i)` is true for the first of them and false for the rest;
 * it is asked about log2(count) times.
 */
export function partition(count: number, isBefore: (i: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
