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

/**
 * Whether a value looks as if a machine had drawn it.
 * @param factor how far above the usual limit it has to lie (1: the limit itself)
 */
export function looksRandom(value: string, factor: number): boolean {
  if (UUID.test(value)) return isRandomUuid(value);
  const text = value.replace(/={1,2}$/, "");
  const census = takeCensus(text);
  const { lower, upper, digits, isHex } = census;
  if (lower + upper === 0) return false;
  // Short names in camel case are told from drawn letters by nothing.
  if (digits === 0 && text.length < MIN_LETTERS_LENGTH) return false;
  if (isHex) return text.length >= MIN_HEX_LENGTH && digits >= 3 && lower + upper >= 2;
  if (rarity(text) >= leastRarity(text.length) * factor) return true;
  // `svc_` and 32 hex digits: what stands in front is a name, so the body is asked alone.
  const body = text.slice(text.slice(0, text.length / 3).lastIndexOf("_") + 1);
  return body.length < text.length && body.length >= MIN_HEX_LENGTH && looksRandom(body, factor);
}

/** Shorter words are often part of a drawn value. */
const MIN_WRITTEN_LENGTH = 6;

/** Whether a value is plainly written: letters with separators, and clearly cheaper as words than as drawn characters. */
export function isWritten(value: string): boolean {
  return (
    value.length >= MIN_WRITTEN_LENGTH &&
    /^[A-Za-z]+(?:[._ -][A-Za-z]+)*$/.test(value) &&
    rarity(value) < 0.1 * value.length
  );
}
