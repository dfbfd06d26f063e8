/** Undoes a filter in `bytes`, the first of which stood at `position` of what was packed; gives how many of them are done. What is left is given again with more behind it. */
type Undo = (bytes: Buffer, position: number) => number;

/** Numbers of filters (The .xz File Format, 5.3; 7z has the same for them). */
export const filter = { delta: 3, x86: 4, powerPc: 5, arm: 7, armThumb: 8, sparc: 9, arm64: 10 } as const;

/**
 * Filters that come before a compression: they change addresses in machine code, or bytes to differences. Texts come out of some as they went in (x86, ARM: their calls have bytes beyond
 * ASCII); the others change them as well.
 */
const filters: ReadonlyMap<number, (properties: Buffer) => Undo> = new Map([
  [filter.delta, (properties: Buffer) => delta((properties[0] ?? 0) + 1)],
  [filter.x86, x86],
  [filter.powerPc, () => ofWords(powerPc)],
  [filter.arm, () => ofWords(arm)],
  [filter.armThumb, () => armThumb],
  [filter.sparc, () => ofWords(sparc)],
  [filter.arm64, () => ofWords(arm64)],
]);
/** These look for calls at places that depend on what stands before (IA-64, RISC-V), and change texts here and there. */
const notUndone: ReadonlySet<number> = new Set([6, 11]);

export type FilterEffect = "undone" | "changes-texts" | "unknown";

export function effectOf(id: number): FilterEffect {
  if (filters.has(id)) return "undone";
  return notUndone.has(id) ? "changes-texts" : "unknown";
}

/** What `pieces` were before the filter of this number, which is one that is undone. `properties`: its distance, or the address of the first byte. Gives bytes of its own. */
export function* undoFilter(id: number, properties: Buffer, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const undo = filters.get(id)!(properties);
  let rest: Uint8Array = new Uint8Array(0);
  let position = properties.length === 4 ? properties.readUInt32LE(0) : 0;
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    const done = undo(bytes, position);
    position = (position + done) >>> 0;
    rest = bytes.subarray(done);
    if (done > 0) yield bytes.subarray(0, done);
  }
  yield rest;
}

/** Each byte is its difference to the one so many before it. */
function delta(distance: number): Undo {
  const last = new Uint8Array(distance);
  let next = 0;
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = last[next] = bytes[i]! + last[next]!;
      next = next + 1 === distance ? 0 : next + 1;
    }
    return bytes.length;
  };
}

/** Instructions of four bytes. */
function ofWords(rewrite: (bytes: Buffer, at: number, position: number) => void): Undo {
  return (bytes, position) => {
    const whole = bytes.length & ~3;
    for (let at = 0; at < whole; at += 4) rewrite(bytes, at, (position + at) >>> 0);
    return whole;
  };
}

function powerPc(bytes: Buffer, at: number, position: number): void {
  const word = bytes.readUInt32BE(at);
  if (word >>> 26 !== 0x12 || (word & 3) !== 1) return;
  bytes.writeUInt32BE(0x48000001 | (((word & 0x03fffffc) - position) & 0x03fffffc), at);
}

function sparc(bytes: Buffer, at: number, position: number): void {
  const word = bytes.readUInt32BE(at);
  if (word >>> 22 !== 0x100 && word >>> 22 !== 0x1ff) return;
  const target = ((word << 2) - position) >>> 2;
  const sign = ((0 - ((target >>> 22) & 1)) << 22) & 0x3fffffff;
  bytes.writeUInt32BE(sign | (target & 0x3fffff) | 0x40000000, at);
}

/** BL: a word distance of 24 bits, from the instruction after the next. */
function arm(bytes: Buffer, at: number, position: number): void {
  if (bytes[at + 3] !== 0xeb) return;
  const target = (bytes.readUIntLE(at, 3) << 2) - (position + 8);
  bytes.writeUIntLE((target >>> 2) & 0xffffff, at, 3);
}

/** BL of 26 bits, and ADRP where its page lies within half a gigabyte. */
function arm64(bytes: Buffer, at: number, position: number): void {
  const word = bytes.readUInt32LE(at);
  if (word >>> 26 === 0x25) {
    bytes.writeUInt32LE((0x94000000 | ((word - (position >>> 2)) & 0x03ffffff)) >>> 0, at);
  } else if ((word & 0x9f000000) >>> 0 === 0x90000000) {
    const page = ((word >>> 29) & 3) | ((word >>> 3) & 0x001ffffc);
    if (((page + 0x00020000) & 0x001c0000) !== 0) return;
    const target = page - (position >>> 12);
    const bits = ((target & 3) << 29) | ((target & 0x0003fffc) << 3) | (-(target & 0x00020000) & 0x00e00000);
    bytes.writeUInt32LE(((word & 0x9000001f) | bits) >>> 0, at);
  }
}

/** BL of two halves. */
function armThumb(bytes: Buffer, position: number): number {
  let at = 0;
  for (; at + 4 <= bytes.length; at += 2) {
    if ((bytes[at + 1]! & 0xf8) !== 0xf0 || (bytes[at + 3]! & 0xf8) !== 0xf8) continue;
    const packed = ((bytes[at + 1]! & 7) << 19) | (bytes[at]! << 11) | ((bytes[at + 3]! & 7) << 8) | bytes[at + 2]!;
    const target = ((packed << 1) - (position + at + 4)) >>> 1;
    bytes[at + 1] = 0xf0 | ((target >>> 19) & 7);
    bytes[at] = target >>> 11;
    bytes[at + 3] = 0xf8 | ((target >>> 8) & 7);
    bytes[at + 2] = target;
    at += 2;
  }
  return at;
}

/** By the bits of `mask`: whether a call may begin here, and which of its bytes another one may have changed. */
const isAllowed = [1, 1, 1, 0, 1, 0, 0, 0] as const;
const changedByte = [0, 1, 2, 2, 3, 3, 3, 3] as const;

function isSign(byte: number): boolean {
  return byte === 0 || byte === 0xff;
}

/** CALL and JMP with a distance of four bytes. What looked like one in the three bytes before decides with: `mask` has a bit for each. */
function x86(): Undo {
  let mask = 0;
  let since = 5;
  return (bytes, position) => {
    let at = 0;
    for (; at + 5 <= bytes.length;) {
      if ((bytes[at]! & 0xfe) !== 0xe8) {
        at++;
        since++;
        continue;
      }
      mask = since > 3 ? 0 : (mask << (since - 1)) & 7;
      since = 1;
      const isBlocked = mask !== 0 && (isAllowed[mask] === 0 || isSign(bytes[at + 4 - changedByte[mask]!]!));
      if (isBlocked || !isSign(bytes[at + 4]!)) {
        mask = ((mask << 1) & 7) | 1;
        at++;
        continue;
      }
      bytes.writeUInt32LE(absolute(bytes.readUInt32LE(at + 1), position + at + 5, mask), at + 1);
      mask = 0;
      at += 5;
      since = 5;
    }
    return at;
  };
}

/** The distance that a target was made of. */
function absolute(target: number, next: number, mask: number): number {
  for (let word = target; ;) {
    const distance = (word - next) >>> 0;
    const bit = changedByte[mask]! * 8;
    if (mask !== 0 && isSign((distance >>> (24 - bit)) & 0xff)) {
      word = (distance ^ (2 ** (32 - bit) - 1)) >>> 0;
      continue;
    }
    // The uppermost byte is a sign again.
    return ((distance & 0x1ffffff) | ((distance & 0x1000000) === 0 ? 0 : 0xff000000)) >>> 0;
  }
}
