import type { Detection, PublicKey, SuppressionReason } from "../model/detection.ts";
import { judgedKey } from "../model/clean-list.ts";
import type { Encoding } from "./decode/encoding.ts";
import type { ScanResult } from "./detector.ts";
import { joinParts, type Joinable } from "./join-parts.ts";
import { accountTag } from "./judge/account-password.ts";
import type { LineCounter } from "./lines.ts";
import type { Outcome } from "./outcome.ts";
import type { ReadyRule, ReadyRules } from "./ready-rules.ts";
import {
  decodedAfter,
  structureAfter,
  structureBefore,
  structureBeforeMany,
  type Structure,
  type StructureReader,
} from "./structure/index.ts";

/** A chain of encoded text (decode/encoding.ts) that was decoded: offsets in the content, and the outcomes in order. */
export interface RunOutcomes {
  readonly encoding: Encoding["name"];
  readonly isPlaced: Encoding["isPlaced"];
  readonly start: number;
  readonly end: number;
  readonly outcomes: readonly DecodedOutcome[];
  /** True when what came out was not looked at to its end: it was too much. */
  readonly isCut: boolean;
  /** What that cost (work.ts). */
  readonly work: number;
}

/** By place; of one place in the order in which encodings are looked for. */
export function sortRuns(runs: RunOutcomes[]): RunOutcomes[] {
  return runs.length > 1 ? runs.sort((a, b) => a.start - b.start) : runs;
}

export interface DecodedOutcome {
  readonly outcome: Outcome;
  /** How many encodings were taken off. */
  readonly depth: number;
  /** Which ones, the outermost first. */
  readonly kinds: readonly string[];
  /** The encoded bytes, relative to the chain's start. */
  readonly start: number;
  readonly end: number;
}

/** What is in memory of a content: addresses, and the offset in the content of the first byte. */
export interface Region {
  readonly low: number;
  readonly high: number;
  readonly base: number;
}

/** More detections than this in one content are a data set: they are counted as a problem, not listed. */
export const maxDetections = 5_000;
/** Matches of one rule that looks at whole contents, in one content: after each it reads on, maybe to the end, so that their number makes its cost. */
export const maxAnywhere = 5_000;
/**
 * In one content key paths and parts are told of so many detections of each way by which they come: a data set takes no longer than its values.
 * Those of one way come in the order of their places, however the content is scanned.
 */
const maxStructured = 300;
/** So many of them are looked for as far as structure reaches, the others in their surroundings: a list is the same from end to end. */
const maxFar = 50;
/** Of a value that is written backwards. */
const mirrorTags: readonly string[] = ["decoded:reversed", "decode-depth:1"];
/** Keys of matches remembered against double reports; a stream without end must not collect them without end. */
const maxSeen = 100_000;

/** What a scan tells of a detection; the parts of a composite rule stand beside those that structure tells. */
function withParts({ ready: _, ...detection }: Joinable, found: readonly Joinable[]): Detection {
  if (found.length === 0) return detection;
  const known = detection.parts ?? [];
  const more = found
    .filter(({ secret }) => !known.some(({ value }) => value === secret))
    .map(({ ruleId, secret }) => ({ name: ruleId, value: secret, isSecret: true as const }));
  return { ...detection, parts: [...known, ...more] };
}

/** Turns outcomes, given in the order of their places, into the detections of one content: each once, with lines and columns. */
export class Collector {
  readonly lines: LineCounter;
  readonly #rules: ReadyRules;
  readonly #structureOf: StructureReader;
  readonly #detections: (Detection & { readonly ready: ReadyRule })[] = [];
  /** How many encodings were taken off; 0 where it is not among them. */
  readonly #depths = new Map<Detection, number>();
  #wholes: readonly Detection[] | undefined;
  readonly #seen = new Set<number | string>();
  readonly #coveredTo = new Map<number, number>();
  readonly #suppressed: Partial<Record<SuppressionReason, number>> = {};
  readonly #judged = new Map<number, number>();
  readonly #anywhere = new Map<number, number>();
  readonly #structured = new Map<string, number>();
  readonly #publicKeys = new Map<string, PublicKey>();
  readonly #told = new Set<string>();
  #limited = false;
  #goesOn = false;
  #isCut = false;

  constructor(lines: LineCounter, rules: ReadyRules, structureOf: StructureReader) {
    this.lines = lines;
    this.#rules = rules;
    this.#structureOf = structureOf;
  }

  /**
   * An outcome of the keyword that ends at offset `hit`. A keyword inside the rule's last match has nothing new to say, unless that match was a
   * look-up: `token = env.TOKEN || "…"`.
   */
  add(outcome: Outcome, hit: number, bytes: Buffer, region: Region): void {
    const { index, rule } = outcome.ready;
    if (this.covers(outcome.ready, hit)) return;
    // A block has many values of one keyword.
    if (rule.inside !== undefined) return this.#place(outcome, hit, "keyword", bytes, region);
    // What was taken for a value may be the name of the next one, too: `setToken("api_key", "…")`.
    const { suppressed } = outcome;
    const looksOn = suppressed === "reference" || (suppressed !== undefined && rule.kind === "generic");
    this.#coveredTo.set(index, looksOn ? hit : hit + outcome.end);
    this.#place(outcome, hit, "keyword", bytes, region);
  }

  /** Whether a keyword of the rule that ends at offset `hit` lies in the rule's last match. */
  covers({ index, rule }: ReadyRule, hit: number): boolean {
    return rule.inside === undefined && hit <= (this.#coveredTo.get(index) ?? 0);
  }

  /** An outcome without a keyword of its own, found by looking everywhere: at offset `at`. False: its rule has said enough of this content. */
  addAnywhere(outcome: Outcome, at: number, bytes: Buffer, region: Region): boolean {
    const { index } = outcome.ready;
    const count = (this.#anywhere.get(index) ?? 0) + 1;
    this.#anywhere.set(index, count);
    if (count > maxAnywhere) {
      this.#limited = true;
      return false;
    }
    this.#place(outcome, at, outcome.ready.rule.id, bytes, region);
    return true;
  }

  #place(outcome: Outcome, hit: number, way: string, bytes: Buffer, region: Region): void {
    this.#goesOn ||= outcome.goesOn === true;
    const kindOfSearch = 2 * outcome.ready.index + Number(outcome.ready.isMirror);
    if (!this.#isNew(kindOfSearch * 2 ** 40 + hit + outcome.secretStart) || this.#isSuppressed(outcome)) return;
    this.#report(
      outcome,
      hit + outcome.placeStart,
      hit + outcome.placeEnd,
      hit + outcome.secretStart,
      hit + outcome.secretEnd,
      outcome.ready.isMirror ? [...outcome.ready.rule.tags, ...mirrorTags] : outcome.ready.rule.tags,
      () => this.#structure(way, structureAfter, bytes, region, hit + outcome.secretStart, hit + outcome.secretEnd),
      bytes,
      region,
    );
  }

  #structure(way: string, after: number, bytes: Buffer, region: Region, start: number, end: number): Structure {
    const count = this.#structured.get(way) ?? 0;
    this.#structured.set(way, count + 1);
    if (count >= maxStructured) return {};
    const before = count < maxFar ? structureBefore : structureBeforeMany;
    return this.#structureOf(bytes, region, start, end, before, after);
  }

  /** The outcomes of a decoded chain; their places are those of the encoded bytes. */
  addRun(run: RunOutcomes, bytes: Buffer, region: Region): void {
    if (run.isCut) this.cut();
    for (const { outcome, depth, kinds, start: from, end: to } of run.outcomes) {
      this.#goesOn ||= outcome.goesOn === true;
      const start = run.start + from;
      const end = run.start + to;
      const place = run.isPlaced ? start : run.start;
      if (!this.#isNew(`${outcome.ready.index} ${place} ${depth} ${outcome.secret}`) || this.#isSuppressed(outcome))
        continue;
      const { rule, isMirror } = outcome.ready;
      const all = isMirror ? [...kinds, "reversed"] : kinds;
      const tags = [
        ...rule.tags,
        ...all.map((kind) => `decoded:${kind}`),
        `decode-depth:${isMirror ? depth + 1 : depth}`,
      ];
      const structure = (): Structure => this.#structure(run.encoding, decodedAfter, bytes, region, start, end);
      const detection = this.#report(outcome, start, end, start, end, tags, structure, bytes, region);
      if (detection !== undefined) this.#depths.set(detection, depth);
    }
  }

  /** Whether nothing more is listed. */
  get isFull(): boolean {
    return this.#limited;
  }

  /** Told when keywords are no longer looked at. */
  cut(): void {
    this.#isCut = true;
  }

  /** Told when the window of a stream has moved on: only matches that two windows share can meet again, and those are few. */
  forget(): void {
    if (this.#seen.size > maxSeen) this.#seen.clear();
  }

  #isNew(key: number | string): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  #isSuppressed({ suppressed, ready }: Pick<Outcome, "suppressed" | "ready">): boolean {
    if (suppressed === undefined) return false;
    // A part of others is no candidate.
    if (ready.rule.skipReport) return true;
    const key = judgedKey(ready.index, suppressed);
    this.#judged.set(key, (this.#judged.get(key) ?? 0) + 1);
    this.#suppressed[suppressed] = (this.#suppressed[suppressed] ?? 0) + 1;
    return true;
  }

  #report(
    outcome: Outcome,
    start: number,
    end: number,
    secretStart: number,
    secretEnd: number,
    tags: readonly string[],
    structure: () => Structure,
    bytes: Buffer,
    region: Region,
  ): Detection | undefined {
    if (this.#detections.length >= maxDetections) {
      this.#limited = true;
      return undefined;
    }
    const toAddress = region.low - region.base;
    const { ready, secret, placed, line, entropy, bits, facts, publicHalf } = outcome;
    if (ready.rule.skipReport && publicHalf !== undefined) {
      this.#publicKeys.set(`${publicHalf} ${facts[0]}`, { publicHalf, fact: facts[0] ?? "" });
      return undefined;
    }
    // Of so many of them structure is told: those of all rules count, parts of others too.
    this.#told.add(ready.rule.id);
    const { isExample, ...named } = structure();
    // What API descriptions show under `example` opens nothing, unless it has the form of a token.
    const isChosen = ready.rule.kind === "generic" || ready.rule.tags.includes(accountTag);
    if (isExample && isChosen && this.#isSuppressed({ suppressed: "known-example", ready })) return undefined;
    const confidence = isExample && outcome.confidence === "likely" ? "possible" : outcome.confidence;
    const detection = {
      ready,
      ruleId: ready.rule.id,
      start: secretStart,
      end: secretEnd,
      secret,
      match: placed,
      line,
      startLine: this.lines.line(bytes, start + toAddress),
      startColumn: this.lines.column(bytes, region.low, region.base, start + toAddress),
      endLine: this.lines.line(bytes, end - 1 + toAddress),
      endColumn: this.lines.column(bytes, region.low, region.base, end - 1 + toAddress),
      entropy,
      confidence,
      bits,
      facts,
      ...(publicHalf === undefined ? {} : { publicHalf }),
      ...named,
      tags,
    };
    this.#detections.push(detection);
    return detection;
  }

  /** `occurred`: for streams, the whole-reach rules of which a keyword was seen; detections of others are withdrawn. */
  finish(occurred?: ReadonlySet<ReadyRule>): ScanResult {
    const joined = joinParts(this.#detections, (id) => this.#rules.byId.has(id));
    const kept = this.#detections
      .filter(
        ({ ready }) =>
          occurred === undefined ||
          ready.rule.reach === "window" ||
          ready.rule.keywords.length === 0 ||
          occurred.has(ready),
      )
      .filter((detection) => !detection.ready.rule.skipReport && joined.get(detection)?.isComplete !== false)
      .filter((detection) => !this.#isKnownBetter(detection))
      .map((detection) => withParts(detection, joined.get(detection)?.parts ?? []))
      .sort((a, b) => a.start - b.start || a.end - b.end || (a.ruleId < b.ruleId ? -1 : a.ruleId > b.ruleId ? 1 : 0));
    const publicKeys = [...this.#publicKeys.values()];
    return {
      detections: kept,
      ...(publicKeys.length === 0 ? {} : { publicKeys }),
      suppressed: this.#suppressed,
      judged: this.#judged,
      ...(this.#told.size === 0 ? {} : { told: this.#told }),
      limited: this.#limited || this.#goesOn,
      ...(this.#isCut ? { isCut: true } : {}),
    };
  }

  /** What was found in strings that were joined from parts. */
  #joined(): readonly Detection[] {
    return (this.#wholes ??= [...this.#depths.keys()].filter(isJoined));
  }

  /**
   * Whether the rule found something at the same place without decoding (then that stands in the content, word for word), or the same value with less of it. A
   * value in base64 that was found in clear as well is known better so, and the first part of a string by the whole that it is joined to.
   */
  #isKnownBetter(detection: Detection): boolean {
    const depth = this.#depths.get(detection);
    const overlaps = (other: Detection): boolean =>
      other.ruleId === detection.ruleId && other.start < detection.end && detection.start < other.end;
    if (depth === undefined) {
      if (this.#depths.size === 0) return false;
      if (this.#joined().some((whole) => isPartOf(detection, whole) && overlaps(whole))) return true;
      const decoded = fromBase64(detection.secret);
      if (decoded === undefined) return false;
      for (const other of this.#depths.keys()) if (other.secret === decoded && overlaps(other)) return true;
      return false;
    }
    return this.#detections.some((other) => {
      if (!overlaps(other)) return false;
      const otherDepth = this.#depths.get(other) ?? 0;
      return otherDepth === 0
        ? fromBase64(other.secret) !== detection.secret && !isPartOf(other, detection)
        : other.secret === detection.secret && otherDepth < depth;
    });
  }
}

/** Whether a value is the first part of one that was joined from several. */
function isPartOf({ secret }: Detection, whole: Detection): boolean {
  return whole.secret.length > secret.length && whole.secret.startsWith(secret) && isJoined(whole);
}

function isJoined({ tags }: Detection): boolean {
  return tags.includes("decoded:joined");
}

/** The text that a value in base64 is. */
function fromBase64(value: string): string | undefined {
  return /^[0-9A-Za-z+/_-]{8,8192}={0,2}$/.test(value) ? Buffer.from(value, "base64").toString("utf8") : undefined;
}
