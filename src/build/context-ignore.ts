/**
 * What `.dockerignore` keeps out of a build's context: order, `!`, `**`, character classes and escapes as Docker's own matcher has them (moby/patternmatcher: Go's
 * `filepath.Clean`, then a regular expression for each line; a later line takes back what an earlier one said; who matches a folder matches all in it).
 */

/** Lines of an ignore file that count; a longer file is no such file. */
const maxPatterns = 10_000;

export interface IgnoreRule {
  readonly keeps: boolean;
  readonly matches: (path: string) => boolean;
  readonly line: number;
}

/** Reads an ignore file. Lines that Docker would refuse are left out. */
export function parseContextIgnore(text: string): readonly IgnoreRule[] {
  const rules: IgnoreRule[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    if (raw.startsWith("#") || rules.length >= maxPatterns) continue;
    const trimmed = raw.trim();
    const keeps = trimmed.startsWith("!");
    const rest = keeps ? trimmed.slice(1).trim() : trimmed;
    if (rest === "") continue;
    const pattern = cleanPattern(rest).replace(/^\/(?=.)/, "");
    const matches = patternMatcher(pattern);
    if (matches !== undefined) rules.push({ keeps, matches, line: index + 1 });
  }
  return rules;
}

/** Whether a path (from the root of the context, with slashes) is kept out. */
export function isIgnored(rules: readonly IgnoreRule[], path: string): boolean {
  const parts = path.split("/");
  const lineage = parts.map((_, i) => parts.slice(0, parts.length - i).join("/"));
  let ignored = false;
  for (const { keeps, matches } of rules) if (keeps === ignored && lineage.some(matches)) ignored = !keeps;
  return ignored;
}

/** Go's `filepath.Clean`: no empty parts, no `.`, `..` resolved where something stands before it. */
export function cleanPattern(path: string): string {
  const isRooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isRooted) parts.push("..");
  }
  const joined = (isRooted ? "/" : "") + parts.join("/");
  return joined === "" ? "." : joined;
}

/** A matcher of whole paths; undefined for a pattern that is not well formed. Patterns are the scanned side's: no regular expression is made of them, and time is bounded. */
export function patternMatcher(pattern: string): ((path: string) => boolean) | undefined {
  // `**` before plain characters means any path that ends with them, in the middle of a name too.
  const suffix = /^\*\*([^*?[\]\\]+)$/.exec(pattern)?.[1];
  if (suffix !== undefined)
    return (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1));
  const tokens = tokensOf(pattern);
  return tokens === undefined ? undefined : (path) => matchTokens(tokens, Array.from(path));
}

type Token =
  | { readonly kind: "one"; readonly test: (character: string) => boolean }
  /** `*`: any characters but slashes. */
  | { readonly kind: "part" }
  /** `**` at the end: anything. */
  | { readonly kind: "rest" }
  /** `**` elsewhere: nothing, or whole folders. */
  | { readonly kind: "folders" };

const notSlash = (character: string): boolean => character !== "/";

function tokensOf(pattern: string): readonly Token[] | undefined {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*" && characters[at + 1] === "*") {
      at++;
      // `**/` means the same as `**`.
      if (characters[at + 1] === "/") at++;
      tokens.push({ kind: at + 1 >= characters.length ? "rest" : "folders" });
    } else if (character === "*") tokens.push({ kind: "part" });
    else if (character === "?") tokens.push({ kind: "one", test: notSlash });
    else if (character === "[") {
      const read = readClass(characters, at + 1);
      if (read === undefined) return undefined;
      tokens.push({ kind: "one", test: read.test });
      at = read.end;
    } else {
      if (character === "\\") at++;
      const literal = characters[at];
      if (literal === undefined) return undefined;
      tokens.push({ kind: "one", test: (other) => other === literal });
    }
  }
  return tokens;
}

/** A character class as Go's `filepath.Match` has it: `[a-z]`, `[^a]`, `\` takes the next character as it is. */
function readClass(
  characters: readonly string[],
  from: number,
): { readonly end: number; readonly test: (character: string) => boolean } | undefined {
  let at = from;
  const isNegated = characters[at] === "^";
  if (isNegated) at++;
  const ranges: [string, string][] = [];
  const single = (): string | undefined => {
    if (characters[at] === "\\") at++;
    else if (characters[at] === "-" || characters[at] === "]") return undefined;
    return characters[at++];
  };
  while (at < characters.length) {
    if (characters[at] === "]" && ranges.length > 0) {
      const test = (other: string): boolean =>
        ranges.some(([low, high]) => low <= other && other <= high) !== isNegated;
      return { end: at, test };
    }
    const low = single();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    // At the end a hyphen stands for itself.
    if (characters[at] === "-" && characters[at + 1] === "]") ranges.push(["-", "-"]);
    if (characters[at] === "-" && characters[++at] !== "]") high = single();
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  return undefined;
}

/** Follows all ways through the tokens at once, so that time is the length of the path times that of the pattern. */
function matchTokens(tokens: readonly Token[], path: readonly string[]): boolean {
  /** Comes to a place, and to those behind it that need no characters. */
  const enter = (places: Set<number>, place: number): void => {
    places.add(place);
    if (tokens[place] !== undefined && tokens[place].kind !== "one") enter(places, place + 1);
  };
  let places = new Set<number>();
  enter(places, 0);
  for (const character of path) {
    const next = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined) continue;
      if (token.kind === "one" && token.test(character)) enter(next, place + 1);
      if (token.kind === "rest" || (token.kind === "part" && character !== "/")) enter(next, place);
      if (token.kind !== "folders") continue;
      next.add(place);
      if (character === "/") enter(next, place + 1);
    }
    places = next;
  }
  return places.has(tokens.length);
}
