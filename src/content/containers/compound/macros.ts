/** What every module begins with, as far as it cannot be packed: eight letters, with a byte of flags before them that says so. */
const begin = Buffer.from("\0Attribut", "latin1");
const signature = 1;
/** Of a chunk: its header, three bits of which are always the same, and what it comes to. */
const [chunkMark, chunkBytes] = [3, 4096];

/** The source of a module of macros (Visual Basic), which Office packs in a way of its own behind compiled code ([MS-OVBA] 2.4.1). Undefined where a stream holds none. */
export function expandMacros(stream: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = stream.indexOf(begin); at >= 0; at = stream.indexOf(begin, at + 1)) {
    const start = at - 3;
    if (start < 0 || stream[start] !== signature || isStored(stream, start + 1)) continue;
    at = expandChunks(stream, start + 1, parts);
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts);
}

function isStored(stream: Buffer, at: number): boolean {
  const header = stream.readUInt16LE(at);
  return ((header >> 12) & 7) !== chunkMark || header >> 15 === 0;
}

/** Expands chunks up to what is none, and tells where that stands. */
function expandChunks(stream: Buffer, from: number, parts: Buffer[]): number {
  let at = from;
  while (at + 2 <= stream.length) {
    const header = stream.readUInt16LE(at);
    if (((header >> 12) & 7) !== chunkMark) break;
    const end = Math.min(stream.length, at + 3 + (header & 0xfff));
    parts.push(header >> 15 === 1 ? expandChunk(stream.subarray(at + 2, end)) : stream.subarray(at + 2, end));
    at = end;
  }
  return at;
}

/** Groups of eight tokens behind a byte of flags: letters, and copies whose bits are divided by how much came before. */
function expandChunk(input: Buffer): Buffer {
  const output = Buffer.alloc(chunkBytes);
  let size = 0;
  for (let next = 0; next < input.length && size < chunkBytes;) {
    const flags = input[next++]!;
    for (let bit = 0; bit < 8 && next < input.length && size < chunkBytes; bit++) {
      if (((flags >> bit) & 1) === 0) {
        output[size++] = input[next++]!;
        continue;
      }
      if (next + 2 > input.length) return output.subarray(0, size);
      const token = input.readUInt16LE(next);
      next += 2;
      const lengthBits = 16 - Math.max(4, 32 - Math.clz32(Math.max(0, size - 1)));
      const distance = (token >> lengthBits) + 1;
      if (distance > size) return output.subarray(0, size);
      for (let left = (token & (2 ** lengthBits - 1)) + 3; left > 0 && size < chunkBytes; left--, size++)
        output[size] = output[size - distance]!;
    }
  }
  return output.subarray(0, size);
}
