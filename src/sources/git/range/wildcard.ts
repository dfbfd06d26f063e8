/** Longer texts than this are matched by no wildcard: names of refs and paths end before it. */
const longestText = 65_536;

export interface WildcardOptions {
  /** `*` and `?` stop at a slash, and `**` does not (git's `:(glob)`). Otherwise they take slashes too. */
  readonly slashStops?: boolean;
  readonly ignoreCase?: boolean;
}

/** Whether a text has a character that makes it a pattern. */
export function hasWildcard(text: string): boolean {
  return /[*?[\\]/.test(text);
}

/** The part of a pattern before its first wildcard. */
export function fixedPart(pattern: string): string {
  return pattern.slice(0, /[*?[\\]/.exec(pattern)?.index ?? pattern.length);
}

/** Whether a pattern of `*`, `?`, `[a-z]`, `[!a-z]`, `[[:digit:]]` and `\x` matches a whole text. Takes time in proportion to both lengths. */
export function matchesWildcard(pattern: string, text: string, options: WildcardOptions = {}): boolean {
  if (text.length > longestText) return false;
  const fold =
    options.ignoreCase === true ? (part: string): string => part.toLowerCase() : (part: string): string => part;
  const tokens = readTokens(fold(pattern), options.slashStops === true);
  if (tokens === undefined) return false;
  const subject = fold(text);
  // The set of tokens that can come next, moved on by each character: no way back, whatever the pattern.
  let states = skipStars(new Uint8Array(tokens.length + 1), 0, tokens);
  for (let i = 0; i < subject.length; i++) {
    const next = new Uint8Array(tokens.length + 1);
    let isAlive = false;
    for (let at = 0; at < tokens.length; at++) {
      if (states[at] === 0) continue;
      const token = tokens[at]!;
      if (!token.takes(subject[i]!)) continue;
      if (token.isMany) next[at] = 1;
      skipStars(next, at + 1, tokens);
      isAlive = true;
    }
    if (!isAlive) return false;
    states = next;
  }
  return states[tokens.length] === 1;
}

interface Token {
  readonly takes: (character: string) => boolean;
  /** Takes any number of characters, none too. */
  readonly isMany: boolean;
  /** Tokens behind it that are left out where it takes nothing: the slash after two stars. */
  readonly skips: number;
}

function skipStars(states: Uint8Array, from: number, tokens: readonly Token[]): Uint8Array {
  const stack = [from];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (states[at] === 1) continue;
    states[at] = 1;
    const token = tokens[at];
    if (token?.isMany !== true) continue;
    stack.push(at + 1);
    if (token.skips > 0) stack.push(at + 1 + token.skips);
  }
  return states;
}

function readTokens(pattern: string, slashStops: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length;) {
    const character = pattern[at]!;
    if (character === "*") {
      const before = pattern[at - 1];
      let end = at + 1;
      while (pattern[end] === "*") end++;
      // Two stars that are a whole part of the path go over slashes, and over none.
      const isWhole =
        end - at >= 2 && (before === undefined || before === "/") && (end === pattern.length || pattern[end] === "/");
      const takesSlash = !slashStops || isWhole;
      const skips = slashStops && isWhole && pattern[end] === "/" ? 1 : 0;
      tokens.push({ takes: (one) => takesSlash || one !== "/", isMany: true, skips });
      at = end;
    } else if (character === "?") {
      tokens.push({ takes: (one) => !slashStops || one !== "/", isMany: false, skips: 0 });
      at++;
    } else if (character === "[") {
      const bracket = readBracket(pattern, at, slashStops);
      if (bracket === undefined) return undefined;
      tokens.push({ takes: bracket.takes, isMany: false, skips: 0 });
      at = bracket.end;
    } else {
      const literal = character === "\\" ? pattern[at + 1] : character;
      if (literal === undefined) return undefined;
      tokens.push({ takes: (one) => one === literal, isMany: false, skips: 0 });
      at += character === "\\" ? 2 : 1;
    }
  }
  return tokens;
}

const classes: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[A-Za-z0-9]/],
  ["alpha", /[A-Za-z]/],
  ["blank", /[ \t]/],
  ["cntrl", /[^\x20-\x7e\x80-\uffff]/],
  ["digit", /[0-9]/],
  ["graph", /[\x21-\x7e]/],
  ["lower", /[a-z]/],
  ["print", /[\x20-\x7e]/],
  ["punct", /[!-/:-@[-`{-~]/],
  ["space", /[ \t\n\v\f\r]/],
  ["upper", /[A-Z]/],
  ["xdigit", /[0-9A-Fa-f]/],
]);

function readBracket(
  pattern: string,
  start: number,
  slashStops: boolean,
): { takes: (character: string) => boolean; end: number } | undefined {
  let at = start + 1;
  const isNegated = pattern[at] === "!" || pattern[at] === "^";
  if (isNegated) at++;
  const tests: ((character: string) => boolean)[] = [];
  for (let isFirst = true; isFirst || pattern[at] !== "]"; isFirst = false) {
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12));
    if (named !== null) {
      const known = classes.get(named[1]!);
      if (known === undefined) return undefined;
      tests.push((one) => known.test(one));
      at += named[0].length;
      continue;
    }
    if (pattern[at] === "\\") at++;
    const low = pattern[at++];
    if (low === undefined) return undefined;
    let high = low;
    if (pattern[at] === "-" && pattern[at + 1] !== "]" && pattern[at + 1] !== undefined) {
      at++;
      if (pattern[at] === "\\") at++;
      const end = pattern[at++];
      if (end === undefined) return undefined;
      high = end;
    }
    tests.push((one) => one >= low && one <= high);
  }
  return {
    takes: (one) => (!slashStops || one !== "/") && tests.some((test) => test(one)) !== isNegated,
    end: at + 1,
  };
}
