// LZMA in AssemblyScript (the LZMA specification of the 7-Zip SDK; LZMA2 and CRC-64 of The .xz File Format). ../decoder.ts lays out the memory above
// `heapBase` and says what is wrong with damaged data; nothing here allocates, and nothing is read or written outside of what `place` was given.

/** Probabilities of all but literals, as u16: their numbers in one table. */
const isMatch: u32 = 0;
const isRep: u32 = isMatch + (12 << 4);
const isRepG0: u32 = isRep + 12;
const isRepG1: u32 = isRepG0 + 12;
const isRepG2: u32 = isRepG1 + 12;
const isRep0Long: u32 = isRepG2 + 12;
const slots: u32 = isRep0Long + (12 << 4);
const positions: u32 = slots + 4 * 64;
const align: u32 = positions + 128;
const matchLengths: u32 = align + 16;
/** Of a model of lengths: two choices, 16 times 8 low, 16 times 8 middle and 256 high. */
const lengthModel: u32 = 2 + 128 + 128 + 256;
const repLengths: u32 = matchLengths + lengthModel;
const modelCount: u32 = repLengths + lengthModel;

const half: u16 = 1024;
const top: u32 = 1 << 24;
/** No symbol takes more input than this. */
const mostInput: usize = 20;
/** Bytes behind a match that may be written with it; the ring keeps so many more than may be copied from. */
const overrun: u32 = 16;

const models: usize = memory.data(2 * 2048, 16);
const crcTable: usize = memory.data(8 * 256 * 8, 16);

/** First address that the code itself does not use. */
export const heapBase: usize = __heap_base;

let literals: usize = 0;
let ring: usize = 0;
let size: u32 = 0;

/** Where in the ring the next byte goes. */
export let at: u32 = 0;
/** Address of the next byte of input. */
export let next: usize = 0;
/** Bytes that the last call of `run` made. */
export let made: u32 = 0;
let full: u32 = 0;
let position: u32 = 0;

let lc: u32 = 0;
let lpMask: u32 = 0;
let pbMask: u32 = 0;
let state: u32 = 0;
let rep0: u32 = 0;
let rep1: u32 = 0;
let rep2: u32 = 0;
let rep3: u32 = 0;
let range: u32 = 0;
let code: u32 = 0;

/** What `run` ends with; ../code.ts says what they mean. */
const more: u32 = 0;
const endMarker: u32 = 1;
const outside: u32 = 2;
const tooLong: u32 = 3;
const cutOff: u32 = 4;

/** `ringSize` bytes at `ringAt` are the dictionary, of which all but `overrun` may be copied from; probabilities of literals lie at `literalsAt`. */
export function place(ringAt: usize, ringSize: u32, literalsAt: usize): void {
  ring = ringAt;
  size = ringSize;
  literals = literalsAt;
  at = 0;
  resetDictionary();
}

export function resetDictionary(): void {
  full = 0;
  position = 0;
}

export function setProperties(literalContext: u32, literalPosition: u32, positionBits: u32): void {
  lc = literalContext;
  lpMask = (1 << literalPosition) - 1;
  pbMask = (1 << positionBits) - 1;
  resetState(literalContext + literalPosition);
}

/** `literalBits`: lc + lp. */
export function resetState(literalBits: u32): void {
  state = 0;
  rep0 = rep1 = rep2 = rep3 = 0;
  fill(models, modelCount);
  fill(literals, (0x300 as u32) << literalBits);
}

function fill(to: usize, count: u32): void {
  for (let p = to, end = to + ((count as usize) << 1); p < end; p += 2) store<u16>(p, half);
}

/** Puts `length` bytes that are stored as they are into the dictionary. */
export function put(from: usize, length: u32): void {
  let left = length;
  let p = from;
  while (left > 0) {
    const step = min(left, size - at);
    memory.copy(ring + at, p, step);
    p += step;
    left -= step;
    at += step;
    if (at == size) at = 0;
  }
  full = min(size - overrun, full + length);
  position += length;
}

/** Begins a stream at `from`, whose first five bytes are there; false where they are damaged. */
export function start(from: usize): bool {
  range = 0xffffffff;
  code = bswap<u32>(load<u32>(from, 1));
  next = from + 5;
  return load<u8>(from) == 0;
}

/** Whether the decoder of ranges ended as it has to. */
export function isFinished(): bool {
  if (range < top) normalise();
  return code == 0;
}

/**
 * Expands symbols until `enough` bytes are made, of at most `left`, or while it is sure that input before `end` is enough for one more; `isLast`: what is before
 * `end` is all there is, and a few bytes behind it may be read. Gives why it ended; what a symbol would have made that needed bytes behind the end is not counted.
 */
export function run(end: usize, isLast: bool, enough: u32, left: u32): u32 {
  const limit = isLast ? end : end - mostInput;
  let p = next;
  let r = range;
  let c = code;
  const window = ring;
  const ringSize = size;
  const contextBits = lc;
  const literalMask = lpMask;
  const positionMask = pbMask;
  const literalModels = literals;
  const most = size - overrun;
  let done: u32 = 0;
  let to = at;
  let place = position;
  let reach = full;
  let now = state;
  let why = more;
  while (done < enough && p <= limit) {
    const positionState = place & positionMask;
    const model = models + (((isMatch + (now << 4) + positionState) as usize) << 1);
    if (r < top) {
      r <<= 8;
      c = (c << 8) | load<u8>(p++);
    }
    const chance = load<u16>(model) as u32;
    const bound = (r >>> 11) * chance;
    if (c < bound) {
      r = bound;
      store<u16>(model, (chance + ((2048 - chance) >>> 5)) as u16);
      const before = reach > 0 ? (load<u8>(window + (to == 0 ? ringSize - 1 : to - 1)) as u32) : 0;
      const context = ((place & literalMask) << contextBits) + (before >>> (8 - contextBits));
      const table = literalModels + (((0x300 * context) as usize) << 1);
      let symbol: u32 = 1;
      if (now >= 7) {
        if (rep0 >= reach) {
          why = outside;
          break;
        }
        let matched = load<u8>(window + (to > rep0 ? to - rep0 - 1 : to + ringSize - rep0 - 1)) as u32;
        let offset: u32 = 0x100;
        do {
          matched <<= 1;
          const expected = matched & offset;
          const cell = table + (((offset + expected + symbol) as usize) << 1);
          if (r < top) {
            r <<= 8;
            c = (c << 8) | load<u8>(p++);
          }
          const odds = load<u16>(cell) as u32;
          const border = (r >>> 11) * odds;
          if (c < border) {
            r = border;
            store<u16>(cell, (odds + ((2048 - odds) >>> 5)) as u16);
            symbol <<= 1;
            offset &= ~expected;
          } else {
            r -= border;
            c -= border;
            store<u16>(cell, (odds - (odds >>> 5)) as u16);
            symbol = (symbol << 1) | 1;
            offset &= expected;
          }
        } while (symbol < 0x100);
      } else {
        do {
          const cell = table + ((symbol as usize) << 1);
          if (r < top) {
            r <<= 8;
            c = (c << 8) | load<u8>(p++);
          }
          const odds = load<u16>(cell) as u32;
          const border = (r >>> 11) * odds;
          const one = (c >= border) as u32;
          // Bits of literals are hard to foresee, and a jump that was foreseen wrong costs more than this.
          const mask = 0 - one;
          r = border + (mask & (r - border - border));
          c -= border & mask;
          store<u16>(cell, (odds - (((odds + (~mask & (31 - 2048))) as i32) >> 5)) as u16);
          symbol = (symbol << 1) | one;
        } while (symbol < 0x100);
      }
      if (p > end) {
        why = cutOff;
        break;
      }
      now = now < 4 ? 0 : now < 10 ? now - 3 : now - 6;
      store<u8>(window + to, symbol as u8);
      if (++to == ringSize) to = 0;
      reach = min(most, reach + 1);
      place++;
      done++;
    } else {
      range = r - bound;
      code = c - bound;
      next = p;
      state = now;
      store<u16>(model, (chance - (chance >>> 5)) as u16);
      const length = match(positionState);
      p = next;
      r = range;
      c = code;
      now = state;
      if (p > end) why = cutOff;
      else if (length == 0) why = endMarker;
      else if (rep0 >= reach) why = outside;
      else if (length > left - done) why = tooLong;
      if (why != more) break;
      to = repeat(to, length);
      reach = min(most, reach + length);
      place += length;
      done += length;
    }
  }
  next = p;
  range = r;
  code = c;
  at = to;
  position = place;
  full = reach;
  state = now;
  made = done;
  return why;
}

/** The length of a match, whose distance then is `rep0`; 0: the marker of the end. */
function match(positionState: u32): u32 {
  const before = state;
  if (bit(isRep + before) == 0) {
    const length = 2 + lengthOf(matchLengths, positionState);
    const far = distance(length);
    if (far == 0xffffffff) return 0;
    rep3 = rep2;
    rep2 = rep1;
    rep1 = rep0;
    rep0 = far;
    state = before < 7 ? 7 : 10;
    return length;
  }
  if (bit(isRepG0 + before) == 0) {
    if (bit(isRep0Long + (before << 4) + positionState) == 0) {
      state = before < 7 ? 9 : 11;
      return 1;
    }
  } else {
    let chosen = rep1;
    if (bit(isRepG1 + before) != 0) {
      if (bit(isRepG2 + before) == 0) chosen = rep2;
      else {
        chosen = rep3;
        rep3 = rep2;
      }
      rep2 = rep1;
    }
    rep1 = rep0;
    rep0 = chosen;
  }
  state = before < 7 ? 8 : 11;
  return 2 + lengthOf(repLengths, positionState);
}

function lengthOf(model: u32, positionState: u32): u32 {
  if (bit(model) == 0) return tree(model + 2 + (positionState << 3), 8) - 8;
  if (bit(model + 1) == 0) return tree(model + 130 + (positionState << 3), 8);
  return 16 + tree(model + 258, 256) - 256;
}

function distance(length: u32): u32 {
  const slot = tree(slots + (min(length - 2, 3) << 6), 64) - 64;
  if (slot < 4) return slot;
  const direct = (slot >>> 1) - 1;
  const base = (2 | (slot & 1)) << direct;
  if (slot < 14) return base + reverse(positions + base - slot, direct);
  return base + (directBits(direct - 4) << 4) + reverse(align, 4);
}

/** A number out of a tree of probabilities of `leaves` leaves, and `leaves` more. */
function tree(model: u32, leaves: u32): u32 {
  const table = models + ((model as usize) << 1);
  let p = next;
  let r = range;
  let c = code;
  let node: u32 = 1;
  do {
    const cell = table + ((node as usize) << 1);
    if (r < top) {
      r <<= 8;
      c = (c << 8) | load<u8>(p++);
    }
    const chance = load<u16>(cell) as u32;
    const bound = (r >>> 11) * chance;
    if (c < bound) {
      r = bound;
      store<u16>(cell, (chance + ((2048 - chance) >>> 5)) as u16);
      node <<= 1;
    } else {
      r -= bound;
      c -= bound;
      store<u16>(cell, (chance - (chance >>> 5)) as u16);
      node = (node << 1) | 1;
    }
  } while (node < leaves);
  next = p;
  range = r;
  code = c;
  return node;
}

function reverse(model: u32, count: u32): u32 {
  let node: u32 = 1;
  let value: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const one = bit(model + node);
    node = (node << 1) | one;
    value |= one << i;
  }
  return value;
}

function directBits(count: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (range < top) normalise();
    range >>>= 1;
    const one = (code >= range) as u32;
    code -= range & (0 - one);
    value = (value << 1) | one;
  }
  return value;
}

function bit(model: u32): u32 {
  const cell = models + ((model as usize) << 1);
  if (range < top) normalise();
  const chance = load<u16>(cell) as u32;
  const bound = (range >>> 11) * chance;
  if (code < bound) {
    range = bound;
    store<u16>(cell, (chance + ((2048 - chance) >>> 5)) as u16);
    return 0;
  }
  range -= bound;
  code -= bound;
  store<u16>(cell, (chance - (chance >>> 5)) as u16);
  return 1;
}

// @ts-ignore: decorator
@inline
function normalise(): void {
  range <<= 8;
  code = (code << 8) | load<u8>(next++);
}

/** Copies a match of `length` bytes to place `to` of the ring; gives the place behind it. */
function repeat(to: u32, length: u32): u32 {
  const far = rep0 + 1;
  let target = to;
  let source = to >= far ? to - far : to + size - far;
  if (target + length + overrun <= size && source + length + overrun <= size) {
    let d = ring + target;
    let s = ring + source;
    const end = d + length;
    if (far >= 8) {
      do {
        store<u64>(d, load<u64>(s));
        d += 8;
        s += 8;
      } while (d < end);
    } else {
      do store<u8>(d++, load<u8>(s++));
      while (d < end);
    }
    return target + length;
  }
  for (let left = length; left > 0; left--) {
    store<u8>(ring + target, load<u8>(ring + source));
    if (++target == size) target = 0;
    if (++source == size) source = 0;
  }
  return target;
}

/** The tables of CRC-64 (ECMA-182, the lowest bit first). */
export function makeCrcTables(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let value = i as u64;
    for (let k = 0; k < 8; k++) value = (value >> 1) ^ (0xc96c5795d7870f42 & (0 - (value & 1)));
    store<u64>(crcTable + ((i as usize) << 3), value);
  }
  for (let i: u32 = 256; i < 8 * 256; i++) {
    const value = load<u64>(crcTable + (((i - 256) as usize) << 3));
    store<u64>(crcTable + ((i as usize) << 3), (value >> 8) ^ entry(0, value & 0xff));
  }
}

/** The CRC-64 of `length` bytes at `from`, behind bytes whose CRC is `before` (0: none). */
export function crc64(from: usize, length: u32, before: u64): u64 {
  let value = ~before;
  let p = from;
  const end = from + length;
  for (; p + 8 <= end; p += 8) {
    const word = value ^ load<u64>(p);
    const low = entry(7, word & 0xff) ^ entry(6, (word >> 8) & 0xff) ^ entry(5, (word >> 16) & 0xff);
    const middle = entry(4, (word >> 24) & 0xff) ^ entry(3, (word >> 32) & 0xff) ^ entry(2, (word >> 40) & 0xff);
    value = low ^ middle ^ entry(1, (word >> 48) & 0xff) ^ entry(0, word >> 56);
  }
  for (; p < end; p++) value = (value >> 8) ^ entry(0, (value ^ load<u8>(p)) & 0xff);
  return ~value;
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u64): u64 {
  return load<u64>(crcTable + ((table as usize) << 11) + ((byte as usize) << 3));
}
