import { usageError } from "./usage.ts";

/** One `--author`, `--committer` or `--grep`. */
export interface TextPattern {
  readonly field: "author" | "committer" | "message";
  readonly text: string;
}

export interface TextPatterns {
  readonly patterns: readonly TextPattern[];
  readonly syntax: "basic" | "extended" | "fixed";
  readonly ignoreCase: boolean;
  /** Every `--grep` has to match, not one of them. */
  readonly isAll: boolean;
  /** Commits whose message matches are left out. */
  readonly isInverted: boolean;
}

/** Messages are looked at up to this length, in characters: longer ones are no messages. */
const longestMessage = 1 << 20;

/**
 * Makes the test that `--author`, `--committer` and `--grep` ask for; it takes the bytes of a commit object. As git does: several of one kind
 * mean any of them (or all, `--all-match`), several kinds mean each. Throws ToolError `usage` for an expression that is not understood.
 */
export function readTextFilter(asked: TextPatterns): ((commit: Buffer) => boolean) | undefined {
  if (asked.patterns.length === 0) return undefined;
  const tests = { author: [] as RegExp[], committer: [] as RegExp[], message: [] as RegExp[] };
  for (const { field, text } of asked.patterns) tests[field].push(compile(text, asked));
  return (commit) => {
    const end = commit.indexOf("\n\n");
    const head = commit.toString("utf8", 0, end < 0 ? commit.length : end).split("\n");
    const isPerson = (field: "author" | "committer"): boolean => {
      if (tests[field].length === 0) return true;
      const line = head.find((one) => one.startsWith(`${field} `))?.slice(field.length + 1) ?? "";
      // Name and address, without the date behind them.
      const person = line.slice(0, line.lastIndexOf(">") + 1);
      return tests[field].some((test) => test.test(person));
    };
    if (!isPerson("author") || !isPerson("committer")) return false;
    if (tests.message.length === 0) return true;
    const message = end < 0 ? "" : commit.toString("utf8", end + 2, commit.length).slice(0, longestMessage);
    const lines = message.split("\n");
    const matches = (test: RegExp): boolean => lines.some((line) => test.test(line));
    return (asked.isAll ? tests.message.every(matches) : tests.message.some(matches)) !== asked.isInverted;
  };
}

/**
 * Turns a POSIX expression into one of JavaScript. A repetition of a group is refused: without it no expression takes more than polynomial
 * time, and the messages that it is matched against can be anything.
 */
function compile(pattern: string, { syntax, ignoreCase }: TextPatterns): RegExp {
  const source = syntax === "fixed" ? escaped(pattern) : translate(pattern, syntax === "extended");
  try {
    return new RegExp(source, ignoreCase ? "iu" : "u");
  } catch {
    throw refused(pattern);
  }
}

function translate(pattern: string, isExtended: boolean): string {
  let out = "";
  let at = 0;
  let afterGroup = false;
  while (at < pattern.length) {
    const bracket = /^\[\^?\]?(?:\[:[a-z]+:\]|[^\]])*\]/.exec(pattern.slice(at));
    if (bracket !== null) {
      out += translateBracket(bracket[0]);
      at += bracket[0].length;
      afterGroup = false;
      continue;
    }
    const isEscaped = pattern[at] === "\\";
    const character = pattern[isEscaped ? at + 1 : at];
    if (character === undefined) throw refused(pattern);
    at += isEscaped ? 2 : 1;
    const isOperator = "(){}|+?".includes(character) && isEscaped !== isExtended;
    if (isOperator || (!isEscaped && "*".includes(character))) {
      const isRepetition = "*+?{".includes(character);
      // A star in first place stands for itself.
      if (isRepetition && (out === "" || out.endsWith("(") || out.endsWith("|")) && character === "*") out += "\\*";
      else if (isRepetition && afterGroup) throw refused(pattern);
      else out += character;
      afterGroup = character === ")";
      continue;
    }
    if (isEscaped && /[A-Za-z0-9<>`']/.test(character)) {
      if (!"bBwWsS".includes(character)) throw refused(pattern);
      out += `\\${character}`;
    } else if (!isEscaped && /[.^$]/.test(character)) out += character;
    else out += escaped(character);
    afterGroup = false;
  }
  return out;
}

const classes: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  blank: " \\t",
  digit: "0-9",
  lower: "a-z",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

function translateBracket(text: string): string {
  const isNegated = text[1] === "^";
  const inside = text.slice(isNegated ? 2 : 1, -1);
  const parts = inside.replaceAll(/\[:([a-z]+):\]|[\\[\]^]/g, (one, name: string | undefined) =>
    name === undefined ? `\\${one}` : (classes[name] ?? ""),
  );
  return `[${isNegated ? "^" : ""}${parts}]`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function refused(pattern: string): Error {
  return usageError(
    `the expression "${pattern}" is not understood`,
    "Repeated groups, back-references and look-around are not; -F takes the text as it is.",
  );
}
