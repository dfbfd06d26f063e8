import type { Detection, SuppressionReason } from "../model/detection.ts";
import type { RegexMatch } from "./engine.ts";
import { shannonEntropy } from "./entropy.ts";
import { judge } from "./judge/index.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { LineCounter } from "./lines.ts";
import type { ReadyAllowlist, ReadyRule, ReadyRules } from "./ready-rules.ts";

/** Where in the content a decoded text stands: addresses of its encoded form, and how many encodings were taken off. */
export interface Place {
  readonly low: number;
  readonly high: number;
  readonly depth: number;
}

interface Window {
  readonly low: number;
  readonly high: number;
  readonly base: number;
}

/** More detections than this in one content are a data set: they are counted as a problem, not listed. */
export const maxDetections = 5_000;
/** Bytes of a line shown on each side of a match. */
const excerpt = 256;
/** Keys of matches remembered against double reports; a stream without end must not collect them without end. */
const maxSeen = 100_000;
/** The longest text that leaves the detector as one field. */
const maxText = 32_768;

/** Turns the matches of one content into detections: cuts out the texts, asks the allowlists and the judge, finds lines and columns. */
export class Collector {
  readonly lines: LineCounter;
  readonly #kernel: Kernel;
  readonly #rules: ReadyRules;
  readonly #honourInlineAllow: boolean;
  readonly #detections: (Detection & { readonly ready: ReadyRule })[] = [];
  readonly #seen = new Set<string>();
  readonly #coveredTo = new Map<number, number>();
  readonly #suppressed: Partial<Record<SuppressionReason, number>> = {};
  #limited = false;
  /** The region that `lines` counts in: the outermost one. */
  #outermost: Window | undefined;

  constructor(kernel: Kernel, lines: LineCounter, rules: ReadyRules, honourInlineAllow: boolean) {
    this.#kernel = kernel;
    this.lines = lines;
    this.#rules = rules;
    this.#honourInlineAllow = honourInlineAllow;
  }

  /** Whether a keyword that ends at this offset lies inside the rule's last match: then there is nothing new to find around it. */
  covers(ready: ReadyRule, end: number, outer: Place | undefined): boolean {
    return outer === undefined && end <= (this.#coveredTo.get(ready.index) ?? 0);
  }

  /** `from` is the address that the match's offsets count from; `outer` is set when the region holds decoded text. */
  add(ready: ReadyRule, match: RegexMatch, from: number, region: Window, outer: Place | undefined): void {
    const { rule } = ready;
    const bytes = this.#kernel.bytes;
    const [start, end] = trimLineEnds(bytes, from + match.start, from + match.end);
    if (start >= end) return;
    if (outer === undefined) this.#coveredTo.set(ready.index, region.base + end - region.low);
    const [secretStart, secretEnd] = secretSpan(ready, match, from, start, end);
    const key = `${ready.index}:${outer === undefined ? region.base + secretStart - region.low : `${outer.low}/${outer.depth}/${secretStart - region.low}`}:${secretEnd - secretStart}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);

    const window = bytes.subarray(region.low, region.high);
    const lineStart = lineStartBefore(window, start - region.low);
    const lineEnd = lineEndAfter(window, end - region.low);
    const secret = text(window, secretStart - region.low, secretEnd - region.low);
    const matched = text(window, start - region.low, end - region.low);
    const line = text(window, lineStart, lineEnd);
    const entropy = shannonEntropy(secret);
    if (rule.entropy > 0 && entropy <= rule.entropy) return this.#suppress("entropy");
    if (ready.allowlists.some((list) => allows(list, secret, matched, line))) return this.#suppress("allowlist");
    const secretInLine = secretStart - region.low - lineStart >= 0 ? text(window, lineStart, secretStart - region.low).length : -1;
    const verdict = judge({ rule, secret, match: matched, line, secretInLine, entropy }, { honourInlineAllow: this.#honourInlineAllow });
    if (verdict.suppressed !== undefined) return this.#suppress(verdict.suppressed);
    if (this.#detections.length >= maxDetections) {
      this.#limited = true;
      return;
    }

    const at = outer ?? { low: start, high: end, depth: 0 };
    const home = outer === undefined ? region : (this.#outermost ?? region);
    const startLine = this.lines.line(bytes, at.low);
    const startColumn = this.lines.column(bytes, home.low, home.base, at.low);
    const endLine = this.lines.line(bytes, at.high - 1);
    const endColumn = this.lines.column(bytes, home.low, home.base, at.high - 1);
    const offset = home.base - home.low;
    this.#detections.push({
      ready,
      ruleId: rule.id,
      start: outer === undefined ? secretStart + offset : outer.low + offset,
      end: outer === undefined ? secretEnd + offset : outer.high + offset,
      secret,
      match: matched,
      line,
      startLine,
      endLine,
      startColumn,
      endColumn,
      entropy,
      confidence: verdict.confidence,
      facts: verdict.facts,
      tags: at.depth > 0 ? [...rule.tags, "decoded:base64", `decode-depth:${at.depth}`] : rule.tags,
    });
  }

  /** Told before anything of a region is added: the region that is no decoded text. */
  enter(region: Window): void {
    this.#outermost = region;
    // Only matches of overlapping regions meet again, and those are few.
    if (this.#seen.size > maxSeen) this.#seen.clear();
  }

  /** `occurred`: for streams, the whole-reach rules of which a keyword was seen; detections of others are withdrawn. */
  finish(occurred?: ReadonlySet<ReadyRule>): {
    detections: readonly Detection[];
    suppressed: Partial<Record<SuppressionReason, number>>;
    limited: boolean;
  } {
    const kept = this.#detections
      .filter(({ ready }) => occurred === undefined || ready.rule.reach === "window" || ready.rule.keywords.length === 0 || occurred.has(ready))
      .filter((detection) => !detection.ready.rule.skipReport && this.#hasParts(detection))
      .map(({ ready: _, ...detection }): Detection => detection)
      .sort((a, b) => a.start - b.start || a.end - b.end || (a.ruleId < b.ruleId ? -1 : a.ruleId > b.ruleId ? 1 : 0));
    return { detections: kept, suppressed: this.#suppressed, limited: this.#limited };
  }

  /** Composite rules: each required rule has a detection near enough. */
  #hasParts(detection: Detection & { readonly ready: ReadyRule }): boolean {
    return detection.ready.rule.required.every(
      (part) =>
        this.#rules.byId.has(part.id) &&
        this.#detections.some(
          (other) =>
            other.ruleId === part.id &&
            Math.abs(other.startLine - detection.startLine) <= (part.withinLines ?? Infinity) &&
            Math.abs(other.startColumn - detection.startColumn) <= (part.withinColumns ?? Infinity),
        ),
    );
  }

  #suppress(reason: SuppressionReason): void {
    this.#suppressed[reason] = (this.#suppressed[reason] ?? 0) + 1;
  }
}

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
  const group = ready.rule.secretGroup;
  const first = group > 0 ? group - 1 : groups.findIndex((_, i) => i % 2 === 0 && groups[i]! >= 0 && groups[i + 1]! > groups[i]!) / 2;
  const low = groups[2 * first];
  const high = groups[2 * first + 1];
  if (first < 0 || low === undefined || high === undefined || low < 0 || high <= low) return [start, end];
  return [from + low, from + high];
}

function lineStartBefore(window: Buffer, at: number): number {
  const least = Math.max(0, at - excerpt);
  const back = at > least ? window.subarray(least, at).lastIndexOf(10) : -1;
  return back < 0 ? least : least + back + 1;
}

function lineEndAfter(window: Buffer, at: number): number {
  const most = Math.min(window.length, at + excerpt);
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
