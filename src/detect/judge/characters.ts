/** Classes of characters, as they matter for telling random text from written text. */
const LOWER = 0;
export const UPPER = 1;
export const DIGIT = 2;
export const SIGN = 3;

/** The class of a UTF-16 unit; letters beyond ASCII count as lower case. */
export function classOf(code: number): number {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  return code > 127 ? LOWER : SIGN;
}

/** How many characters of each class a value has, and how many are hex digits. */
export interface Census {
  readonly lower: number;
  readonly upper: number;
  readonly digits: number;
  readonly signs: number;
  /** Every character is a hex digit, all letters in one case. */
  readonly isHex: boolean;
}

export function takeCensus(value: string): Census {
  const counts = [0, 0, 0, 0];
  let beyondHex = false;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const kind = classOf(code);
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === SIGN || (kind !== DIGIT && (code | 32) > 102)) beyondHex = true;
  }
  const [lower = 0, upper = 0, digits = 0, signs = 0] = counts;
  return { lower, upper, digits, signs, isHex: !beyondHex && (lower === 0 || upper === 0) };
}
