import type { StoredLayer } from "./layer-table.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Bytes between two spans that are read along: asking once more takes longer. */
const maxGap = 32 << 10;

/** Reads spans of a layer, those that lie near each other at once; gives the layer with nothing but these. */
export async function holdSpans(layer: StoredLayer, spans: readonly Span[]): Promise<StoredLayer> {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to + maxGap) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  const held: { from: number; bytes: Uint8Array }[] = [];
  for (const { from, to } of joined) held.push({ from, bytes: await layer.read(from, to - from) });
  return {
    length: layer.length,
    async read(offset, length) {
      const found = held.findLast(({ from }) => from <= offset);
      return found?.bytes.subarray(offset - found.from, offset - found.from + length) ?? new Uint8Array(0);
    },
  };
}
