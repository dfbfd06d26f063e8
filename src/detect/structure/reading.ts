import { TreeBuilder, type Block, type Entry } from "./tree.ts";

/** A word or a string of the text. `from` and `to` are the borders of its content. */
export interface Token {
  readonly kind: "word" | "string";
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  /** The content; of `a["b"]` it is `a.b`. */
  readonly text: string;
}

/** The state of one reading of a text. */
export interface Reading {
  readonly text: string;
  /** The offset that is asked about. */
  readonly target: number;
  /** False where the text begins in the midst of a content. */
  readonly isWhole: boolean;
  readonly tree: TreeBuilder;
  /** The last tokens since the last separator, the newest at the end. */
  tokens: Token[];
  /** An option of a command (`--user`) whose value may follow. */
  option: Token | undefined;
  /** Whether a line began with `machine`, so that words are keys as in netrc. */
  isNetrc: boolean;
  /** Brackets that were open when the line began. */
  bracketsBefore: number;
  /** The first colon behind the begin of the last line that was looked at for one. */
  colon: number;
  /** Where the target is, once it was reached. */
  here: Here | undefined;
}

export interface Here {
  readonly block: Block;
  /** The string that holds it. */
  readonly string: { readonly from: number; readonly to: number } | undefined;
  /** The bare value that holds it. */
  readonly bare: { readonly from: number; readonly to: number } | undefined;
}

export function startReading(text: string, target: number, isWhole: boolean): Reading {
  return {
    text,
    target,
    isWhole,
    tree: new TreeBuilder(),
    tokens: [],
    option: undefined,
    isNetrc: false,
    bracketsBefore: 0,
    colon: -1,
    here: undefined,
  };
}

/** Told of every stretch that was read: the first one that holds the target says where it is. */
export function pass(reading: Reading, from: number, to: number, stretch: "string" | "bare" | "other"): void {
  if (reading.here !== undefined || reading.target >= to || reading.target < from) return;
  const span = { from, to };
  reading.here = {
    block: reading.tree.top,
    string: stretch === "string" ? span : undefined,
    bare: stretch === "bare" ? span : undefined,
  };
}

/** Ends the entry that is open in the innermost block, at the offset behind its value. */
export function closeEntry(reading: Reading, at: number): void {
  const { top } = reading.tree;
  if (top.open !== undefined) top.open.end = Math.min(top.open.end, at);
  top.open = undefined;
}

/** A separator: what comes next has nothing to do with the tokens before. */
export function separate(reading: Reading, at: number): void {
  closeEntry(reading, at);
  reading.tokens = [];
  reading.option = undefined;
}

/** Gives an open entry its value. */
export function fill(entry: Entry, from: number, to: number, value: string, isQuoted: boolean): void {
  entry.valueStart = from;
  entry.value = value;
  entry.isQuoted = isQuoted;
  entry.end = to;
}
