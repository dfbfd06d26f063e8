import type { Candidate } from "../../../src/detect/candidate.ts";
import type { Rule } from "../../../src/model/rule.ts";

/** A rule with nothing but what the judge looks at. */
function rule(fields: Partial<Rule> = {}): Rule {
  return {
    id: "test",
    description: "",
    secretGroup: 0,
    entropy: 0,
    keywords: [],
    allowlists: [],
    required: [],
    skipReport: false,
    tags: [],
    severity: "high",
    confidence: "possible",
    kind: "generic",
    references: [],
    revoke: "",
    specificity: 0,
    reach: "window",
    before: 0,
    after: 0,
    ...fields,
  };
}

/**
 * A candidate from one line: the value stands between `«` and `»`; the match runs from `‹` (or from the line's start) to one character behind it.
 */
export function candidate(line: string, fields: Partial<Rule> = {}): Candidate {
  const open = line.indexOf("«");
  const close = line.indexOf("»");
  const start = Math.max(0, line.indexOf("‹"));
  const clean = (text: string) => text.replace(/[«»‹]/g, "");
  const secret = line.slice(open + 1, close);
  return {
    rule: rule(fields),
    secret,
    match: clean(line.slice(start, close + 2)),
    line: clean(line),
    secretInLine: clean(line.slice(0, open)).length,
    entropy: entropy(secret),
  };
}

function entropy(text: string): number {
  let bits = 0;
  for (const character of new Set(text)) {
    const share = text.split(character).length - 1;
    bits -= (share / text.length) * Math.log2(share / text.length);
  }
  return bits;
}

const ALPHABETS = {
  hex: "0123456789abcdef",
  base36: "0123456789abcdefghijklmnopqrstuvwxyz",
  base62: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
  base64: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/",
  symbols: "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz!#%*-_=+?",
};

/** Random values from a linear congruential generator: the same in every run. */
export function drawer(seed: number): (alphabet: keyof typeof ALPHABETS, length: number) => string {
  let state = seed >>> 0;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return (alphabet, length) => {
    const signs = ALPHABETS[alphabet];
    return Array.from({ length }, () => signs[next(signs.length)] ?? "").join("");
  };
}
