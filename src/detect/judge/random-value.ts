import { takeCensus } from "./characters.ts";
import { rarity } from "./rarity.ts";
import { isRandomUuid, UUID } from "./shapes.ts";

/**
 * Least rarity of a value that counts as random. Measured: 99 % of random base62, base36, base64 and hex values of 12 or more characters lie
 * above, and 99.7 % of the identifiers and words of real code below.
 */
function leastRarity(length: number): number {
  return 2 + 0.75 * length;
}

/** Shorter hex is a small number, a colour or a short hash. */
const MIN_HEX_LENGTH = 16;

/** One in fourteen drawn values of this length is without a digit, fewer of longer ones. */
const MIN_LETTERS_LENGTH = 16;

/** Drawn UUIDs and hex lie so far above the limit: hardly anything else has their alphabet. */
const SURE = 4;
const UUID_DIGITS = 32;
/** `SEC` and 64 hex digits: what stands in front of a long body is its kind. */
const CAPITALS_AND_HEX = /^[A-Z]{2,4}(?=[0-9a-f]{32,}$)/;
/** `api-` and 32 hex digits, `u1234567-` and 24: the same with a hyphen. */
const NAME_AND_HEX = /^[A-Za-z0-9]{1,12}-(?=(?:[0-9a-f]{24,}|[0-9A-F]{24,})$)/;
/** A private key as wallets write it. */
const MARKED_HEX = /^0x(?=[0-9a-f]{64}$)/i;
/** Hex whose letters are of both cases, as generators make it that take any of them: neither words nor names have these letters alone. */
const MIXED_HEX = /^[0-9a-fA-F]+$/;
/** What cannot be told from words, numbers and names. */
const NOT_DRAWN = -20;

/**
 * How far a value lies above the least rarity of drawn ones, in bits; below zero it does not look drawn, and -20 is the least.
 * @param factor how far above the usual limit it has to lie (1: the limit itself)
 */
export function randomBits(value: string, factor: number): number {
  if (UUID.test(value)) return isRandomUuid(value) ? SURE + UUID_DIGITS - MIN_HEX_LENGTH : NOT_DRAWN;
  const text = value.replace(/={1,2}$/, "");
  const census = takeCensus(text);
  const { lower, upper, digits, isHex } = census;
  if (lower + upper === 0) return NOT_DRAWN;
  // Short names in camel case are told from drawn letters by nothing.
  if (digits === 0 && text.length < MIN_LETTERS_LENGTH) return NOT_DRAWN;
  if (isHex || (text.length >= MIN_HEX_LENGTH && MIXED_HEX.test(text)))
    return text.length >= MIN_HEX_LENGTH && digits >= 3 && lower + upper >= 2
      ? SURE + text.length - MIN_HEX_LENGTH
      : NOT_DRAWN;
  const bits = rarity(text) - leastRarity(text.length) * factor;
  if (bits >= 0) return bits;
  // `svc_` or `user:` and 32 hex digits: what stands in front is a name, so the body is asked alone.
  const [name = ""] =
    /^.*[_:.|]/.exec(text.slice(0, text.length / 3)) ??
    CAPITALS_AND_HEX.exec(text) ??
    NAME_AND_HEX.exec(text) ??
    MARKED_HEX.exec(text) ??
    [];
  const body = text.slice(name.length);
  const isBody = body.length < text.length && body.length >= MIN_HEX_LENGTH;
  return Math.max(bits, NOT_DRAWN, isBody ? randomBits(body, factor) : NOT_DRAWN);
}

/** Whether a value looks as if a machine had drawn it. @param factor as for `randomBits` */
export function looksRandom(value: string, factor: number): boolean {
  return randomBits(value, factor) >= 0;
}

/** Shorter words are often part of a drawn value. */
const MIN_WRITTEN_LENGTH = 6;

/** A name of some program: words in one case with `_` between them, versions (`v2`) among them. */
const SNAKE_NAME = /^[a-z]+(?:_(?:[a-z]+|v?\d|[a-z]{2,}\d)){2,}$/i;

/** Whether a value is plainly written: letters with separators, and clearly cheaper as words than as drawn characters. */
export function isWritten(value: string): boolean {
  if (value.length < MIN_WRITTEN_LENGTH || rarity(value) >= 0.1 * value.length) return false;
  return /^[A-Za-z]+(?:[._ -][A-Za-z]+)*$/.test(value) || SNAKE_NAME.test(value);
}
