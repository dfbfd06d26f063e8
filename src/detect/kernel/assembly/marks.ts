// The marks of encoded text in AssemblyScript. Its twin is ../twin-marks.ts.

/**
 * What the last call of `findMarks` saw that is to be looked for in all of a content, or data that looks like it: sixteen bytes of text in UTF-16 (1), of text
 * in UTF-32 (2).
 */
export let wide: u32 = 0;
/** How many bytes the last call of `findMarks` looked at: less than asked for where the buffer was full. */
export let consumedMarks: u32 = 0;

/** A mark stands in a word of so many bytes: shorter ones hold no secret. */
const leastWord: u32 = 20;
/** A string that is put together makes a word of so many bytes. */
const leastJoined: u32 = 16;
const longestSeam: u32 = 48;

// Pairs of bytes at which a mark can begin, one bit a kind: the pair's first byte has the bit in `low1[byte & 15] & high1[byte >> 4]`, the
// second one in `low2` and `high2`. 1: % and a hex digit. 2: a backslash and what may follow it. 4: & and a letter or #. 8: =3.
// 16: a quote and one of space + . &. 32: 0x. 64: = and a line end. 128: a quote and one of tab, line end, backslash.
// prettier-ignore
const low1 = i8x16(32, 0, -112, 0, 0, 1, 4, -112, 0, 0, 0, 0, 2, 72, 0, 0);
// prettier-ignore
const high1 = i8x16(0, 0, -107, 104, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
// prettier-ignore
const low2 = i8x16(19, 7, 3, 13, 3, 3, 17, 5, 35, -127, -64, 16, -124, -64, 22, 2);
// prettier-ignore
const high2 = i8x16(-64, 0, 22, 11, 1, -94, 7, 38, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * Finds marks that begin in `length` bytes at `text`: bytes that stand for others, or for none. Each is a function of the bytes from `markBack` before
 * its begin to `markAhead` behind it (../marks.ts); `low` and `limit` are where the content begins and ends. Writes pairs of u32 to `out`: where the
 * mark begins, and its length times two, plus one for a number in a list of bytes. Returns the number of pairs; `consumedMarks` tells how many bytes were looked at,
 * `wide` whether text in UTF-16 may be among them.
 */
export function findMarks(text: usize, length: u32, low: usize, limit: usize, out: usize, maxOut: u32): u32 {
  wide = 0;
  let n: u32 = 0;
  const end = text + length;
  // A mark is at least two bytes long.
  const last = end < limit ? end : limit - 1;
  let p = text;
  const zero = i8x16.splat(0);
  while (p < last) {
    let mask: u32;
    let width: usize = 32;
    if (p + 33 <= limit) {
      const first = v128.load(p);
      const next = v128.load(p, 16);
      const kinds = kindsOf(first, v128.load(p, 1));
      const nextKinds = kindsOf(next, v128.load(p, 17));
      const zeros = i8x16.eq(first, zero);
      const nextZeros = i8x16.eq(next, zero);
      if (!v128.any_true(v128.or(v128.or(kinds, zeros), v128.or(nextKinds, nextZeros)))) {
        p += 32;
        continue;
      }
      wide |= turnsOf(i8x16.bitmask(zeros), p) | turnsOf(i8x16.bitmask(nextZeros), p + 16);
      mask = (i8x16.bitmask(i8x16.ne(kinds, zero)) as u32) | ((i8x16.bitmask(i8x16.ne(nextKinds, zero)) as u32) << 16);
    } else if (p + 17 <= limit) {
      const first = v128.load(p);
      wide |= turnsOf(i8x16.bitmask(i8x16.eq(first, zero)), p);
      mask = i8x16.bitmask(i8x16.ne(kindsOf(first, v128.load(p, 1)), zero)) as u32;
      width = 16;
    } else {
      mask = 0xffff;
      width = 16;
    }
    while (mask != 0) {
      const at = p + (ctz(mask) as usize);
      mask &= mask - 1;
      if (at >= last) break;
      const mark = markAt(at, low, limit);
      if (mark == 0) continue;
      store<u32>(out + ((n as usize) << 3), (at - text) as u32);
      store<u32>(out + ((n as usize) << 3), mark, 4);
      n++;
      if (n == maxOut) {
        consumedMarks = (at + 1 - text) as u32;
        return n;
      }
    }
    p += width;
  }
  consumedMarks = length;
  return n;
}

function kindsOf(first: v128, second: v128): v128 {
  const nibble = i8x16.splat(15);
  return v128.and(
    v128.and(i8x16.swizzle(low1, v128.and(first, nibble)), i8x16.swizzle(high1, i8x16.shr_u(first, 4))),
    v128.and(i8x16.swizzle(low2, v128.and(second, nibble)), i8x16.swizzle(high2, i8x16.shr_u(second, 4))),
  );
}

/** Kinds of what is looked for in all of a content. */
const utf16: u32 = 1;
const utf32: u32 = 2;

/**
 * Whether sixteen bytes are text between zero bytes: the kind of it, or 0. `zeros`: a bit for each byte that is zero. Programs are full of zeros, so what does not repeat every four bytes, or
 * is nothing but zeros, is told first.
 */
function turnsOf(zeros: i32, at: usize): u32 {
  return ((zeros ^ (zeros >> 4)) & 0xfff) != 0 || zeros == 0 || zeros == 0xffff ? 0 : turnsAt(zeros, at);
}

function turnsAt(zeros: i32, at: usize): u32 {
  const step: usize = zeros == 0xaaaa || zeros == 0x5555 ? 2 : 4;
  if (step == 4 && zeros != 0xeeee && zeros != 0xdddd && zeros != 0xbbbb && zeros != 0x7777) return 0;
  for (let k: usize = ctz(~zeros) as usize; k < 16; k += step) if (!isTextual(load<u8>(at + k))) return 0;
  return step == 2 ? utf16 : utf32;
}

/** Length of the mark at `at` times two, plus one for a number in a list of bytes; 0: there is none. */
function markAt(at: usize, low: usize, limit: usize): u32 {
  const c = load<u8>(at) as u32;
  const left = (limit - at) as u32;
  const d = load<u8>(at, 1) as u32;
  if (c == 0x25)
    return left >= 3 && isHex(d) && isHex(load<u8>(at, 2)) && isPercent(at, low, limit) ? inWord(at, 3, low, limit) : 0;
  if (c == 0x5c) return backslash(at, d, left, low, limit);
  if (c == 0x26) return entity(at, d, left, low, limit);
  if (c == 0x3d) {
    if (d == 0x33) {
      const e: u32 = left >= 3 ? (load<u8>(at, 2) as u32) : 0;
      return e == 0x44 ? inWord(at, 3, low, limit) : 0;
    }
    return softBreak(at, low, limit);
  }
  if (c == 0x22 || c == 0x27) return seam(at, c, low, limit);
  if (c == 0x30 && (d == 0x78 || d == 0x58)) {
    if (left < 4 || !isHex(load<u8>(at, 2)) || !isHex(load<u8>(at, 3))) return 0;
    if (left >= 5 && isAlnum(load<u8>(at, 4))) return 0;
    const value = hexValue(load<u8>(at, 2)) * 16 + hexValue(load<u8>(at, 3));
    return value == 9 || value == 10 || value == 13 || (value >= 0x20 && value < 0x7f) ? 9 : 0;
  }
  return 0;
}

/** `%XX` of a byte that nobody needs to write so is one only beside another: printf has its `%2d`. */
function isPercent(at: usize, low: usize, limit: usize): bool {
  const value = hexValue(load<u8>(at, 1)) * 16 + hexValue(load<u8>(at, 2));
  if (!isTextual(value)) return false;
  if (!isAlnum(value) && value != 0x2d && value != 0x2e && value != 0x5f) return true;
  if (at + 6 <= limit && load<u8>(at, 3) == 0x25 && isHex(load<u8>(at, 4)) && isHex(load<u8>(at, 5))) return true;
  return at >= low + 3 && load<u8>(at - 3) == 0x25 && isHex(load<u8>(at - 2)) && isHex(load<u8>(at - 1));
}

function backslash(at: usize, d: u32, left: u32, low: usize, limit: usize): u32 {
  // u, U: four or eight hex digits, or any in braces.
  if (d == 0x75 || d == 0x55) {
    if (left < 6) return 0;
    if (load<u8>(at, 2) == 0x7b) {
      let k: u32 = 3;
      let value: u32 = 0;
      while (k < 9 && k < left && isHex(load<u8>(at + k))) value = value * 16 + hexValue(load<u8>(at + k++));
      if (!isTextual(value) || k >= left || load<u8>(at + k) != 0x7d) return 0;
      // Braces end a word: such beside each other are one.
      if (k + 3 < left && load<u8>(at + k, 1) == 0x5c && load<u8>(at + k, 3) == 0x7b) return (k + 1) << 1;
      return at > low && load<u8>(at - 1) == 0x7d ? (k + 1) << 1 : inWord(at, k + 1, low, limit);
    }
    const digits: u32 = d == 0x75 ? 4 : 8;
    if (left < digits + 2) return 0;
    let value: u32 = 0;
    for (let k: u32 = 2; k < digits + 2; k++) {
      if (!isHex(load<u8>(at + k))) return 0;
      value = value * 16 + hexValue(load<u8>(at + k));
    }
    return isTextual(value) ? inWord(at, digits + 2, low, limit) : 0;
  }
  if (d == 0x78) {
    if (left < 4 || !isHex(load<u8>(at, 2)) || !isHex(load<u8>(at, 3))) return 0;
    return isTextual(hexValue(load<u8>(at, 2)) * 16 + hexValue(load<u8>(at, 3))) ? inWord(at, 4, low, limit) : 0;
  }
  if (d == 0x2f) return inWord(at, 2, low, limit);
  // n, r, t before a word.
  if (d == 0x6e || d == 0x72 || d == 0x74) {
    if (left < 18 || !isAlnum(load<u8>(at, 2))) return 0;
    for (let k: u32 = 3; k < 18; k++) {
      const c = load<u8>(at + k) as u32;
      if (!isWord(c) || c == 0x5c) return 0;
    }
    return 4;
  }
  // The end of a name in JSON inside a string.
  if (d == 0x22) {
    const k: usize = left > 3 && load<u8>(at, 2) == 0x20 ? 3 : 2;
    return left > k && load<u8>(at + k) == 0x3a ? 4 : 0;
  }
  // Octal.
  if (d == 0x30 || d == 0x31) {
    if (left < 4) return 0;
    const e = load<u8>(at, 2) as u32;
    const f = load<u8>(at, 3) as u32;
    if (e < 0x30 || e > 0x37 || f < 0x30 || f > 0x37 || (d == 0x30 && e < 0x34)) return 0;
    return inWord(at, 4, low, limit);
  }
  return 0;
}

/** Character references of HTML and XML: by number, and the five that XML has. */
function entity(at: usize, d: u32, left: u32, low: usize, limit: usize): u32 {
  let k: u32 = 2;
  if (d == 0x23) {
    const isHexadecimal = left > 3 && (load<u8>(at, 2) == 0x78 || load<u8>(at, 2) == 0x58);
    if (isHexadecimal) k = 3;
    const from = k;
    let value: u32 = 0;
    while (k < from + 6 && k < left) {
      const c = load<u8>(at + k) as u32;
      if (!(isHexadecimal ? isHex(c) : c >= 0x30 && c <= 0x39)) break;
      value = value * (isHexadecimal ? 16 : 10) + hexValue(c);
      k++;
    }
    if (!isTextual(value)) return 0;
  } else {
    while (k < 6 && k < left && isAlnum(load<u8>(at + k))) k++;
    const second: u32 = k > 2 ? (load<u8>(at, 2) as u32) : 0;
    const isNamed =
      (k == 3 && second == 0x74 && (d == 0x6c || d == 0x67)) ||
      (k == 4 && d == 0x61 && second == 0x6d && load<u8>(at, 3) == 0x70) ||
      (k == 5 && d == 0x71 && second == 0x75 && load<u8>(at, 3) == 0x6f && load<u8>(at, 4) == 0x74) ||
      (k == 5 && d == 0x61 && second == 0x70 && load<u8>(at, 3) == 0x6f && load<u8>(at, 4) == 0x73);
    if (!isNamed) return 0;
  }
  return k < left && load<u8>(at + k) == 0x3b ? inWord(at, k + 1, low, limit) : 0;
}

/** `=` at the end of a line of 70 to 76 bytes, in the middle of a word: a line of quoted-printable text goes on (RFC 2045, section 6.7). */
function softBreak(at: usize, low: usize, limit: usize): u32 {
  const size: u32 = load<u8>(at, 1) == 0x0d ? 3 : 2;
  if (size >= ((limit - at) as u32) || load<u8>(at + size - 1) != 0x0a) return 0;
  if (at == low || load<u8>(at - 1) == 0x3d || !isWord(load<u8>(at - 1)) || !isWord(load<u8>(at + size))) return 0;
  // Length of the line with the `=`.
  let k: u32 = 1;
  while (k < 77 && at - k >= low && load<u8>(at - k) != 0x0a) k++;
  return k >= 70 && k < 77 ? size << 1 : 0;
}

/** From a closing quote over `+`, `.`, line ends and the like to the next opening one: one string, written in parts. */
function seam(at: usize, quote: u32, low: usize, limit: usize): u32 {
  if (at == low || load<u8>(at - 1) == 0x5c || !isWord(load<u8>(at - 1))) return 0;
  let p = at + 1;
  const stop = at + longestSeam < limit ? at + longestSeam : limit;
  let isLine = false;
  let isJoined = false;
  while (p < stop) {
    const c = load<u8>(p) as u32;
    if (c == quote) break;
    if (c == 0x0a) {
      isLine = true;
    } else if (c == 0x2b || c == 0x26 || c == 0x5c) {
      isJoined = true;
    } else if (c == 0x7c || c == 0x3c) {
      // `||` of SQL, `<<` of Ruby, `<>` of Elixir.
      const d: u32 = p + 1 < stop ? (load<u8>(p, 1) as u32) : 0;
      if (d != c && !(c == 0x3c && d == 0x3e)) return 0;
      isJoined = true;
      p++;
    } else if (c == 0x5f && isJoined && !isLine) {
      // A line of Visual Basic that goes on.
    } else if (c == 0x2e) {
      isJoined = true;
      // .concat(
      if (p + 8 < stop && load<u32>(p, 1) == 0x636e6f63 && load<u16>(p, 5) == 0x7461 && load<u8>(p, 7) == 0x28) p += 7;
    } else if (c != 0x20 && c != 0x09 && c != 0x0d) {
      return 0;
    }
    p++;
  }
  if (!(isJoined || isLine) || p >= stop || p + 1 >= limit || !isWord(load<u8>(p, 1)) || load<u8>(p, 1) == 0x5c)
    return 0;
  p++;
  const before = wordBefore(at, low);
  const behind = wordBehind(p, limit);
  // Strings that merely stand below each other are often paths.
  if (!isJoined && (holdsSlash(at - before, before) || holdsSlash(p, behind))) return 0;
  const word = before + behind;
  return word >= leastJoined ? ((p - at) as u32) << 1 : 0;
}

/** The mark of `size` bytes at `at`, if the word around it is long enough. */
function inWord(at: usize, size: u32, low: usize, limit: usize): u32 {
  let word = size + wordBehind(at + size, limit);
  if (word < leastWord) word += wordBefore(at, low);
  return word < leastWord ? 0 : size << 1;
}

function holdsSlash(at: usize, length: u32): bool {
  for (let k: u32 = 0; k < length; k++) if (load<u8>(at + k) == 0x2f) return true;
  return false;
}

function wordBehind(at: usize, limit: usize): u32 {
  let k: u32 = 0;
  while (k < leastWord && at + k < limit && isWord(load<u8>(at + k))) k++;
  return k;
}

function wordBefore(at: usize, low: usize): u32 {
  let k: u32 = 0;
  while (k < leastWord && at - k > low && isWord(load<u8>(at - k - 1))) k++;
  return k;
}

/** Bytes of a word: no space, quote, bracket or comma. */
function isWord(c: u32): bool {
  if (c <= 0x20) return false;
  if (c >= 0x30 && c < 0x5b) return c != 0x3c && c != 0x3e;
  if (c >= 0x61 && c < 0x7b) return true;
  if (c >= 0x7f) return c >= 0x80;
  return (
    c != 0x22 &&
    c != 0x27 &&
    c != 0x28 &&
    c != 0x29 &&
    c != 0x2c &&
    c != 0x5b &&
    c != 0x5d &&
    c != 0x60 &&
    c != 0x7b &&
    c != 0x7d
  );
}

function isHex(c: u32): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}

function isAlnum(c: u32): bool {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a);
}

function hexValue(c: u32): u32 {
  return c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57;
}

/**
 * Finds maximal runs of at least `least` bytes that are text of a kind: in UTF-16 (32 bytes or more) or UTF-32 (64), of either order of bytes, where printable ASCII stands between zero
 * bytes. Writes pairs of u32 (start, end) to `runs` and returns their number. Such a run covers one of the blocks of sixteen bytes that are looked at
 * first; all others are passed by.
 */
export function findWide(kind: u32, text: usize, length: u32, least: u32, runs: usize, maxRuns: u32): u32 {
  let n: u32 = 0;
  let done: u32 = 0;
  let block: u32 = 0;
  const zero = i8x16.splat(0);
  while (block + 16 <= length) {
    const bytes = v128.load(text + block);
    const zeros = i8x16.bitmask(i8x16.eq(bytes, zero));
    if (turnsOf(zeros, text + block) != kind) {
      block += 16;
      continue;
    }
    // Where the letters stand.
    const phase: u32 = (block + (ctz(~zeros) as u32)) & 3;
    let from = block;
    while (from > done && goesOn(kind, text, from - 1, phase)) from--;
    let at = block + 16;
    while (at < length && goesOn(kind, text, at, phase)) at++;
    if (at - from >= least) {
      store<u32>(runs + ((n as usize) << 3), from);
      store<u32>(runs + ((n as usize) << 3), at, 4);
      n++;
      if (n == maxRuns) break;
    }
    done = at;
    // What ends here may stand in the midst of a block.
    block = at;
  }
  return n;
}

/** Whether the byte at offset `at` belongs to the run that its neighbour belongs to. */
function goesOn(kind: u32, text: usize, at: u32, phase: u32): bool {
  const byte = load<u8>(text + at) as u32;
  const step: u32 = kind == utf16 ? 1 : 3;
  return (at & step) == (phase & step) ? isTextual(byte) : byte == 0;
}

function isTextual(c: u32): bool {
  return (c >= 0x20 && c < 0x7f) || c == 0x0a || c == 0x0d || c == 0x09;
}
