import { readDate } from "./dates.ts";
import { readPathFilter } from "./path-filter.ts";
import { readTextFilter, type TextPattern, type TextPatterns } from "./text-filter.ts";
import { usageError } from "./usage.ts";

/** What a line of arguments for `git log` says, in order where the order counts. Nothing of it was looked up yet. */
export interface RangeArguments {
  readonly items: readonly RangeItem[];
  /** What stood behind `--`; undefined where there was none: then items that name no revision can be paths. */
  readonly paths: readonly string[] | undefined;
  readonly limits: RangeLimits;
  readonly text: TextPatterns;
}

/** One thing that names commits. `isNegative`: what it names, and all behind it, is left out. */
export type RangeItem =
  | { readonly kind: "revision"; readonly text: string; readonly isNegative: boolean }
  | {
      readonly kind: "refs";
      /** Refs that begin so; empty: all, and HEAD. */
      readonly prefix: string;
      /** Matched against whole names. */
      readonly pattern?: string;
      /** Matched against the names without `prefix`. */
      readonly excluded: readonly string[];
      readonly isNegative: boolean;
    }
  | { readonly kind: "reflogs"; readonly isNegative: boolean }
  /** A branch by its name, here or at a remote; there has to be one. */
  | { readonly kind: "branch"; readonly text: string };

/** Times are seconds since 1970. */
export interface RangeLimits {
  /** The walk ends at commits before this. */
  since?: number;
  /** Commits before this are left out, and those behind them looked at. */
  sinceAsFilter?: number;
  until?: number;
  maxCount?: number;
  skip: number;
  minParents: number;
  maxParents?: number;
  isFirstParent: boolean;
  isFullHistory: boolean;
  isFullDiff: boolean;
  hasWalk: boolean;
  /** An order other than by date; it only counts together with a number of commits. */
  order?: string;
  /** What of a merge counts: what no parent has, what the first has not, what one of them has not, nothing. */
  merges?: "none-has" | "first-has-not" | "any-has-not" | "nothing";
  /** A file that was only moved brings nothing in. */
  findsMoves: boolean;
  /** Files that became links, and the other way round, are left out. */
  skipsTypeChanges: boolean;
}

/** The order of commits, the form of the output, colours: they change nothing of what is selected. */
const withoutEffect =
  /^(?:-p|-u|--patch|-s|--no-patch|-U\d+|--unified=\d+|--reverse|--oneline|--graph|--stat(?:=.*)?|--shortstat|--numstat|--raw|--name-only|--name-status|--summary|--(?:no-)?decorate(?:=.*)?|--(?:pretty|format|date|encoding)(?:=.*)?|--(?:no-)?abbrev-commit|--abbrev(?:=\d+)?|--(?:no-)?color(?:=.*)?|--no-ext-diff|--no-textconv|--text|-a|--binary|--full-index|--no-notes|--no-merge-base|--parents|--children|--left-right|--source|--dense|--date-order|--topo-order|--author-date-order|--no-mailmap|--no-use-mailmap|--minimal|--patience|--histogram|--no-prefix|--no-indent-heuristic|--log-size|--no-log-size|-z)$/;
const orders = new Set(["--topo-order", "--author-date-order", "--graph"]);
/** Options whose value is the next word where it does not stand behind `=`. */
const withValue = new Set(
  "--since --after --until --before --since-as-filter --max-age --min-age --max-count --skip --author --committer --grep --glob --exclude --diff-merges --diff-filter".split(
    " ",
  ),
);
const groups: Readonly<Record<string, string>> = {
  "--branches": "refs/heads/",
  "--tags": "refs/tags/",
  "--remotes": "refs/remotes/",
};

/**
 * Reads arguments as `git log` does. `now` (seconds since 1970) is what relative dates count from; `name` is the option that the words came
 * from, for messages. Throws ToolError `usage`, which names the word, for everything that is not understood.
 */
export function readRangeArguments(words: readonly string[], now: number, name: string): RangeArguments {
  const reader = new ArgumentReader(now, name);
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") {
      reader.paths = words.slice(at + 1);
      break;
    }
    if (!word.startsWith("-") || word === "-") reader.revision(word);
    else if (withValue.has(word)) {
      const value = words[++at];
      if (value === undefined) throw usageError(`${name}: ${word} needs a value`, `Write ${word}=<value>.`);
      reader.option(word, value);
    } else if (/^-n$/.test(word)) reader.option("--max-count", words[++at] ?? "");
    else if (/^-n?\d+$/.test(word)) reader.option("--max-count", word.replace(/^-n?/, ""));
    else {
      const equals = word.indexOf("=");
      if (word.startsWith("--") && equals > 0) reader.option(word.slice(0, equals), word.slice(equals + 1), word);
      else reader.option(word, undefined, word);
    }
  }
  return reader.finish();
}

class ArgumentReader {
  readonly #now: number;
  readonly #name: string;
  readonly #items: RangeItem[] = [];
  readonly #patterns: TextPattern[] = [];
  readonly #text: { -readonly [K in keyof Omit<TextPatterns, "patterns">]: TextPatterns[K] } = {
    syntax: "basic",
    ignoreCase: false,
    isAll: false,
    isInverted: false,
  };
  readonly #limits: RangeLimits = {
    skip: 0,
    minParents: 0,
    isFirstParent: false,
    isFullHistory: false,
    isFullDiff: false,
    hasWalk: true,
    findsMoves: true,
    skipsTypeChanges: false,
  };
  #isNegative = false;
  #excluded: string[] = [];
  paths: readonly string[] | undefined;

  constructor(now: number, name: string) {
    this.#now = now;
    this.#name = name;
  }

  revision(text: string): void {
    this.#items.push({ kind: "revision", text, isNegative: this.#isNegative });
  }

  option(option: string, value: string | undefined, word = option): void {
    if (value !== undefined && this.#valued(option, value)) return;
    if (value === undefined && this.#plain(option)) return;
    if (withoutEffect.test(word)) {
      if (orders.has(option)) this.#limits.order = option;
      return;
    }
    throw usageError(
      `${this.#name}: ${word} is not understood`,
      "Options that select commits are, as for git log: revisions, --since, --branches, --not, -n, --no-merges, -- <paths> and more (docs/ranges.md).",
    );
  }

  #valued(option: string, value: string): boolean {
    const limits = this.#limits;
    switch (option) {
      case "--since":
      case "--after":
        limits.since = this.#date(option, value);
        return true;
      case "--until":
      case "--before":
        limits.until = this.#date(option, value);
        return true;
      case "--since-as-filter":
        limits.sinceAsFilter = this.#date(option, value);
        return true;
      case "--max-age":
        limits.since = this.#count(option, value);
        return true;
      case "--min-age":
        limits.until = this.#count(option, value);
        return true;
      case "--max-count":
        // git takes any number below zero for no limit.
        if (/^-\d+$/.test(value)) delete limits.maxCount;
        else limits.maxCount = this.#count(option, value);
        return true;
      case "--skip":
        limits.skip = this.#count(option, value);
        return true;
      case "--min-parents":
        limits.minParents = this.#count(option, value);
        return true;
      case "--max-parents":
        if (/^-\d+$/.test(value)) delete limits.maxParents;
        else limits.maxParents = this.#count(option, value);
        return true;
      case "--author":
      case "--committer":
        this.#patterns.push({ field: option === "--author" ? "author" : "committer", text: value });
        return true;
      case "--grep":
        this.#patterns.push({ field: "message", text: value });
        return true;
      case "--exclude":
        this.#excluded.push(value);
        return true;
      case "--glob":
        this.#refs("", withStar(value.startsWith("refs/") ? value : `refs/${value}`));
        return true;
      case "--branches":
      case "--tags":
      case "--remotes":
        this.#refs(groups[option]!, withStar(groups[option]! + value));
        return true;
      case "--diff-merges":
        this.#merges(value);
        return true;
      case "--diff-filter":
        this.#filter(value);
        return true;
      case "--no-walk":
        limits.hasWalk = false;
        return value === "sorted" || value === "unsorted";
      case "--find-renames":
        return /^\d+%?$/.test(value);
      default:
        return false;
    }
  }

  #plain(option: string): boolean {
    const limits = this.#limits;
    switch (option) {
      case "--all":
        this.#refs("");
        return true;
      case "--branches":
      case "--tags":
      case "--remotes":
        this.#refs(groups[option]!);
        return true;
      case "--reflog":
        this.#items.push({ kind: "reflogs", isNegative: this.#isNegative });
        return true;
      case "--not":
        this.#isNegative = !this.#isNegative;
        return true;
      case "--first-parent":
        limits.isFirstParent = true;
        return true;
      case "--merges":
        limits.minParents = 2;
        return true;
      case "--no-merges":
        limits.maxParents = 1;
        return true;
      case "--no-min-parents":
        limits.minParents = 0;
        return true;
      case "--no-max-parents":
        delete limits.maxParents;
        return true;
      case "--full-history":
        limits.isFullHistory = true;
        return true;
      case "--full-diff":
        limits.isFullDiff = true;
        return true;
      case "--no-walk":
        limits.hasWalk = false;
        return true;
      case "--do-walk":
        limits.hasWalk = true;
        return true;
      case "-M":
      case "--find-renames":
        limits.findsMoves = true;
        return true;
      case "--no-renames":
        limits.findsMoves = false;
        return true;
      case "-m":
        this.#merges("separate");
        return true;
      case "-c":
      case "--cc":
        limits.merges = "none-has";
        return true;
      case "--no-diff-merges":
        limits.merges = "nothing";
        return true;
      case "-i":
      case "--regexp-ignore-case":
        return (this.#text.ignoreCase = true);
      case "-E":
      case "--extended-regexp":
        this.#text.syntax = "extended";
        return true;
      case "-F":
      case "--fixed-strings":
        this.#text.syntax = "fixed";
        return true;
      case "--basic-regexp":
        this.#text.syntax = "basic";
        return true;
      case "--all-match":
        return (this.#text.isAll = true);
      case "--invert-grep":
        return (this.#text.isInverted = true);
      default:
        return false;
    }
  }

  #refs(prefix: string, pattern?: string): void {
    const found = { kind: "refs", prefix, excluded: this.#excluded, isNegative: this.#isNegative } as const;
    this.#items.push(pattern === undefined ? found : { ...found, pattern });
    this.#excluded = [];
  }

  #merges(value: string): void {
    const limits = this.#limits;
    if (/^(?:1|first-parent)$/.test(value)) limits.merges = "first-has-not";
    else if (/^(?:m|on|separate)$/.test(value)) limits.merges = "any-has-not";
    else if (/^(?:c|cc|combined|dense-combined)$/.test(value)) limits.merges = "none-has";
    else if (/^(?:off|none)$/.test(value)) limits.merges = "nothing";
    else {
      throw usageError(
        `${this.#name}: --diff-merges=${value} is not understood`,
        "Known are off, first-parent, separate, combined.",
      );
    }
    // Who looks at each parent of a merge by itself wants none of them simplified away (git does so too).
    if (limits.merges === "first-has-not" || limits.merges === "any-has-not") limits.isFullHistory = true;
  }

  /** gitleaks' own `--diff-filter=tuxdb`, and filters that keep what is added and what is changed. */
  #filter(value: string): void {
    const keepsBoth = /A/.test(value) && /M/.test(value);
    if (!/^[a-z]+$/.test(value) ? !keepsBoth || !/^[ACDMRTUXB]+$/.test(value) : !/^[tuxdb]+$/.test(value)) {
      throw usageError(
        `${this.#name}: --diff-filter=${value} is not understood`,
        "Files that were added and files that were changed can only be selected together: leave it out.",
      );
    }
    this.#limits.skipsTypeChanges = keepsBoth ? !value.includes("T") : value.includes("t");
  }

  #date(option: string, value: string): number {
    const seconds = readDate(value, this.#now);
    if (seconds !== undefined) return seconds;
    throw usageError(
      `${this.#name === option ? "" : `${this.#name}: `}${option}=${value} is no date`,
      "Dates are 2024-01-31, 2024-01-31T12:00:00Z, 1706702400, yesterday, 2.weeks.ago and the like.",
    );
  }

  #count(option: string, value: string): number {
    if (/^\d{1,15}$/.test(value)) return Number(value);
    throw usageError(`${this.#name}: ${option} needs a whole number, and "${value}" is none`, `Write ${option}=10.`);
  }

  finish(): RangeArguments {
    const limits = this.#limits;
    if (limits.order !== undefined && (limits.maxCount !== undefined || limits.skip > 0)) {
      throw usageError(
        `${this.#name}: ${limits.order} is not understood together with a number of commits`,
        "Commits are counted from the newest date on, as git log does without it.",
      );
    }
    if (this.#excluded.length > 0) {
      throw usageError(
        `${this.#name}: --exclude=${this.#excluded[0]} stands before nothing that it could be taken from`,
        "Write it before --all, --branches, --tags, --remotes or --glob.",
      );
    }
    const text = { ...this.#text, patterns: this.#patterns };
    // Only to refuse what they cannot read before anything is opened.
    readTextFilter(text);
    readPathFilter(this.paths ?? []);
    return { items: this.#items, paths: this.paths, limits, text };
  }
}

/** A pattern without wildcards stands for all that lies in it. */
function withStar(pattern: string): string {
  return /[*?[]/.test(pattern) ? pattern : `${pattern.replace(/\/$/, "")}/*`;
}
