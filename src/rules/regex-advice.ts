/** What a construct is called that other engines have and RE2 has not, and what to write in its place. */
interface Missing {
  readonly inTrouble: RegExp;
  readonly advice: string;
}

const missing: readonly Missing[] = [
  {
    inTrouble: /\(\?<[=!]/,
    advice:
      "RE2 has no look-behind: match what stands before as well, and put the secret alone into a group (secretGroup)",
  },
  {
    inTrouble: /\(\?[=!]/,
    advice: "RE2 has no look-ahead: match what follows as well, and put the secret alone into a group (secretGroup)",
  },
  {
    inTrouble: /\\[1-9]|\\k|\(\?P(?:=|$)/,
    advice: "RE2 has no back-references: write the forms out as alternatives, as in (?:'[^']*'|\"[^\"]*\")",
  },
  {
    inTrouble: /\(\?>|[*+?}]\+/,
    advice:
      "RE2 never backtracks, so it has no atomic groups and no possessive repetition: leave the ?> or the second + out",
  },
  {
    inTrouble: /repeat|repetition size|invalid repeat/i,
    advice:
      "a repetition counts to 1000 at most, those inside of each other together: write {n,}, or ask for less and use entropy",
  },
  {
    inTrouble: /too large|too many|memory/i,
    advice: "the regex is too large for RE2: fewer alternatives, smaller counts, or several rules",
  },
];

/** What the writer of a pattern can do about it. `trouble`: what the engine says is wrong. One line. */
export function regexAdvice(trouble: string): string {
  return (
    missing.find(({ inTrouble }) => inTrouble.test(trouble))?.advice ??
    "the syntax is that of RE2: https://github.com/google/re2/wiki/Syntax"
  );
}
