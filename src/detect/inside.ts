import type { Rule } from "../model/rule.ts";
import type { Region } from "./collector.ts";
import type { RegexMatch } from "./engine.ts";
import { lineContext } from "./outcome.ts";
import type { ReadyRule } from "./ready-rules.ts";
import { namesOtherBlock } from "./judge/key-names.ts";
import { valuesBelow } from "./structure/columns.ts";
import { isBelowRow } from "./structure/table-row.ts";
import { belowKey, takesAnyKey, valuesInside } from "./structure/values.ts";

/** So much of a header is asked for by the regex; what lies around it, and below, structure/columns.ts reads. */
const ofHeader = { before: 64, after: 800 };

/** How far the regex of such a rule looks around a keyword's end. */
export function reachOfOpener(rule: Rule): { readonly before: number; readonly after: number } {
  return rule.inside?.includes(belowKey) === true ? ofHeader : rule;
}

/** Whether nothing is to be found around a keyword that ends at address `hit`, as a look at its line tells. */
export function isNoOpener(rule: Rule, bytes: Buffer, region: Region, hit: number): boolean {
  if (rule.inside?.includes(belowKey) !== true) return false;
  return isBelowRow(bytes, Math.max(region.low, hit - rule.before), hit, region.high);
}

/** Shorter values in a block are words, sizes and numbers; other rules ask for as many. */
const leastLength = 6;

/**
 * Rules that tell where a block begins (`tokens: [`, `secrets:` and a line's end), or which column of a table holds secrets: each value there is a match of theirs. `match` is that of the regex
 * in the window from address `from` on; `hit` is the address of the keyword's end. Gives matches in the same window, with the value as their group, and
 * whether there are more than are told. They depend on what the rule may look at around the keyword.
 */
export function matchesInside(
  ready: ReadyRule,
  bytes: Buffer,
  region: Region,
  match: RegexMatch,
  from: number,
  hit: number,
): { readonly matches: readonly RegexMatch[]; readonly goesOn: boolean } {
  const keys = ready.rule.inside ?? [];
  const isColumn = keys.includes(belowKey);
  const low = isColumn ? Math.max(region.low, hit - ready.rule.before) : lineBegin(bytes, region, from, match);
  const high = Math.min(region.high, hit + ready.rule.after);
  const isWhole = hit + ready.rule.after > region.high;
  const text = bytes.toString("latin1", low, high) + (isWhole ? "\n" : "");
  if (!isColumn && isOfSomethingElse(keys, text, from + match.start - low)) return { matches: [], goesOn: false };
  const toWindow = low - from;
  let opener = from + match.end - low - 1;
  while (opener > 0 && /\s/.test(text[opener]!)) opener--;
  const all = isColumn ? valuesBelow(text, hit - low - 1, isWhole) : valuesInside(text, opener, keys);
  const values = all.values.filter(({ from: first, to: last }) => last - first >= leastLength);
  const matches = values.map((value): RegexMatch => {
    const first = value.from + toWindow;
    const last = value.to + toWindow;
    // Of `password: { value: … }` the outer name counts.
    return {
      start: takesAnyKey(keys) || isColumn ? value.start + toWindow : match.start,
      end: last,
      groups: [first, last],
    };
  });
  return { matches, goesOn: all.goesOn };
}

/** The longest name that is looked at in front of a block. */
const longestName = 80;

/**
 * Whether a block is none of secrets, as its name tells, or the lack of keys that hold one: to read blocks costs many times as much, and vendored descriptions of
 * interfaces have thousands of them.
 * @param at where the match begins in the text
 */
function isOfSomethingElse(keys: readonly string[], text: string, at: number): boolean {
  if (!takesAnyKey(keys)) {
    const behind = text.slice(at).toLowerCase();
    return !keys.some((key) => behind.includes(key));
  }
  const head = /[\w$.-]*$/.exec(text.slice(Math.max(0, at - longestName), at))?.[0] ?? "";
  // `"node_modules/accounts": {`: the block of a package, or of a path.
  if (text[at - head.length - 1] === "/") return true;
  const name = /^[\w$.-]*/.exec(text.slice(at, at + longestName))?.[0] ?? "";
  return namesOtherBlock(head + name);
}

/** The begin of the line in which a match begins, as far as the judge may see. */
function lineBegin(bytes: Buffer, region: Region, from: number, match: RegexMatch): number {
  const least = Math.max(region.low, from - lineContext);
  const back = bytes.subarray(least, from + match.start).lastIndexOf(10);
  return back < 0 ? least : least + back + 1;
}
