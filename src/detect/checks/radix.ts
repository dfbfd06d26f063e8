const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** base62 digits in the order most vendors use: 0-9A-Za-z. */
export const base62Digits = BASE62;
/** Apify's order: 0-9a-zA-Z. */
export const base62LowerFirst = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const base36Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * A number in the notation of `digits`, most significant first.
 * @param value a non-negative safe integer
 * @param width the result is padded on the left with the zero digit to this many characters
 */
export function toRadix(value: number, digits: string, width: number): string {
  let text = "";
  for (let rest = value; rest > 0; rest = Math.floor(rest / digits.length))
    text = (digits[rest % digits.length] ?? "") + text;
  return text.padStart(width, digits[0] ?? "0");
}
