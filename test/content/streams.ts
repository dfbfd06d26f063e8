import type { StreamDamage } from "../../src/content/compression.ts";

/** Bytes as a stream that can be opened again and again, in chunks of a size. */
export function streamOf(bytes: Uint8Array, chunkBytes = 64 << 10): () => AsyncIterable<Uint8Array> {
  return async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  };
}

/** Everything a stream gives, with the damage it told. */
export async function gather(
  start: (report: (damage: StreamDamage) => void) => AsyncIterable<Uint8Array>,
): Promise<{ bytes: Buffer; damage: StreamDamage["kind"][] }> {
  const damage: StreamDamage["kind"][] = [];
  const parts: Uint8Array[] = [];
  for await (const chunk of start((told) => damage.push(told.kind))) parts.push(chunk);
  return { bytes: Buffer.concat(parts), damage };
}

/** Text that compresses somewhat, the same for the same seed. */
export function sampleText(bytes: number, seed = 1): Buffer {
  const out = Buffer.alloc(bytes);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = i % 7 < 4 ? 97 + (i % 23) : 33 + ((state >>> 16) % 90);
  }
  return out;
}
