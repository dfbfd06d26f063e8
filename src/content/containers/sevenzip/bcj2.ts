import type { ChunkReader } from "../chunk-reader.ts";
import { LzmaDamage } from "../lzma/decoder.ts";
import { need } from "../lzma/streams.ts";

const outputBytes = 1 << 16;
/** Bits of a probability, and how fast it learns. */
const modelBits = 11;
const moveBits = 5;
const topValue = 2 ** 24;

/** The four streams of which BCJ2 makes machine code of x86: the code without targets, those of calls and of jumps, and which of them are meant. */
export interface Bcj2Streams {
  readonly code: ChunkReader;
  readonly calls: ChunkReader;
  readonly jumps: ChunkReader;
  readonly choices: ChunkReader;
}

/** Puts `size` bytes of machine code together. Throws LzmaDamage. A piece is valid until the next one is asked for. */
export function* joinBcj2({ code, calls, jumps, choices }: Bcj2Streams, size: number): Generator<Uint8Array, void> {
  const isMeant = rangeDecoder(choices);
  const output = Buffer.alloc(outputBytes + 4);
  let filled = 0;
  let made = 0;
  let before = 0;
  while (made < size) {
    if (filled >= outputBytes) {
      yield output.subarray(0, filled);
      filled = 0;
    }
    const byte = code.byte();
    if (byte < 0) throw new LzmaDamage("it ends too early");
    output[filled++] = byte;
    made++;
    const slot = byte === 0xe8 ? 2 + before : byte === 0xe9 ? 1 : before === 0x0f && (byte & 0xf0) === 0x80 ? 0 : -1;
    before = byte;
    if (slot < 0 || made >= size || !isMeant(slot)) continue;
    const target = (need(byte === 0xe8 ? calls : jumps, 4).readUInt32BE(0) - (made + 4)) >>> 0;
    const length = Math.min(4, size - made);
    output.writeUInt32LE(target, filled);
    filled += length;
    made += length;
    before = target >>> 24;
  }
  yield output.subarray(0, filled);
}

/** Decodes a bit by the probability in a slot, as LZMA does. */
function rangeDecoder(input: ChunkReader): (slot: number) => boolean {
  const chances = new Uint16Array(2 + 256).fill(1 << (modelBits - 1));
  let range = 0xffffffff;
  let code = need(input, 5).readUInt32BE(1);
  return (slot) => {
    if (range < topValue) {
      range = (range << 8) >>> 0;
      code = ((code << 8) | need(input, 1)[0]!) >>> 0;
    }
    const chance = chances[slot]!;
    const bound = (range >>> modelBits) * chance;
    if (code < bound) {
      range = bound;
      chances[slot] = chance + (((1 << modelBits) - chance) >> moveBits);
      return false;
    }
    range -= bound;
    code -= bound;
    chances[slot] = chance - (chance >> moveBits);
    return true;
  };
}
