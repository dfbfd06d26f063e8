import type { ChunkReader } from "./chunk-reader.ts";

/** The bits of a code at first. */
const leastBits = 9;
const clearCode = 256;
const outputBytes = 1 << 16;
/** Codes are written in groups of so many, and a group is filled up where their length changes. */
const groupCodes = 8;

/**
 * Expands what `compress` wrote (`.Z`): LZW with codes of growing length. `damaged` hears what is wrong; all before it is given. A piece is valid until the
 * next one is asked for.
 */
export function* uncompress(reader: ChunkReader, damaged: (why: string) => void): Generator<Uint8Array, void> {
  const header = reader.take(3);
  const mostBits = (header?.[2] ?? 0) & 0x1f;
  const hasClear = ((header?.[2] ?? 0) & 0x80) !== 0;
  if (mostBits < leastBits || mostBits > 16) return damaged("its header is damaged");
  const codes = codesOf(reader);
  const most = 1 << mostBits;
  const prefixes = new Uint16Array(most);
  const suffixes = new Uint8Array(most);
  /** Bytes of what each code stands for. */
  const lengths = new Uint16Array(most).fill(1, 0, clearCode);
  const output = Buffer.alloc(outputBytes + most);
  let filled = 0;
  let next = hasClear ? clearCode + 1 : clearCode;
  let bits = leastBits;
  let before = -1;
  for (;;) {
    if (next > (bits === mostBits ? most : (1 << bits) - 1)) {
      codes.align(bits);
      bits++;
    }
    const code = codes.read(bits);
    if (code < 0) break;
    if (before < 0) {
      if (code > 255) return damaged("its first code is damaged");
      output[filled++] = before = code;
      continue;
    }
    if (code === clearCode && hasClear) {
      next = clearCode;
      codes.align(bits);
      bits = leastBits;
      continue;
    }
    if (code > next || (code === next && next >= most)) {
      yield output.subarray(0, filled);
      return damaged("a code is damaged");
    }
    const isNew = code === next;
    let rest = isNew ? before : code;
    const end = filled + lengths[rest]!;
    let at = end;
    // Codes stand for others that are older, so that this ends; the room decides where a table would lie.
    for (; rest > 255 && at > filled; rest = prefixes[rest]!) output[--at] = suffixes[rest]!;
    if (rest > 255 || at !== filled + 1) {
      yield output.subarray(0, filled);
      return damaged("a code is damaged");
    }
    output[filled] = rest;
    filled = end;
    if (isNew) output[filled++] = rest;
    if (next < most) {
      prefixes[next] = before;
      lengths[next] = lengths[before]! + 1;
      suffixes[next++] = rest;
    }
    before = code;
    if (filled < outputBytes) continue;
    yield output.subarray(0, filled);
    filled = 0;
  }
  yield output.subarray(0, filled);
}

/** Codes out of bits, the lowest first. */
function codesOf(reader: ChunkReader): { read(bits: number): number; align(bits: number): void } {
  let held = 0;
  let count = 0;
  let inGroup = 0;
  return {
    read(bits) {
      while (count < bits) {
        const byte = reader.byte();
        if (byte < 0) return -1;
        held |= byte << count;
        count += 8;
      }
      const code = held & ((1 << bits) - 1);
      held >>>= bits;
      count -= bits;
      inGroup = (inGroup + 1) % groupCodes;
      return code;
    },
    align(bits) {
      for (; inGroup !== 0;) if (this.read(bits) < 0) return;
    },
  };
}
