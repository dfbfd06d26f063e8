/** Characters of one regex. The longest of the built-in ones has 1,500; lists of words that people put together have some ten thousand. */
const mostCharacters = 1 << 17;
/** Groups inside of groups; RE2's own parser says 1,000 for itself. */
const mostNested = 500;
/** Repetitions, and classes of Unicode: the engine takes the square of their number, or megabytes. */
const mostRepeats = 5_000;
/** Groups that capture: their places are told of each match. */
const mostCaptures = 1_000;

const tooManyRepeats = `has more than ${mostRepeats} repetitions`;

/**
 * What makes a regex too large to be looked at, in words; undefined where it is not. A configuration can come with what is scanned, and what the engine takes in linear time our
 * own proofs (how wide a match can be, what stands behind a keyword) do not. Told before anything reads it.
 */
export function oversize(pattern: string): string | undefined {
  if (pattern.length > mostCharacters) return `has more than ${mostCharacters} characters`;
  let depth = 0;
  let captures = 0;
  let repeats = 0;
  let isInClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "\\") {
      i++;
      if (/[pP]/.test(pattern[i] ?? "") && ++repeats > mostRepeats) return tooManyRepeats;
    } else if (isInClass) isInClass = character !== "]";
    else if (character === "[") {
      isInClass = true;
      // A bracket that comes first is one of the class.
      if (pattern[i + 1] === "^") i++;
      if (pattern[i + 1] === "]") i++;
    } else if (character === ")") depth--;
    else if (character === "(") {
      if (++depth > mostNested) return `has groups inside of each other ${mostNested} deep`;
      if ((pattern[i + 1] !== "?" || pattern[i + 2] === "P" || pattern[i + 2] === "<") && ++captures > mostCaptures)
        return `has more than ${mostCaptures} groups that capture`;
    } else if (/[?*+{]/.test(character!) && pattern[i - 1] !== "(" && ++repeats > mostRepeats) return tooManyRepeats;
  }
  return undefined;
}
