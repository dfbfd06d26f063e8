import { takeCensus } from "./characters.ts";

/** Sequences that people type when they need "some characters", forwards. */
const ROWS = [
  "0123456789abcdefghijklmnopqrstuvwxyz0123456789",
  "1234567890",
  "0123456789abcdef0123456789",
  "abcdefghijklmnopqrstuvwxyzabcdef",
  "qwertyuiopasdfghjklzxcvbnm",
  "asdfghjkl",
  "zxcvbnm",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
  "yxcvbnm",
  "aabbccddeeff",
  "00112233445566778899aabbccddeeff",
];
const SEQUENCES: readonly string[] = [...ROWS, ...ROWS.map((row) => row.split("").reverse().join(""))];

/** Every slice of four of a row: where a counting run can start. */
const STARTS: ReadonlySet<string> = new Set(
  SEQUENCES.flatMap((row) => Array.from({ length: row.length - 3 }, (_, at) => row.slice(at, at + 4))),
);

/** A shorter piece of a row occurs by chance in random text. */
const MIN_SEQUENCE = 5;
/** A repeated unit up to this length is a pattern, not a value. */
const MAX_PERIOD = 8;
/** The same behind a prefix. */
const LONGEST_UNIT = 4;

/** What people put over characters that they leave out. */
const MASK = /([xX0*.#_-])\1{3}/;

/** From here on no character fills a quarter of a drawn value. */
const LONG_TEXT = 40;

/**
 * Whether a value has next to no information: one character over and over, few distinct characters, a short period, a counting run.
 * Limits follow measured rates in random values (below 0.1 % of them are caught).
 * @param isToken for values with a format of their own, in which a field of zeros (`AAAA…`) is no proof: only what fills half of the value counts
 */
export function isDegenerate(value: string, isToken: boolean): boolean {
  const text = isToken ? value.slice(prefixLength(value)) : value;
  if (text.length < 4) return false;
  if (countDistinct(text, 5) < Math.min(5, text.length / 3)) return true;
  if (hasShortPeriod(text) || endsInPattern(text)) return true;
  if (text.length >= LONG_TEXT && isOneSided(text)) return true;
  const run = longestRun(text);
  if (isToken) return run >= Math.max(8, text.length * 0.5) || countingShare(text) >= 0.5;
  // In hex four equal digits are usual; long base64 has runs of A where numbers are small.
  const limit = text.length > 64 ? text.length / 4 : takeCensus(text).isHex ? 6 : 4;
  return (
    (run >= limit && (MASK.test(text) || run * 5 > text.length)) ||
    countingShare(text) > 1 / 3 ||
    isInterleaved(text) ||
    countsBytes(text)
  );
}

/** `000102…0f`, `f0e0d0…`: hex of bytes that go up or down in equal steps, three quarters of them at least. */
function countsBytes(text: string): boolean {
  if (text.length < 16 || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) return false;
  const bytes = Buffer.from(text, "hex");
  const steps = new Map<number, number>();
  for (let at = 1; at < bytes.length; at++) {
    const step = (bytes[at]! - bytes[at - 1]!) & 255;
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  return Math.max(...steps.values()) * 4 >= (bytes.length - 1) * 3;
}

/**
 * Base64 of tables and machine code: a quarter of it and more is `A`, the zero bits, in many places. Tokens with fields of zeros have one or two of them.
 */
function isOneSided(text: string): boolean {
  let count = 0;
  let runs = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== 65) continue;
    count++;
    if (text.charCodeAt(at + 1) === 65 && (at === 0 || text.charCodeAt(at - 1) !== 65)) runs++;
  }
  return count * 4 > text.length && runs > 3;
}

/** `A1B2C3D4E5`: letters and digits count each for themselves. */
function isInterleaved(text: string): boolean {
  const letters = text.replace(/[^A-Za-z]/g, "");
  const digits = text.replace(/\D/g, "");
  return (
    letters.length >= MIN_SEQUENCE &&
    digits.length >= MIN_SEQUENCE &&
    countingShare(letters) > 0.6 &&
    countingShare(digits) > 0.6
  );
}

/** How many different characters a text has, counted up to `enough`. */
function countDistinct(text: string, enough: number): number {
  let count = 0;
  for (let at = 0; at < text.length && count < enough; at++) if (text.indexOf(text.charAt(at)) === at) count++;
  return count;
}

/** Up to the last separator of the first third: what stands before it is the vendor's prefix. */
function prefixLength(value: string): number {
  const head = value.slice(0, Math.floor(value.length / 3));
  return Math.max(head.lastIndexOf("_"), head.lastIndexOf("-"), head.lastIndexOf(".")) + 1;
}

function hasShortPeriod(text: string): boolean {
  return hasPeriod(text, MAX_PERIOD);
}

function hasPeriod(text: string, longest: number): boolean {
  for (let period = 1; period <= longest && period * 2 <= text.length; period++) {
    let at = period;
    while (at < text.length && text.charCodeAt(at) === text.charCodeAt(at - period)) at++;
    if (at === text.length) return true;
  }
  return false;
}

/** A prefix and then a short unit over and over, at least three times in the last two thirds: `acme-a1a1a1a1a1a1`. */
function endsInPattern(text: string): boolean {
  const tail = text.slice(Math.floor(text.length / 3));
  return tail.length >= 3 * LONGEST_UNIT && hasPeriod(tail, LONGEST_UNIT);
}

function longestRun(text: string): number {
  let longest = 0;
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    run = at > 0 && text.charCodeAt(at) === text.charCodeAt(at - 1) ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest;
}

/** The share of a value that lies in counting or keyboard runs. */
export function countingShare(value: string): number {
  const text = value.toLowerCase();
  let covered = 0;
  for (let at = 0; at + 4 <= text.length;) {
    const length = STARTS.has(text.slice(at, at + 4)) ? sequenceLength(text, at) : 0;
    if (length >= MIN_SEQUENCE) {
      covered += length;
      at += length;
    } else at++;
  }
  return text.length === 0 ? 0 : covered / text.length;
}

function sequenceLength(text: string, at: number): number {
  let longest = 0;
  const head = text.slice(at, at + 4);
  for (const row of SEQUENCES) {
    for (let start = row.indexOf(head); start >= 0; start = row.indexOf(head, start + 1)) {
      let length = 4;
      while (at + length < text.length && start + length < row.length && text[at + length] === row[start + length])
        length++;
      longest = Math.max(longest, length);
    }
  }
  return longest;
}
