/**
 * Trains the weights of src/detect/judge/rarity.ts on written text: source code and documentation that lie on this machine.
 *
 *   node bench/train-rarity.mjs FOLDER… > src/detect/judge/rarity-weights.ts
 *
 * Distinct tokens are counted once each, so that frequent names do not drown the others; tokens that look random themselves are left out.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";

const EXTENSIONS = new Set([
  ".py",
  ".js",
  ".mjs",
  ".ts",
  ".h",
  ".hpp",
  ".c",
  ".md",
  ".txt",
  ".rst",
  ".go",
  ".java",
  ".rb",
  ".pm",
  ".pl",
  ".yaml",
  ".yml",
  ".json",
  ".html",
  ".conf",
  ".ini",
  ".sh",
  "",
]);
const MAX_FILE_BYTES = 400_000;
const MAX_LINE = 400;
const MAX_TOKENS = 1_500_000;

const tokens = new Set();

function walk(path) {
  if (tokens.size >= MAX_TOKENS) return;
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return;
  if (info.isDirectory()) {
    for (const entry of readdirSync(path).sort()) walk(join(path, entry));
  } else if (
    info.isFile() &&
    info.size < MAX_FILE_BYTES &&
    EXTENSIONS.has(extname(path)) &&
    !/lock|sums|\.min\./.test(path)
  ) {
    learn(readFileSync(path, "latin1"));
  }
}

function learn(text) {
  if (text.includes("\0")) return;
  for (const line of text.split("\n")) {
    if (line.length > MAX_LINE) continue;
    for (const [token] of line.matchAll(/[A-Za-z0-9_\-./+$@:]{5,60}/g)) if (!looksRandom(token)) tokens.add(token);
  }
}

const classOf = (code) =>
  code >= 97 && code <= 122 ? 0 : code >= 65 && code <= 90 ? 1 : code >= 48 && code <= 57 ? 2 : 3;

function looksRandom(token) {
  let digits = 0;
  let changes = 0;
  for (let at = 0; at < token.length; at++) {
    const kind = classOf(token.charCodeAt(at));
    if (kind === 2) digits++;
    if (at > 0 && kind !== classOf(token.charCodeAt(at - 1))) changes++;
  }
  return (
    digits / token.length > 0.3 ||
    (token.length >= 16 && changes / token.length > 0.45) ||
    /^[0-9a-f]{12,}$/i.test(token) ||
    /^0x/i.test(token)
  );
}

for (const folder of process.argv.slice(2)) walk(folder);

const LETTERS = 27;
const counts = new Float64Array(LETTERS ** 3);
const pairs = new Float64Array(LETTERS ** 2);
const singles = new Float64Array(LETTERS);
const CLASSES = 5;
const EDGE = 4;
const steps = new Float64Array(CLASSES * CLASSES);
for (const token of tokens) {
  let a = 0;
  let b = 0;
  let previous = EDGE;
  for (let at = 0; at < token.length; at++) {
    const code = token.charCodeAt(at);
    const kind = classOf(code);
    steps[previous * CLASSES + kind]++;
    previous = kind;
    const letter = kind <= 1 ? (code | 32) - 96 : 0;
    if (letter > 0) {
      counts[(a * LETTERS + b) * LETTERS + letter]++;
      pairs[b * LETTERS + letter]++;
      singles[letter]++;
    }
    a = b;
    b = letter;
  }
}

/** Bits are stored in steps of a quarter, one character each, starting at `!`, leaving out the quote, the backslash and the backtick. */
const SCALE = 4;
const ALPHABET = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at))
  .filter((sign) => !'"\\`'.includes(sign))
  .join("");
const encode = (bits) => ALPHABET[Math.max(0, Math.min(ALPHABET.length - 1, Math.round(bits * SCALE)))];

const total = singles.reduce((sum, count) => sum + count, 0);
let trigrams = "";
for (let a = 0; a < LETTERS; a++) {
  for (let b = 0; b < LETTERS; b++) {
    let pairTotal = 0;
    let tripleTotal = 0;
    for (let c = 1; c < LETTERS; c++) {
      pairTotal += pairs[b * LETTERS + c];
      tripleTotal += counts[(a * LETTERS + b) * LETTERS + c];
    }
    for (let c = 1; c < LETTERS; c++) {
      const single = (singles[c] + 1) / (total + 26);
      const pair = (pairs[b * LETTERS + c] + 20 * single) / (pairTotal + 20);
      const triple = (counts[(a * LETTERS + b) * LETTERS + c] + 20 * pair) / (tripleTotal + 20);
      trigrams += encode(-Math.log2(triple));
    }
  }
}
let classes = "";
for (let a = 0; a < CLASSES; a++) {
  let sum = 0;
  for (let b = 0; b < CLASSES; b++) sum += steps[a * CLASSES + b];
  for (let b = 0; b < 4; b++) classes += encode(-Math.log2((steps[a * CLASSES + b] + 1) / (sum + 4)));
}
const lines = trigrams.match(/.{1,130}/g).map((line) => `  "${line}"`);
process.stdout.write(`// Made by bench/train-rarity.mjs; do not edit. Costs in quarter bits, one character each.

/** Cost of a letter after two others: 27 × 27 contexts (0: no letter, 1–26: a–z), 26 letters each. */
export const letterCosts =
${lines.join(" +\n")};

/** Cost of a class of character (lower, upper, digit, sign) after a class (the same four, and the edge). */
export const classCosts = ${JSON.stringify(classes)};

/** The characters that stand for costs 0, 1, 2 … */
export const costSigns = ${JSON.stringify(ALPHABET)};
`);
process.stderr.write(`${tokens.size} distinct tokens\n`);
