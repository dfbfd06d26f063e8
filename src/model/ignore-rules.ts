/** Patterns of one ignore file (gitignore, "PATTERN FORMAT"). Matching takes time in proportion to pattern times name, whatever the pattern. */
export class IgnoreRules {
  readonly #rules: readonly Rule[];

  constructor(text: string) {
    this.#rules = text.split("\n").flatMap(readRule).slice(0, maxRules);
  }

  /** True: ignored; false: expressly not; undefined: no pattern speaks of it. `path` is relative to the file's folder. */
  opinion(path: string, isFolder: boolean): boolean | undefined {
    const name = path.slice(path.lastIndexOf("/") + 1);
    for (let i = this.#rules.length - 1; i >= 0; i--) {
      const rule = this.#rules[i]!;
      if (rule.onlyFolders && !isFolder) continue;
      if (matches(rule.tokens, rule.isAnchored ? path : name)) return !rule.isNegated;
    }
    return undefined;
  }
}

/** A file of more patterns is not meant for people. */
const maxRules = 10_000;

interface Rule {
  readonly tokens: readonly Token[];
  readonly isNegated: boolean;
  readonly onlyFolders: boolean;
  /** Matched with the whole path, not with the last name alone. */
  readonly isAnchored: boolean;
}

/** `star`: within a name. `folders`: any number of whole folders, with the slash behind them. `rest`: everything from here. */
type Token =
  | { readonly kind: "text"; readonly character: string }
  | { readonly kind: "any" | "star" | "folders" | "rest" }
  | { readonly kind: "class"; readonly isNegated: boolean; readonly ranges: readonly (readonly [string, string])[] };

function readRule(line: string): Rule[] {
  let text = line.replace(/\r$/, "");
  // Blanks at the end count only behind a backslash.
  text = text.replace(/(^|[^\\]) +$/, "$1");
  if (text === "" || text.startsWith("#")) return [];
  const isNegated = text.startsWith("!");
  if (isNegated) text = text.slice(1);
  const onlyFolders = text.endsWith("/");
  if (onlyFolders) text = text.slice(0, -1);
  const isAnchored = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  return text === "" ? [] : [{ tokens: tokensOf(text), isNegated, onlyFolders, isAnchored }];
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const isStart = at === 0 || text[at - 1] === "/";
    if (isStart && rest.startsWith("**/")) {
      tokens.push({ kind: "folders" });
      at += 3;
    } else if (isStart && rest === "**") {
      tokens.push({ kind: "rest" });
      at += 2;
    } else if (text[at] === "*") {
      if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
      at++;
    } else if (text[at] === "?") {
      tokens.push({ kind: "any" });
      at++;
    } else if (text[at] === "[") {
      const { token, end } = classAt(text, at);
      tokens.push(token);
      at = end;
    } else {
      if (text[at] === "\\" && at + 1 < text.length) at++;
      tokens.push({ kind: "text", character: text[at]! });
      at++;
    }
  }
  return tokens;
}

function classAt(text: string, start: number): { token: Token; end: number } {
  let at = start + 1;
  const isNegated = text[at] === "!" || text[at] === "^";
  if (isNegated) at++;
  const ranges: [string, string][] = [];
  for (let isFirst = true; at < text.length && (isFirst || text[at] !== "]"); isFirst = false) {
    if (text[at] === "\\" && at + 1 < text.length) at++;
    const from = text[at]!;
    if (text[at + 1] === "-" && at + 2 < text.length && text[at + 2] !== "]") {
      ranges.push([from, text[at + 2]!]);
      at += 3;
    } else {
      ranges.push([from, from]);
      at++;
    }
  }
  // Without its end it is no class, and matches nothing.
  if (at >= text.length) return { token: { kind: "class", isNegated: false, ranges: [] }, end: at };
  return { token: { kind: "class", isNegated, ranges }, end: at + 1 };
}

/** Which positions of the text can be reached, token by token: no backtracking. */
function matches(tokens: readonly Token[], text: string): boolean {
  let reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (const token of tokens) {
    const next = new Uint8Array(text.length + 1);
    if (token.kind === "star") {
      for (let at = 0, on = 0; at <= text.length; at++) {
        if (reached[at] === 1) on = 1;
        next[at] = on;
        if (text[at] === "/") on = 0;
      }
    } else if (token.kind === "folders") {
      for (let at = 0, on = 0; at <= text.length; at++) {
        if (reached[at] === 1) {
          next[at] = 1;
          on = 1;
        } else if (on === 1 && text[at - 1] === "/") next[at] = 1;
      }
    } else if (token.kind === "rest") {
      const from = reached.indexOf(1);
      return from >= 0 && from < text.length;
    } else {
      for (let at = 0; at < text.length; at++) if (reached[at] === 1 && fits(token, text[at]!)) next[at + 1] = 1;
    }
    reached = next;
  }
  return reached[text.length] === 1;
}

function fits(token: Token, character: string): boolean {
  if (token.kind === "text") return token.character === character;
  if (character === "/") return false;
  if (token.kind === "any") return true;
  return (
    token.kind === "class" &&
    token.ranges.some(([from, to]) => character >= from && character <= to) !== token.isNegated &&
    token.ranges.length > 0
  );
}
