/**
 * Runs a decoder that pulls its input by calls on an input that has to be awaited. `aheadBytes`: so much is laid ready before each of its results, or all
 * that is left; no decoder may want more for one result, and where one does all the same, its input ends for it. The results are its own: copies, where it writes
 * to what it gave before.
 */
export async function* decodeAhead(
  input: AsyncIterable<Uint8Array>,
  aheadBytes: number,
  decode: (pieces: Iterable<Uint8Array>) => Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const pieces = input[Symbol.asyncIterator]();
  const ready: Uint8Array[] = [];
  let waiting = 0;
  let isOver = false;
  const feed = (function* (): Generator<Uint8Array, void> {
    for (let piece = ready.shift(); piece !== undefined; piece = ready.shift()) {
      waiting -= piece.length;
      yield piece;
    }
  })();
  const results = decode(feed)[Symbol.iterator]();
  try {
    for (;;) {
      while (waiting < aheadBytes && !isOver) {
        const next = await pieces.next();
        if (next.done === true) isOver = true;
        else {
          ready.push(next.value);
          waiting += next.value.length;
        }
      }
      const result = results.next();
      if (result.done === true) return;
      if (result.value.length > 0) yield Buffer.from(result.value);
    }
  } finally {
    results.return?.();
    await pieces.return?.();
  }
}
