import type { Allowlist, Rule, Ruleset } from "../model/rule.ts";
import { maxNear, type CompiledRegex, type RegexEngine } from "./engine.ts";
import type { Automaton } from "./kernel/automaton.ts";
import { sieveReach, wordsPerAction, type Sieve } from "./kernel/sieve.ts";
import { NarrowedRegex } from "./narrowed.ts";
import { outlineOf } from "./outline.ts";
import { lineContext } from "./outcome.ts";
import { prebuild, searchesOf, type Prebuilt } from "./prebuilt.ts";
import { mostWork } from "./work.ts";

/** A rule with what detection needs at hand. Its regex is compiled when it is first wanted. */
export interface ReadyRule {
  readonly rule: Rule;
  readonly index: number;
  /** Whether it looks for what is written backwards. */
  readonly isMirror: boolean;
  regex(): CompiledRegex;
  /** False: the rule has no match in these bytes. True says nothing. */
  mayMatch(bytes: Buffer): boolean;
  /** A run of bytes that every match holds: looked for before the regex is tried. */
  run(): { readonly members: Uint8Array; readonly least: number } | undefined;
  /** Allowlists that can be judged without path and commit. */
  readonly allowlists: readonly ReadyAllowlist[];
}

export interface ReadyAllowlist {
  readonly list: Allowlist;
  regexes(): readonly CompiledRegex[];
}

/** What to do at a keyword: its number is that of the sieve. */
export interface HitAction {
  readonly ready: ReadyRule;
  /** Bytes of the keyword behind the anchor's end (0 unless anchors were cut). */
  readonly beyond: number;
  /** Of an anchor that was cut: the whole keywords that it may stand for, in lower case. */
  readonly keywords: readonly Uint8Array[];
}

export interface ReadyRules {
  readonly automaton: Automaton;
  readonly sieve: Sieve;
  readonly actions: readonly HitAction[];
  /** By action: how many bytes before and behind a keyword's end are looked at, lines included. */
  readonly reachBefore: Uint32Array;
  readonly reachAfter: Uint32Array;
  /** By action: the most that a look costs (work.ts). */
  readonly weights: Uint8Array;
  /** Rules without keywords: tried everywhere in every content. */
  readonly always: readonly ReadyRule[];
  /** Rules of reach `whole`: tried everywhere in a content that holds one of their keywords, or in all where they have none. */
  readonly everywhere: readonly ReadyRule[];
  readonly looksEverywhere: boolean;
  /** Furthest that any window reaches. */
  readonly maxBefore: number;
  readonly maxAfter: number;
  readonly byId: ReadonlyMap<string, ReadyRule>;
  /** How many rules there are. */
  readonly count: number;
}

/** `prebuilt`: what the kernel needs of this very ruleset, where somebody has it already; without it nothing is asked of what follows a keyword. */
export function readyRules(ruleset: Ruleset, engine: RegexEngine, prebuilt?: Prebuilt): ReadyRules {
  const compiled = new Map<string, CompiledRegex>();
  const compile = (pattern: string): CompiledRegex => {
    let regex = compiled.get(pattern);
    if (regex === undefined) compiled.set(pattern, (regex = engine.compile(pattern)));
    return regex;
  };

  const byNumber: (ReadyRule | undefined)[] = [];
  const always: ReadyRule[] = [];
  const everywhere: ReadyRule[] = [];
  const byId = new Map<string, ReadyRule>();
  let maxBefore = 0;
  let maxAfter = 0;
  const indexOf = new Map(ruleset.rules.map(({ id }, index) => [id, index]));
  searchesOf(ruleset).forEach((rule, number) => {
    const { regex: pattern } = rule;
    if (pattern === undefined) return;
    const index = indexOf.get(rule.id)!;
    const isMirror = number >= ruleset.rules.length;
    const global = ruleset.allowlists.filter(
      (list) => list.targetRules.length === 0 || list.targetRules.includes(rule.id),
    );
    let near: CompiledRegex | undefined;
    let mayMatch: ((bytes: Buffer) => boolean) | undefined;
    let run: { readonly members: Uint8Array; readonly least: number } | undefined;
    const ready: ReadyRule = {
      rule,
      index,
      isMirror,
      regex: rule.reach === "window" ? () => (near ??= compileNear(rule, pattern, engine)) : () => compile(pattern),
      mayMatch: (bytes) => (mayMatch ??= outlineTester(rule, pattern, engine))(bytes),
      run: () =>
        (run ??=
          rule.run === undefined ? undefined : { members: expandBitmap(rule.run.members), least: rule.run.least }),
      allowlists: [...rule.allowlists, ...global].filter(isTextual).map((list) => ({
        list,
        regexes: () => list.regexes.map(compile),
      })),
    };
    if (!isMirror) byId.set(rule.id, ready);
    byNumber[number] = ready;
    if (rule.reach === "window") {
      maxBefore = Math.max(maxBefore, rule.before);
      maxAfter = Math.max(maxAfter, rule.after);
    } else everywhere.push(ready);
    if (rule.keywords.length === 0) always.push(ready);
  });

  const { automaton, sieve } = prebuilt ?? prebuild(ruleset, () => []);
  const actions: HitAction[] = [];
  for (let at = 0; at < sieve.actions.length; at += wordsPerAction) {
    const ready = byNumber[sieve.actions[at]!]!;
    const beyond = sieve.actions[at + wordsPerAction - 1]!;
    actions.push({ ready, beyond, keywords: beyond === 0 ? [] : longKeywords(ready.rule, beyond) });
  }
  const beyond = Math.max(0, ...actions.map((action) => action.beyond));
  const isWhole = ({ ready }: HitAction): boolean => ready.rule.reach === "whole";
  const before = Uint32Array.from(actions, (action) => {
    const longest = action.keywords.reduce((most, { length }) => Math.max(most, length), 0);
    return isWhole(action) ? 0 : Math.max(action.ready.rule.before, longest) + lineContext;
  });
  const after = Uint32Array.from(actions, (action) =>
    isWhole(action) ? 0 : Math.max(sieveReach, action.ready.rule.after + action.beyond + lineContext),
  );
  return {
    automaton,
    sieve,
    actions,
    reachBefore: before,
    reachAfter: after,
    weights: Uint8Array.from(actions, (action) => (isWhole(action) ? 1 : Math.min(255, mostWork(action.ready.rule)))),
    always,
    everywhere,
    looksEverywhere: everywhere.length > 0,
    maxBefore,
    maxAfter: maxAfter + beyond,
    byId,
    count: ruleset.rules.length,
  };
}

/** The regex of a rule that looks at a window: where that goes far back, it is narrowed by its outline. */
function compileNear(rule: Rule, pattern: string, engine: RegexEngine): CompiledRegex {
  const outline = rule.before > maxNear ? outlineOf(pattern) : undefined;
  if (outline === undefined) return engine.compile(pattern, rule.before);
  // What tells a block may look further than its rule.
  const within = rule.inside === undefined ? rule.before : Infinity;
  return new NarrowedRegex(engine, pattern, outline, within, leastBegins + Math.trunc(rule.before / bytesPerBegin));
}

/** Begins that are tried before the search from anywhere: more where the window is long, as the search is dear then. */
const leastBegins = 8;
const bytesPerBegin = 16;

function outlineTester(rule: Rule, pattern: string, engine: RegexEngine): (bytes: Buffer) => boolean {
  const outline = outlineOf(pattern);
  if (outline === undefined) return () => true;
  try {
    // What tells a block may look further than its rule.
    return engine.tester(outline, rule.inside === undefined ? rule.before : undefined);
  } catch {
    // Too large for the engine without its counts: `(?:…{0,900}){0,900}`.
    return () => true;
  }
}

/** Keywords that are longer than their anchor by at least so many bytes. */
function longKeywords({ keywords }: Rule, beyond: number): readonly Uint8Array[] {
  return keywords.map((keyword) => Buffer.from(keyword)).filter(({ length }) => length > beyond);
}

/** Lists with paths or commits are decided where those are known, in the findings room; unless any one criterion is enough. */
function isTextual(list: Allowlist): boolean {
  const hasText = list.regexes.length > 0 || list.stopwords.length > 0;
  const hasPlace = list.paths.length > 0 || list.commits.length > 0;
  return hasText && (!hasPlace || list.condition === "OR");
}

/** One byte for each bit of a bitmap in hex. */
function expandBitmap(hex: string): Uint8Array {
  const bitmap = Buffer.from(hex, "hex");
  return Uint8Array.from({ length: 256 }, (_, byte) => ((bitmap[byte >> 3] ?? 0) >> (byte & 7)) & 1);
}
