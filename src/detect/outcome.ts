import type { SuppressionReason } from "../model/detection.ts";
import type { Confidence } from "../model/rule.ts";
import { veto, type Part } from "../model/score.ts";
import type { RegexMatch } from "./engine.ts";
import { shannonEntropy } from "./entropy.ts";
import { judge } from "./judge/index.ts";
import { joinLiterals, partsTag } from "./literal-parts.ts";
import type { ReadyAllowlist, ReadyRule } from "./ready-rules.ts";

/**
 * What a rule made of the bytes around one keyword: a judged match. It depends on those bytes alone, and all places in it are relative to the
 * keyword's end, so that it holds wherever the same bytes stand again.
 */
export interface Outcome {
  readonly ready: ReadyRule;
  /** Absent: to be reported. */
  readonly suppressed: SuppressionReason | undefined;
  readonly secret: string;
  readonly match: string;
  readonly line: string;
  readonly entropy: number;
  readonly confidence: Confidence;
  readonly facts: readonly string[];
  readonly publicHalf?: string;
  /** What the judge weighed, and the sum in bits; none for what an allowlist covers. */
  readonly parts: readonly Part[];
  readonly bits: number;
  readonly start: number;
  readonly end: number;
  readonly secretStart: number;
  readonly secretEnd: number;
  /** What a report names as the place: the match, or of one that begins lines before its value or ends lines behind it the part in the value's own lines. */
  readonly placeStart: number;
  readonly placeEnd: number;
  /** The text of that. */
  readonly placed: string;
  /** Of the last value that is told of a table or block: whether it has more of them. */
  readonly goesOn?: boolean;
}

/** Bytes of a line shown on each side of a match: the context that a judge sees. */
export const lineContext = 256;
/** The longest text that leaves the detector as one field. */
const maxText = 32_768;

/**
 * Cuts the texts of a match out of `window` and has them judged. `from` is where the match's offsets count from, `hit` the keyword's end, both as
 * offsets in `window`. Undefined for a match of line ends alone.
 */
export function judgeMatch(
  ready: ReadyRule,
  match: RegexMatch,
  window: Buffer,
  from: number,
  hit: number,
  honourInlineAllow: boolean,
): Outcome | undefined {
  const { rule } = ready;
  const [start, end] = trimLineEnds(window, from + match.start, from + match.end);
  if (start >= end) return undefined;
  const [secretStart, secretEnd] = secretSpan(ready, match, from, start, end);
  const lineStart = lineStartBefore(window, start);
  const read = ready.isMirror ? backwards : asItIs;
  const written = read(text(window, secretStart, secretEnd));
  const secret = rule.tags.includes(partsTag) ? joined(window, start, secretStart, written) : written;
  if (secret === undefined) return undefined;
  // What is put together from parts is judged and shown as if it had been written at once.
  const asMeant = secret === written ? asItIs : (shown: string) => shown.replace(written, () => secret);
  const matched = asMeant(read(text(window, start, end)));
  const line = asMeant(text(window, lineStart, lineEndAfter(window, end)));
  const entropy = shannonEntropy(secret);
  const [placeStart, placeEnd] =
    rule.kind === "custom" ? [start, end] : linesOfSecret(window, start, end, secretStart, secretEnd);
  const places = {
    ...{ start: start - hit, end: end - hit, secretStart: secretStart - hit, secretEnd: secretEnd - hit },
    ...{ placeStart: placeStart - hit, placeEnd: placeEnd - hit },
    placed: placeStart === start && placeEnd === end ? matched : asMeant(read(text(window, placeStart, placeEnd))),
  };
  if (ready.allowlists.some((list) => allows(list, secret, matched, line))) {
    return {
      ready,
      suppressed: "allowlist",
      secret,
      match: matched,
      line,
      entropy,
      confidence: rule.confidence,
      facts: [],
      parts: [],
      bits: veto,
      ...places,
    };
  }
  const secretInLine = !ready.isMirror && secretStart >= lineStart ? text(window, lineStart, secretStart).length : -1;
  const { suppressed, ...rest } = judge(
    { rule, secret, match: matched, line, secretInLine, entropy },
    { honourInlineAllow },
  );
  return { ready, suppressed, secret, match: matched, line, entropy, ...rest, ...places };
}

/** The value of an expression that begins at `secretStart`, of a match that begins with the variable's name. */
function joined(window: Buffer, start: number, secretStart: number, expression: string): string | undefined {
  const variable = /^\w*/.exec(text(window, start, secretStart))?.[0] ?? "";
  return joinLiterals(expression, String.fromCharCode(window[secretStart - 1] ?? 0), variable);
}

const asItIs = (text: string): string => text;
const backwards = (text: string): string => Array.from(text).reverse().join("");

/** Borders of a rule's regex may take in line ends; they belong to no match. */
function trimLineEnds(bytes: Buffer, from: number, to: number): [number, number] {
  let start = from;
  let end = to;
  while (start < end && (bytes[start] === 10 || bytes[start] === 13)) start++;
  while (end > start && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  return [start, end];
}

function secretSpan(ready: ReadyRule, match: RegexMatch, from: number, start: number, end: number): [number, number] {
  const { groups } = match;
  const asked = ready.rule.secretGroup;
  for (let group = asked > 0 ? asked - 1 : 0; 2 * group < groups.length; group++) {
    const low = groups[2 * group]!;
    const high = groups[2 * group + 1]!;
    if (low >= 0 && high > low) return [from + low, from + high];
    if (asked > 0) break;
  }
  return [start, end];
}

/**
 * The part of a match in the lines of its secret: a rule may need the line with the user's name, but people look for the one with the password. Users' own
 * rules keep the place of their whole match, as in gitleaks.
 */
function linesOfSecret(
  window: Buffer,
  start: number,
  end: number,
  secretStart: number,
  secretEnd: number,
): [number, number] {
  const back = secretStart > start ? window.subarray(start, secretStart).lastIndexOf(10) : -1;
  let from = back < 0 ? start : start + back + 1;
  while (from < secretStart && (window[from] === 32 || window[from] === 9)) from++;
  const next = end > secretEnd ? window.subarray(secretEnd, end).indexOf(10) : -1;
  const [, to] = trimLineEnds(window, secretEnd, next < 0 ? end : secretEnd + next);
  return [back < 0 ? start : from, Math.max(to, secretEnd)];
}

function lineStartBefore(window: Buffer, at: number): number {
  const least = Math.max(0, at - lineContext);
  const back = at > least ? window.subarray(least, at).lastIndexOf(10) : -1;
  return back < 0 ? least : least + back + 1;
}

function lineEndAfter(window: Buffer, at: number): number {
  const most = Math.min(window.length, at + lineContext);
  const next = window.subarray(at, most).indexOf(10);
  const end = next < 0 ? most : at + next;
  return end > at && window[end - 1] === 13 ? end - 1 : end;
}

function text(window: Buffer, from: number, to: number): string {
  return window.toString("utf8", from, Math.min(to, from + maxText));
}

function allows(ready: ReadyAllowlist, secret: string, match: string, line: string): boolean {
  const { list } = ready;
  const target = list.regexTarget === "match" ? match : list.regexTarget === "line" ? line : secret;
  const byRegex = ready.regexes().some((regex) => regex.test(target));
  const lower = secret.toLowerCase();
  const byWord = list.stopwords.some((word) => lower.includes(word));
  if (list.condition === "OR") return byRegex || byWord;
  return (list.regexes.length === 0 || byRegex) && (list.stopwords.length === 0 || byWord);
}
