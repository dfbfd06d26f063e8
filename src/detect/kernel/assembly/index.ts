// The kernel in AssemblyScript: everything that looks at each byte of a content. Its TypeScript twin is ../twin.ts; property tests hold
// the two side by side. Memory is laid out by ../kernel.ts; nothing here allocates.

/** State of the automaton after the last call of `scan`. */
export let state: u32 = 0;
/** How many bytes the last call of `scan` read: less than asked for where the hit buffer was full. */
export let consumed: u32 = 0;

/**
 * Runs the keyword automaton over `length` bytes at `text`, from state `start`. Each time it enters an output state (a state number of
 * `firstOutput` or more) it appends a pair of u32 to `hits`: offset behind the byte, and state. Returns the number of pairs.
 */
export function scan(
  table: usize,
  classes: usize,
  shift: u32,
  firstOutput: u32,
  start: u32,
  text: usize,
  length: u32,
  hits: usize,
  maxHits: u32,
): u32 {
  let s = start;
  let n: u32 = 0;
  let p = text;
  const end = text + length;
  while (p < end) {
    s = load<u16>(table + ((((s << shift) | load<u8>(classes + load<u8>(p))) as usize) << 1));
    p++;
    if (s >= firstOutput) {
      const at = hits + ((n as usize) << 3);
      store<u32>(at, (p - text) as u32);
      store<u32>(at, s, 4);
      n++;
      if (n == maxHits) break;
    }
  }
  state = s;
  consumed = (p - text) as u32;
  return n;
}

/**
 * The same over four equal stretches at once: the automaton waits for memory at each step, and four of them wait together.
 * Each stretch but the first starts `warmup` bytes early from the root, so that keywords across the cuts are seen (once: hits inside the
 * warm-up belong to the stretch before). Hits of stretch k are written to `hits + k * maxHits * 8`; counts to `counts`.
 * Gives 1 when all was read, 0 when a hit buffer was full (then the caller uses `scan`). `length` is at least 8 * warmup.
 */
export function scanFour(
  table: usize,
  classes: usize,
  shift: u32,
  firstOutput: u32,
  start: u32,
  text: usize,
  length: u32,
  warmup: u32,
  hits: usize,
  maxHits: u32,
  counts: usize,
): u32 {
  const quarter = length >> 2;
  const a = text;
  const b = text + quarter;
  const c = b + quarter;
  const d = c + quarter;
  const end = text + length;
  let s0 = start;
  let s1: u32 = 0;
  let s2: u32 = 0;
  let s3: u32 = 0;
  for (let i: usize = 0; i < warmup; i++) {
    const back = (warmup as usize) - i;
    s1 = load<u16>(table + ((((s1 << shift) | load<u8>(classes + load<u8>(b - back))) as usize) << 1));
    s2 = load<u16>(table + ((((s2 << shift) | load<u8>(classes + load<u8>(c - back))) as usize) << 1));
    s3 = load<u16>(table + ((((s3 << shift) | load<u8>(classes + load<u8>(d - back))) as usize) << 1));
  }
  const h0 = hits;
  const h1 = h0 + ((maxHits as usize) << 3);
  const h2 = h1 + ((maxHits as usize) << 3);
  const h3 = h2 + ((maxHits as usize) << 3);
  let n0: u32 = 0;
  let n1: u32 = 0;
  let n2: u32 = 0;
  let n3: u32 = 0;
  for (let i: usize = 0; i < quarter; i++) {
    s0 = load<u16>(table + ((((s0 << shift) | load<u8>(classes + load<u8>(a + i))) as usize) << 1));
    s1 = load<u16>(table + ((((s1 << shift) | load<u8>(classes + load<u8>(b + i))) as usize) << 1));
    s2 = load<u16>(table + ((((s2 << shift) | load<u8>(classes + load<u8>(c + i))) as usize) << 1));
    s3 = load<u16>(table + ((((s3 << shift) | load<u8>(classes + load<u8>(d + i))) as usize) << 1));
    if (s0 >= firstOutput) {
      if (n0 == maxHits) return 0;
      store<u32>(h0 + ((n0 as usize) << 3), (i + 1) as u32);
      store<u32>(h0 + ((n0 as usize) << 3), s0, 4);
      n0++;
    }
    if (s1 >= firstOutput) {
      if (n1 == maxHits) return 0;
      store<u32>(h1 + ((n1 as usize) << 3), (i + 1 + quarter) as u32);
      store<u32>(h1 + ((n1 as usize) << 3), s1, 4);
      n1++;
    }
    if (s2 >= firstOutput) {
      if (n2 == maxHits) return 0;
      store<u32>(h2 + ((n2 as usize) << 3), (i + 1 + 2 * quarter) as u32);
      store<u32>(h2 + ((n2 as usize) << 3), s2, 4);
      n2++;
    }
    if (s3 >= firstOutput) {
      if (n3 == maxHits) return 0;
      store<u32>(h3 + ((n3 as usize) << 3), (i + 1 + 3 * quarter) as u32);
      store<u32>(h3 + ((n3 as usize) << 3), s3, 4);
      n3++;
    }
  }
  for (let p = d + quarter; p < end; p++) {
    s3 = load<u16>(table + ((((s3 << shift) | load<u8>(classes + load<u8>(p))) as usize) << 1));
    if (s3 >= firstOutput) {
      if (n3 == maxHits) return 0;
      store<u32>(h3 + ((n3 as usize) << 3), (p + 1 - text) as u32);
      store<u32>(h3 + ((n3 as usize) << 3), s3, 4);
      n3++;
    }
  }
  store<u32>(counts, n0);
  store<u32>(counts, n1, 4);
  store<u32>(counts, n2, 8);
  store<u32>(counts, n3, 12);
  state = s3;
  consumed = length;
  return 1;
}

/**
 * Sifts keyword hits: lets through the actions behind which the text goes on as a match needs it. `hits` holds pairs of u32 (offset behind the
 * keyword, output state); the actions of output state `firstOutput + i` are those from `starts[i]` to before `starts[i + 1]`, five u32 each: rule,
 * address of its classes, address of its table (0: nothing is asked), width, bytes of the keyword still to come. Of actions of one rule at one hit
 * the first that passes counts. At most `reach` bytes behind a hit are read, and none at `limit` (an address: the end of the content) or behind it.
 * Writes pairs of u32 (offset behind the keyword, action) to `out` and returns their number; `consumed` tells how many hits were sifted: less than
 * `count` where `out` had no room for all actions of a hit.
 */
export function sift(
  text: usize,
  hits: usize,
  count: u32,
  firstOutput: u32,
  starts: usize,
  actions: usize,
  limit: usize,
  reach: u32,
  out: usize,
  maxOut: u32,
): u32 {
  let n: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const hit = hits + ((i as usize) << 3);
    const end = load<u32>(hit);
    const slot = starts + (((load<u32>(hit, 4) - firstOutput) as usize) << 2);
    const first = load<u32>(slot);
    const last = load<u32>(slot, 4);
    if (last - first > maxOut - n) {
      consumed = i;
      return n;
    }
    const from = text + end;
    const whole = from + reach;
    const stop = whole < limit ? whole : limit;
    let passed: u32 = 0xffffffff;
    for (let k = first; k < last; k++) {
      const action = actions + (k as usize) * 20;
      const rule = load<u32>(action);
      if (rule == passed) continue;
      const table = load<u32>(action, 8) as usize;
      if (table != 0) {
        const classes = load<u32>(action, 4) as usize;
        const width = load<u32>(action, 12) as usize;
        let at = from + load<u32>(action, 16);
        let s: u32 = 2;
        while (s > 1 && at < stop) {
          s = load<u8>(table + (s as usize) * width + load<u8>(classes + load<u8>(at)));
          at++;
        }
        // A match that is still open where the content ends is none.
        if (s == 0 || (s > 1 && at < whole)) continue;
      }
      passed = rule;
      const to = out + ((n as usize) << 3);
      store<u32>(to, end);
      store<u32>(to, k, 4);
      n++;
    }
  }
  consumed = count;
  return n;
}

/** Runs of at least so many bytes, and of at most so many, are looked for in 64 bytes at once. */
const leastAtOnce: u32 = 16;
const mostAtOnce: u32 = 32;

/**
 * Finds maximal runs of at least `least` bytes that are members (`members`: a table of ../member-table.ts), in `length` bytes at `text`.
 * Writes pairs of u32 (start, end) to `runs` and returns their number. A run at the end of the text is given as far as it goes.
 * Of 64 bytes it is told at once whether such a run begins among them; where they are not looked at together, every `least`-th byte is, first.
 */
export function findRuns(members: usize, text: usize, length: u32, least: u32, runs: usize, maxRuns: u32): u32 {
  let n: u32 = 0;
  // No run that is still to be found begins before `from`.
  let from: u32 = 0;
  const lows = v128.load(members, 256);
  if (least >= leastAtOnce && least <= mostAtOnce) {
    const more = (least - leastAtOnce) as u64;
    while (from + 64 <= length) {
      const p = text + from;
      // A bit for each member; then for each that so many follow: 2, 4, 8, 16, `least`.
      let begins =
        (bitsOf(lows, p) as u64) |
        ((bitsOf(lows, p + 16) as u64) << 16) |
        ((bitsOf(lows, p + 32) as u64) << 32) |
        ((bitsOf(lows, p + 48) as u64) << 48);
      begins &= begins >> 1;
      begins &= begins >> 2;
      begins &= begins >> 4;
      begins &= begins >> 8;
      begins &= begins >> more;
      if (begins == 0) {
        from += 65 - least;
        continue;
      }
      const low = from + (ctz(begins) as u32);
      const high = highOf(members, lows, text, low + least, length);
      store<u32>(runs + ((n as usize) << 3), low);
      store<u32>(runs + ((n as usize) << 3), high, 4);
      n++;
      if (n == maxRuns) return n;
      from = high + 1;
    }
  }
  let at: u32 = from + least - 1;
  while (at < length) {
    if (load<u8>(members + load<u8>(text + at)) == 0) {
      from = at + 1;
      at += least;
      continue;
    }
    let low = at;
    while (low > from && load<u8>(members + load<u8>(text + low - 1)) != 0) low--;
    const high = highOf(members, lows, text, at + 1, length);
    if (high - low >= least) {
      store<u32>(runs + ((n as usize) << 3), low);
      store<u32>(runs + ((n as usize) << 3), high, 4);
      n++;
      if (n == maxRuns) break;
    }
    // Byte `high` is no member, so the next run of enough bytes covers at least byte `high + least`.
    from = high + 1;
    at = high + least;
  }
  return n;
}

/** The bit of a byte's high half; none for bytes beyond ASCII. */
// prettier-ignore
const highBits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);

/** A bit for each of sixteen bytes that is a member. */
function bitsOf(lows: v128, p: usize): u32 {
  return i8x16.bitmask(membersOf(lows, v128.load(p))) as u32;
}

/** All bits of the bytes that are members, none of the others. */
function membersOf(lows: v128, bytes: v128): v128 {
  const low = i8x16.swizzle(lows, v128.and(bytes, i8x16.splat(15)));
  const high = i8x16.swizzle(highBits, i8x16.shr_u(bytes, 4));
  return i8x16.ne(v128.and(low, high), i8x16.splat(0));
}

/** Where the run ends of which the byte before `at` is one. */
function highOf(members: usize, lows: v128, text: usize, at: u32, length: u32): u32 {
  let high = at;
  while (high + 16 <= length && i8x16.all_true(membersOf(lows, v128.load(text + high)))) high += 16;
  while (high < length && load<u8>(members + load<u8>(text + high)) != 0) high++;
  return high;
}

function varint(p: usize, end: usize): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  while (p < end && shift < 63) {
    const b = load<u8>(p++) as u64;
    value |= (b & 0x7f) << shift;
    if ((b & 0x80) == 0) {
      cursor = p;
      return value;
    }
    shift += 7;
  }
  cursor = 0;
  return 0;
}
let cursor: usize = 0;

/** Size of the object that the delta makes (gitformat-pack, "Deltified representation"); -1 when the header is damaged. */
export function deltaTargetSize(delta: usize, deltaLength: u32): f64 {
  const end = delta + deltaLength;
  varint(delta, end);
  if (cursor == 0) return -1;
  const size = varint(cursor, end);
  if (cursor == 0) return -1;
  return size as f64;
}

/** How many copies the last `applyDelta` wrote. */
export let copyCount: u32 = 0;

/**
 * Applies a git delta to `base`, writing exactly `outLength` bytes to `out`. Gives 0, or what is wrong: 1 header, 2 the base has
 * another size, 3 the result has another size, 4 an instruction reaches outside the base, 5 outside the result, 6 a reserved
 * instruction or a cut-off one.
 * Copies of `least` bytes or more, neighbouring ones put together, are written to `copies` as triples of u32: offset in the result, offset in the
 * base, length. There are at most `outLength / least` of them.
 */
export function applyDelta(
  delta: usize,
  deltaLength: u32,
  base: usize,
  baseLength: u32,
  out: usize,
  outLength: u32,
  copies: usize,
  least: u32,
): u32 {
  const end = delta + deltaLength;
  copyCount = 0;
  const baseSize = varint(delta, end);
  if (cursor == 0) return 1;
  if (baseSize != (baseLength as u64)) return 2;
  const outSize = varint(cursor, end);
  if (cursor == 0) return 1;
  if (outSize != (outLength as u64)) return 3;
  let p = cursor;
  let o = out;
  const outEnd = out + outLength;
  // The copy in hand: it grows while the next instruction goes on where it ended.
  let to: u32 = 0;
  let from: u32 = 0;
  let length: u32 = 0;
  while (p < end) {
    const op = load<u8>(p++) as u32;
    if (op & 0x80) {
      let offset: u32 = 0;
      let size: u32 = 0;
      if (op & 0x01) {
        if (p >= end) return 6;
        offset = load<u8>(p++) as u32;
      }
      if (op & 0x02) {
        if (p >= end) return 6;
        offset |= (load<u8>(p++) as u32) << 8;
      }
      if (op & 0x04) {
        if (p >= end) return 6;
        offset |= (load<u8>(p++) as u32) << 16;
      }
      if (op & 0x08) {
        if (p >= end) return 6;
        offset |= (load<u8>(p++) as u32) << 24;
      }
      if (op & 0x10) {
        if (p >= end) return 6;
        size = load<u8>(p++) as u32;
      }
      if (op & 0x20) {
        if (p >= end) return 6;
        size |= (load<u8>(p++) as u32) << 8;
      }
      if (op & 0x40) {
        if (p >= end) return 6;
        size |= (load<u8>(p++) as u32) << 16;
      }
      if (size == 0) size = 0x10000;
      if ((offset as u64) + (size as u64) > (baseLength as u64)) return 4;
      if ((size as usize) > outEnd - o) return 5;
      const at = (o - out) as u32;
      if (length > 0 && from + length == offset && to + length == at) {
        length += size;
      } else {
        keepCopy(copies, to, from, length, least);
        to = at;
        from = offset;
        length = size;
      }
      memory.copy(o, base + offset, size);
      o += size;
    } else if (op != 0) {
      if ((op as usize) > end - p) return 6;
      if ((op as usize) > outEnd - o) return 5;
      memory.copy(o, p, op);
      o += op;
      p += op;
    } else {
      return 6;
    }
  }
  keepCopy(copies, to, from, length, least);
  return o == outEnd ? 0 : 3;
}

function keepCopy(copies: usize, to: u32, from: u32, length: u32, least: u32): void {
  if (length < least) return;
  const at = copies + (copyCount as usize) * 12;
  store<u32>(at, to);
  store<u32>(at, from, 4);
  store<u32>(at, length, 8);
  copyCount++;
}

export { consumedMarks, findMarks, findWide, wide } from "./marks";
