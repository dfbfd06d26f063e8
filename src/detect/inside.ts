import type { Region } from "./collector.ts";
import type { RegexMatch } from "./engine.ts";
import { lineContext } from "./outcome.ts";
import type { ReadyRule } from "./ready-rules.ts";
import { anyKey, valuesInside } from "./structure/values.ts";

/** Shorter values in a block are words, sizes and numbers; other rules ask for as many. */
const leastLength = 6;

/**
 * Rules that tell where a block begins (`tokens: [`, `secrets:` and a line's end): each value in it is a match of theirs. `match` is that of the regex
 * in the window from address `from` on; `hit` is the address of the keyword's end. Gives matches in the same window, with the value as their group. They
 * depend on what the rule may look at around the keyword.
 */
export function matchesInside(
  ready: ReadyRule,
  bytes: Buffer,
  region: Region,
  match: RegexMatch,
  from: number,
  hit: number,
): readonly RegexMatch[] {
  const keys = ready.rule.inside ?? [];
  const least = Math.max(region.low, from - lineContext);
  const back = bytes.subarray(least, from + match.start).lastIndexOf(10);
  const low = back < 0 ? least : least + back + 1;
  const high = Math.min(region.high, hit + ready.rule.after);
  const text = bytes.toString("latin1", low, high) + (hit + ready.rule.after > region.high ? "\n" : "");
  const toWindow = low - from;
  let opener = from + match.end - low - 1;
  while (opener > 0 && /\s/.test(text[opener]!)) opener--;
  const values = valuesInside(text, opener, keys).filter(({ from: first, to: last }) => last - first >= leastLength);
  return values.map((value): RegexMatch => {
    const first = value.from + toWindow;
    const last = value.to + toWindow;
    // Of `password: { value: … }` the outer name counts.
    return { start: keys.includes(anyKey) ? value.start + toWindow : match.start, end: last, groups: [first, last] };
  });
}
