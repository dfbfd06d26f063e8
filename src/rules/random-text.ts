import type { Random } from "./random.ts";

/** Shorter texts are taken as they come: there is no telling what is random. */
const minCheckedLength = 12;
/** A text that is still unlucky after this many draws (an alphabet of one character, say) is taken as it is. */
const maxDraws = 200;

/**
 * `length` characters of an alphabet that also *look* random: one draw in some thousands has a run of equal characters, no digit at all
 * or too few different characters, and would rightly be taken for a placeholder.
 */
export function randomText(alphabet: string, length: number, random: Random): string {
  let text = random.chars(alphabet, length);
  for (let draw = 0; draw < maxDraws && length >= minCheckedLength && !looksRandom(text, alphabet); draw++) {
    text = random.chars(alphabet, length);
  }
  return text;
}

function looksRandom(text: string, alphabet: string): boolean {
  const size = new Set(alphabet).size;
  const distinct = new Set(text).size;
  const expected = size * (1 - (1 - 1 / size) ** text.length);
  if (/(.)\1\1/s.test(text) || distinct < expected * 0.8) return false;
  const classes = [/[0-9]/, /[A-Z]/, /[a-z]/].filter((one) => one.test(alphabet));
  return classes.every(
    (one) => one.test(text) && (classes.length === 1 || text.length < 16 || countMatches(text, one) > 1),
  );
}

function countMatches(text: string, one: RegExp): number {
  return Array.from(text).filter((char) => one.test(char)).length;
}

/** A version 4 UUID. */
export function randomUuid(random: Random): string {
  const hex = Buffer.from(random.bytes(16)).toString("hex");
  const variant = "89ab"[random.integer(4)] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
