import type { Allowlist, Rule, Ruleset } from "../model/rule.ts";
import type { CompiledRegex, RegexEngine } from "./engine.ts";
import type { Automaton } from "./kernel/automaton.ts";
import { lineContext } from "./outcome.ts";
import { automatonOf, keywordsOf } from "./prebuilt.ts";

/** A rule with what detection needs at hand. Its regex is compiled when it is first wanted. */
export interface ReadyRule {
  readonly rule: Rule;
  readonly index: number;
  regex(): CompiledRegex;
  /** A run of bytes that every match holds: looked for before the regex is tried. */
  run(): { readonly members: Uint8Array; readonly least: number } | undefined;
  /** Allowlists that can be judged without path and commit. */
  readonly allowlists: readonly ReadyAllowlist[];
}

export interface ReadyAllowlist {
  readonly list: Allowlist;
  regexes(): readonly CompiledRegex[];
}

/** What to do in an output state of the automaton. */
export interface HitAction {
  readonly ready: ReadyRule;
  /** Bytes of the keyword behind the anchor's end (0 unless anchors were cut). */
  readonly beyond: number;
}

export interface ReadyRules {
  readonly automaton: Automaton;
  actionsOf(state: number): readonly HitAction[];
  /** By output state, counted from `automaton.firstOutput`: how many bytes before and behind a keyword's end its rules look at, lines included. */
  readonly reachBefore: Uint32Array;
  readonly reachAfter: Uint32Array;
  /** Rules without keywords: tried everywhere in every content. */
  readonly always: readonly ReadyRule[];
  /** Rules of reach `whole`: tried everywhere in a content that holds one of their keywords, or in all where they have none. */
  readonly everywhere: readonly ReadyRule[];
  readonly looksEverywhere: boolean;
  /** Furthest that any window reaches. */
  readonly maxBefore: number;
  readonly maxAfter: number;
  readonly byId: ReadonlyMap<string, ReadyRule>;
}

/** `prebuilt`: the automaton of this very ruleset, where somebody has it already. */
export function readyRules(ruleset: Ruleset, engine: RegexEngine, prebuilt?: Automaton): ReadyRules {
  const compiled = new Map<string, CompiledRegex>();
  const compile = (pattern: string): CompiledRegex => {
    let regex = compiled.get(pattern);
    if (regex === undefined) compiled.set(pattern, (regex = engine.compile(pattern)));
    return regex;
  };

  const names = keywordsOf(ruleset);
  const keywordNumbers = new Map(names.map((name, number) => [name, number]));
  const rulesOfKeyword: ReadyRule[][] = names.map(() => []);
  const always: ReadyRule[] = [];
  const everywhere: ReadyRule[] = [];
  const byId = new Map<string, ReadyRule>();
  let maxBefore = 0;
  let maxAfter = 0;
  ruleset.rules.forEach((rule, index) => {
    const { regex: pattern } = rule;
    if (pattern === undefined) return;
    const global = ruleset.allowlists.filter(
      (list) => list.targetRules.length === 0 || list.targetRules.includes(rule.id),
    );
    let near: CompiledRegex | undefined;
    let run: { readonly members: Uint8Array; readonly least: number } | undefined;
    const ready: ReadyRule = {
      rule,
      index,
      regex: rule.reach === "window" ? () => (near ??= engine.compile(pattern, rule.before)) : () => compile(pattern),
      run: () =>
        (run ??=
          rule.run === undefined ? undefined : { members: expandBitmap(rule.run.members), least: rule.run.least }),
      allowlists: [...rule.allowlists, ...global].filter(isTextual).map((list) => ({
        list,
        regexes: () => list.regexes.map(compile),
      })),
    };
    byId.set(rule.id, ready);
    if (rule.reach === "window") {
      maxBefore = Math.max(maxBefore, rule.before);
      maxAfter = Math.max(maxAfter, rule.after);
    } else everywhere.push(ready);
    if (rule.keywords.length === 0) always.push(ready);
    for (const keyword of new Set(rule.keywords)) rulesOfKeyword[keywordNumbers.get(keyword)!]!.push(ready);
  });

  const automaton = prebuilt ?? automatonOf(ruleset);
  const actions = automaton.outputs.map((numbers) => {
    const found = new Map<ReadyRule, number>();
    for (const number of numbers) {
      const beyond = Buffer.byteLength(names[number]!) - automaton.anchors[number]!;
      for (const ready of rulesOfKeyword[number]!) found.set(ready, Math.max(found.get(ready) ?? 0, beyond));
    }
    return [...found].map(([ready, beyond]): HitAction => ({ ready, beyond }));
  });
  const beyond = Math.max(0, ...actions.flat().map((action) => action.beyond));
  const windows = actions.map((list) => list.filter(({ ready }) => ready.rule.reach === "window"));
  const before = Uint32Array.from(
    windows,
    (list) => Math.max(0, ...list.map(({ ready }) => ready.rule.before)) + lineContext,
  );
  const after = Uint32Array.from(
    windows,
    (list) => Math.max(0, ...list.map((action) => action.ready.rule.after + action.beyond)) + lineContext,
  );
  const { firstOutput } = automaton;
  return {
    automaton,
    actionsOf: (state) => actions[state - firstOutput]!,
    reachBefore: before,
    reachAfter: after,
    always,
    everywhere,
    looksEverywhere: everywhere.length > 0,
    maxBefore,
    maxAfter: maxAfter + beyond,
    byId,
  };
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
