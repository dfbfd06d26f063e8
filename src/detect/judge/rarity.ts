import { classOf, DIGIT, SIGN, takeCensus, UPPER } from "./characters.ts";
import { classCosts, costSigns, letterCosts } from "./rarity-weights.ts";

const LETTERS = 26;
const CONTEXTS = LETTERS + 1;
const CLASSES = 5;
const EDGE = 4;
/** The weights are stored in quarter bits. */
const SCALE = 4;
/** Ten digits, little of pattern in them. */
const DIGIT_COST = 3.3;
/** Written text uses few signs (`_`, `-`, `.`, `/`); others are dear. */
const USUAL_SIGN_COST = 2;
const OTHER_SIGN_COST = 5;

function unpack(text: string): Float32Array {
  const costs = new Float32Array(text.length);
  for (let at = 0; at < text.length; at++) costs[at] = costSigns.indexOf(text[at] ?? "") / SCALE;
  return costs;
}

const letters = unpack(letterCosts);
const classes = unpack(classCosts);

/** What the value costs in bits as written text: names, words, code. */
function textBits(value: string): number {
  let bits = 0;
  let before = 0;
  let last = 0;
  let previous = EDGE;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const kind = classOf(code);
    const letter = kind <= UPPER && code < 128 ? (code | 32) - 96 : 0;
    bits += classes[previous * (CLASSES - 1) + kind] ?? 0;
    if (letter > 0) bits += letters[(before * CONTEXTS + last) * LETTERS + letter - 1] ?? 0;
    else if (kind === DIGIT) bits += DIGIT_COST;
    else if (kind === SIGN)
      bits += code === 95 || code === 45 || code === 46 || code === 47 ? USUAL_SIGN_COST : OTHER_SIGN_COST;
    before = last;
    last = letter;
    previous = kind;
  }
  return bits;
}

/** Size of the smallest usual alphabet that holds all characters of a value. */
function alphabetSize(value: string): number {
  const { lower, upper, digits, signs, isHex } = takeCensus(value);
  if (isHex && digits > 0) return 16;
  const lettersSize = lower > 0 && upper > 0 ? 52 : 26;
  const size = (lower + upper > 0 ? lettersSize : 0) + (digits > 0 ? 10 : 0);
  return signs === 0 ? size : /^[\w+/=.~-]*$/.test(value) ? size + 2 : size + 16;
}

/**
 * How many bits cheaper a value is as random characters than as written text: above zero it looks random, below zero it looks written.
 * Both costs grow with the length, so long values are told apart surely and short ones stay near zero.
 */
export function rarity(value: string): number {
  return textBits(value) - value.length * Math.log2(Math.max(2, alphabetSize(value)));
}
