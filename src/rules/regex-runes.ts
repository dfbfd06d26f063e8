/**
 * Sets of runes (code points), as the classes of a regex: sorted ranges without overlap. Surrogates are never members: they have no UTF-8 form.
 *
 * Case folding covers ASCII, and one-to-one pairs beyond it. The two odd folds of RE2, U+212A for `k` and U+017F for `s`, are left out on purpose:
 * they would make every case-insensitive keyword unprovable and every width triple, for texts that nobody writes credentials in.
 */
export type RuneRange = readonly [low: number, high: number];
export type RuneSet = readonly RuneRange[];

export const maxRune = 0x10ffff;
const surrogates: RuneRange = [0xd800, 0xdfff];

/** Beyond this many runes a class beyond ASCII is not folded rune by rune: such classes are alphabets that hold both cases. */
const maxFoldedRunes = 2_000;

/** Sorts, joins touching ranges and takes surrogates out. */
export function runeSet(ranges: Iterable<RuneRange>): RuneSet {
  const sorted = [...ranges].filter(([low, high]) => low <= high).sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined.flatMap((range) => withoutSurrogates(range));
}

function withoutSurrogates([low, high]: RuneRange): RuneRange[] {
  if (high < surrogates[0] || low > surrogates[1]) return [[low, high]];
  const parts: RuneRange[] = [
    [low, surrogates[0] - 1],
    [surrogates[1] + 1, high],
  ];
  return parts.filter(([from, to]) => from <= to);
}

/** Every rune that is not in the set. */
export function complement(set: RuneSet): RuneSet {
  const ranges: RuneRange[] = [];
  let next = 0;
  for (const [low, high] of set) {
    if (low > next) ranges.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= maxRune) ranges.push([next, maxRune]);
  return runeSet(ranges);
}

/** The set with the other case of each letter. */
export function foldCase(set: RuneSet): RuneSet {
  const added: RuneRange[] = [];
  let budget = maxFoldedRunes;
  for (const [low, high] of set) {
    const upper = intersect([low, high], [0x41, 0x5a]);
    if (upper !== undefined) added.push([upper[0] + 32, upper[1] + 32]);
    const lower = intersect([low, high], [0x61, 0x7a]);
    if (lower !== undefined) added.push([lower[0] - 32, lower[1] - 32]);
    const from = Math.max(low, 0x80);
    if (high - from >= budget) continue;
    for (let rune = from; rune <= high; rune++, budget--) {
      for (const other of otherCases(rune)) added.push([other, other]);
    }
  }
  return added.length === 0 ? set : runeSet([...set, ...added]);
}

function intersect(a: RuneRange, b: RuneRange): RuneRange | undefined {
  const low = Math.max(a[0], b[0]);
  const high = Math.min(a[1], b[1]);
  return low <= high ? [low, high] : undefined;
}

function otherCases(rune: number): number[] {
  const text = String.fromCodePoint(rune);
  return [text.toLowerCase(), text.toUpperCase()]
    .filter((other) => other !== text && Array.from(other).length === 1)
    .map((other) => other.codePointAt(0) ?? rune)
    .filter((other) => other >= 0x80);
}

/** Whether the set holds a rune. */
export function hasRune(set: RuneSet, rune: number): boolean {
  return set.some(([low, high]) => low <= rune && rune <= high);
}

/** How many runes the set holds. */
export function countRunes(set: RuneSet): number {
  return set.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}

/** The rune at a position of the set, counted from its lowest. */
export function runeAt(set: RuneSet, position: number): number {
  let left = position;
  for (const [low, high] of set) {
    if (left <= high - low) return low + left;
    left -= high - low + 1;
  }
  throw new RangeError("position beyond the end of a rune set");
}

/** Bytes of a rune in UTF-8. */
export function utf8Width(rune: number): number {
  if (rune < 0x80) return 1;
  if (rune < 0x800) return 2;
  return rune < 0x10000 ? 3 : 4;
}

export const digitRunes: RuneSet = [[0x30, 0x39]];
/** Go's `\s`: no vertical tab, no Unicode spaces. */
export const spaceRunes: RuneSet = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
export const wordRunes: RuneSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
export const newline = 0x0a;
export const anyRune: RuneSet = complement([]);

/** POSIX classes by name, as in `[[:alnum:]]`; ASCII only, as in RE2. */
export const posixClasses: ReadonlyMap<string, RuneSet> = new Map<string, RuneSet>([
  [
    "alnum",
    [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  [
    "alpha",
    [
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  ["ascii", [[0x00, 0x7f]]],
  [
    "blank",
    [
      [0x09, 0x09],
      [0x20, 0x20],
    ],
  ],
  [
    "cntrl",
    [
      [0x00, 0x1f],
      [0x7f, 0x7f],
    ],
  ],
  ["digit", digitRunes],
  ["graph", [[0x21, 0x7e]]],
  ["lower", [[0x61, 0x7a]]],
  ["print", [[0x20, 0x7e]]],
  [
    "punct",
    [
      [0x21, 0x2f],
      [0x3a, 0x40],
      [0x5b, 0x60],
      [0x7b, 0x7e],
    ],
  ],
  [
    "space",
    [
      [0x09, 0x0d],
      [0x20, 0x20],
    ],
  ],
  ["upper", [[0x41, 0x5a]]],
  ["word", wordRunes],
  [
    "xdigit",
    [
      [0x30, 0x39],
      [0x41, 0x46],
      [0x61, 0x66],
    ],
  ],
]);

const unicodeClasses = new Map<string, RuneSet | undefined>();

/** The runes of `\p{name}`: a general category or a script; undefined when there is none of that name. */
export function unicodeClass(name: string): RuneSet | undefined {
  if (!/^[A-Za-z_]+$/.test(name)) return undefined;
  if (name === "Any") return anyRune;
  if (!unicodeClasses.has(name)) unicodeClasses.set(name, readUnicodeClass(name));
  return unicodeClasses.get(name);
}

/** JavaScript's own Unicode tables, asked rune by rune: slow (tens of milliseconds), so kept, and rare in rules. */
function readUnicodeClass(name: string): RuneSet | undefined {
  let member: RegExp | undefined;
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      member = new RegExp(`^\\p{${property}}$`, "u");
      break;
    } catch {
      // Not a name of this kind.
    }
  }
  if (member === undefined) return undefined;
  const ranges: RuneRange[] = [];
  let start = -1;
  for (let rune = 0; rune <= maxRune + 1; rune++) {
    const isMember =
      rune <= maxRune && (rune < surrogates[0] || rune > surrogates[1]) && member.test(String.fromCodePoint(rune));
    if (isMember && start < 0) start = rune;
    if (!isMember && start >= 0) {
      ranges.push([start, rune - 1]);
      start = -1;
    }
  }
  return runeSet(ranges);
}
