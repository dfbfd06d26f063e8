import { originPath, type ContentId, type Origin } from "../model/content.ts";
import type { ContentHit, Detection, Publication, PublicKey, SuppressionReason } from "../model/detection.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { append } from "../model/multimap.ts";
import type { Confidence, Rule, Ruleset } from "../model/rule.ts";
import type { Sighting } from "../model/source.ts";
import { Belongings } from "./belonging.ts";
import type { Decider } from "./decide.ts";
import { fingerprint } from "./fingerprint.ts";
import { maskSecret } from "./mask.ts";
import { compareFindings, compareSightings, originKey } from "./order.ts";
import { secretsWithin } from "./secrets-within.ts";
import { createOriginMasker } from "./origin-mask.ts";
import { rulesById } from "./rules-by-id.ts";
import { collapse, compareConfidence, compareRules } from "./overlap.ts";
import { createPlaceJudge, type CompilePattern } from "./place-judge.ts";
import { PublishedContents, publishedFact, severityOf } from "./published.ts";
import { createNeighbours, maskStructure, prepare, withoutRepeats, type PreparedDetection } from "./prepared.ts";
import { crowdsOf, isAside } from "./weigh-place.ts";

export interface FindingStoreOptions {
  readonly ruleset: Ruleset;
  /** Compiles the path patterns and allowlists of the ruleset (RE2 syntax); give the engine of `detect`. */
  readonly compile: CompilePattern;
  /** Decisions of people, asked in this order; see decide.ts. */
  readonly deciders?: readonly Decider[];
  /** Called when a finding appears (at once) and when it changes (some time later, not for every change). */
  readonly onFinding?: (finding: Finding) => void;
}

interface ContentState {
  readonly kept: readonly PreparedDetection[];
  /** The same by their values: a list of passwords has thousands. */
  readonly byValue: ReadonlyMap<string, readonly PreparedDetection[]>;
  /** Different values of each rule. */
  readonly crowds: ReadonlyMap<string, number>;
  readonly place: string;
}

interface PlacedOrigin {
  readonly origin: Origin;
  readonly target: string | undefined;
}

interface ValueState {
  /** The plain value, as it was first found; empty for rules on paths alone. */
  secret: string;
  readonly contents: Set<ContentId>;
  /** Sightings when `onFinding` was last told; 0: never. */
  told: number;
}

interface SortedFindings {
  readonly findings: readonly Finding[];
  readonly byFingerprint: ReadonlyMap<string, Finding>;
}

/** What came of one value when it was last put together. */
interface Built {
  /** Absent where every place explains it. */
  readonly finding: Finding | undefined;
  /** The same before any decision. */
  readonly undecided: Finding | undefined;
  readonly targets: ReadonlySet<string>;
  /** Detections without any place that counts. */
  readonly dropped: number;
  /** The masker's state at that time: secrets found later may stand in its origins. */
  readonly maskedBy: number;
}

/** A finding that grew is told again when it grew by this factor: telling every sighting would be quadratic in their number. */
const toldGrowth = 1.25;

/**
 * Joins detections with the places of their contents: one finding for each value, however often and wherever it stands.
 * Takes hits and sightings in any order and gives the same findings for the same input. Holds plain values in memory, nowhere else.
 */
export class FindingStore {
  readonly #options: FindingStoreOptions;
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #judge: ReturnType<typeof createPlaceJudge>;
  readonly #masker = createOriginMasker();
  readonly #belongings = new Belongings();
  readonly #contents = new Map<ContentId, ContentState>();
  readonly #origins = new Map<ContentId, Map<string, PlacedOrigin>>();
  /** Packages that have contents as they are. */
  readonly #published = new PublishedContents();
  readonly #hitTargets = new Map<ContentId, string>();
  readonly #values = new Map<string, ValueState>();
  readonly #built = new Map<string, Built>();
  #stale = new Set<string>();
  #sorted: SortedFindings | undefined;
  #changed = new Set<string>();
  #scheduled = false;

  constructor(options: FindingStoreOptions) {
    this.#options = options;
    this.#rules = rulesById(options.ruleset);
    this.#judge = createPlaceJudge(options.ruleset, options.compile);
  }

  /** Adds what was detected in one content; a content that is known already is ignored. `target` is where the content was met. */
  addHit(hit: ContentHit, target?: string): void {
    if (hit.detections.length === 0) return;
    this.#notePublished(hit);
    if (this.#contents.has(hit.content)) return;
    // Offsets count in a text, so that only detections of one text can stand beside each other.
    const ofTexts = new Map<string, Detection[]>();
    for (const detection of hit.detections)
      append(ofTexts, `${detection.text ?? 0}!${detection.member ?? ""}`, detection);
    const within = secretsWithin(new Set(ofTexts.size > 1 ? hit.detections.map(({ secret }) => secret) : []));
    const prepared = withoutRepeats(
      [...ofTexts.values()].flatMap((detections) => {
        const near = createNeighbours(detections);
        const neighbours = (of: Detection): string[] => [...near(of), ...within(of.line), ...within(of.match)];
        return collapse(detections, (id) => this.#rule(id)).map((keep) => prepare(keep, neighbours));
      }),
    );
    this.#contents.set(hit.content, {
      kept: prepared,
      byValue: byValue(prepared),
      crowds: crowdsOf(prepared.map(({ rule, value }) => [rule.id, value])),
      place: hit.place,
    });
    if (target !== undefined) this.#hitTargets.set(hit.content, target);
    for (const keep of prepared) {
      this.#masker.add(keep.detection.secret);
      let value = this.#values.get(keep.value);
      if (value === undefined) {
        value = { secret: keep.detection.secret, contents: new Set(), told: 0 };
        this.#values.set(keep.value, value);
      }
      value.contents.add(hit.content);
      const { publicHalf } = keep.detection;
      if (publicHalf !== undefined) this.#belongings.hold(publicHalf, keep.value);
      this.#markChanged(keep.value);
    }
    if (this.#options.onFinding === undefined) return;
    for (const { value } of prepared) {
      if (this.#values.get(value)?.told !== 0) continue;
      this.#changed.delete(value);
      this.#tell(value);
    }
    this.#schedule();
  }

  /** Adds certificates and public keys of the scan: private keys tell which of them are theirs. */
  addPublicKeys(keys: readonly PublicKey[]): void {
    for (const value of this.#belongings.add(keys)) this.#markChanged(value);
  }

  /** Images tell it of a content, in whichever order they come; repositories never do. */
  #notePublished(hit: ContentHit): void {
    if (!this.#published.add(hit)) return;
    for (const { value } of this.#contents.get(hit.content)?.kept ?? []) this.#markChanged(value);
  }

  /** Adds a place where a content was seen; contents without detections are ignored once the scan is read out. */
  addSighting(sighting: Sighting, target?: string): void {
    let origins = this.#origins.get(sighting.content);
    if (origins === undefined) this.#origins.set(sighting.content, (origins = new Map()));
    const key = originKey(sighting.origin);
    if (origins.has(key)) return;
    origins.set(key, { origin: sighting.origin, target });
    for (const { value } of this.#contents.get(sighting.content)?.kept ?? []) this.#markChanged(value);
    if (this.#options.onFinding !== undefined) this.#schedule();
  }

  /** Ids of all contents with detections: what sources are asked to locate. */
  contents(): ReadonlySet<ContentId> {
    return new Set(this.#contents.keys());
  }

  /** All findings, sorted; suppressed ones are among them, marked. */
  findings(): readonly Finding[] {
    return this.#all().findings;
  }

  /** All findings as they were before any decision, sorted. */
  undecided(): readonly Finding[] {
    this.#all();
    return [...this.#built.values()].flatMap(({ undecided }) => undecided ?? []).sort(compareFindings);
  }

  /** The finding with this fingerprint. */
  finding(id: string): Finding | undefined {
    return this.#all().byFingerprint.get(id);
  }

  /** How many findings that are not suppressed were seen in a target, as named to `addHit` and `addSighting`. */
  countIn(target: string): number {
    this.#refresh();
    let count = 0;
    for (const { finding, targets } of this.#built.values()) {
      if (finding !== undefined && finding.suppressed === undefined && targets.has(target)) count++;
    }
    return count;
  }

  /** Detections dropped here because every place they were seen at explains them. */
  suppressed(): Partial<Record<SuppressionReason, number>> {
    this.#refresh();
    let path = 0;
    for (const { dropped } of this.#built.values()) path += dropped;
    return path === 0 ? {} : { path };
  }

  /** A text with every known secret masked: for problems and other texts that name scanned things. */
  mask(text: string): string {
    return this.#masker.text(text);
  }

  #rule(id: string): Rule {
    return this.#rules.get(id) ?? unknownRule(id);
  }

  #markChanged(key: string): void {
    this.#stale.add(key);
    this.#changed.add(key);
    this.#sorted = undefined;
  }

  /** Puts together again what changed since the last time. */
  #refresh(): void {
    for (const key of this.#stale) this.#built.set(key, this.#buildValue(key));
    this.#stale = new Set();
  }

  #all(): SortedFindings {
    if (this.#sorted !== undefined) return this.#sorted;
    const values = [...this.#values].map(([value, { secret }]) => ({ value, secret }));
    for (const key of this.#belongings.pair(values)) this.#stale.add(key);
    for (const [key, { maskedBy }] of this.#built) if (maskedBy !== this.#masker.size()) this.#stale.add(key);
    this.#refresh();
    const findings = [...this.#built.values()].flatMap(({ finding }) => finding ?? []).sort(compareFindings);
    this.#sorted = { findings, byFingerprint: new Map(findings.map((finding) => [finding.fingerprint, finding])) };
    return this.#sorted;
  }

  #buildValue(key: string): Built {
    const value = this.#values.get(key);
    const maskedBy = this.#masker.size();
    if (value === undefined)
      return { finding: undefined, undecided: undefined, targets: new Set(), dropped: 0, maskedBy };
    let dropped = 0;
    const sightings: FindingSighting[] = [];
    const targets = new Set<string>();
    const confidences = new Map<string, Confidence>();
    const rules = new Map<string, Rule>();
    const facts = new Set<string>();
    const authors = new Set<Publication["by"] | undefined>();
    for (const content of [...value.contents].sort()) {
      const state = this.#contents.get(content);
      if (state === undefined) continue;
      const placed = this.#placesOf(content, state);
      for (const keep of state.byValue.get(key) ?? []) {
        const before = sightings.length;
        for (const { origin, target } of placed) {
          const { member } = keep.detection;
          const confidence = this.#judge(
            keep.rule,
            keep.detection,
            member === undefined ? origin : { ...origin, member },
            state.crowds.get(keep.rule.id) ?? 1,
          );
          if (confidence === undefined) continue;
          if (target !== undefined) targets.add(target);
          const best = confidences.get(keep.rule.id);
          if (best === undefined || compareConfidence(confidence, best) < 0) confidences.set(keep.rule.id, confidence);
          rules.set(keep.rule.id, keep.rule);
          for (const id of keep.otherRules) rules.set(id, this.#rule(id));
          for (const fact of keep.facts) facts.add(fact);
          for (const fact of this.#belongings.factsOf(key, keep.detection.publicHalf))
            facts.add(this.#masker.text(fact));
          sightings.push(this.#toSighting(keep, content, this.#masker.inMember(origin, member)));
        }
        if (sightings.length === before) dropped++;
        else {
          const published = this.#published.of(content);
          authors.add(published?.by);
          if (published !== undefined) facts.add(publishedFact(published));
        }
      }
    }
    const ranked = [...rules.values()].sort(compareRules);
    // A rule that only came along at the place of another is not the primary one: it was not judged by itself.
    const primary = ranked.find((rule) => confidences.has(rule.id));
    if (primary === undefined) return { finding: undefined, undecided: undefined, targets, dropped, maskedBy };
    const finding: Finding = {
      fingerprint: fingerprint(key),
      rule: {
        id: primary.id,
        description: primary.description,
        revoke: primary.revoke,
        references: primary.references,
      },
      otherRules: ranked
        .filter((rule) => rule !== primary)
        .map((rule) => rule.id)
        .sort(),
      severity: severityOf(primary.severity, authors),
      confidence: confidences.get(primary.id) ?? primary.confidence,
      masked: maskSecret(value.secret),
      secret: value.secret,
      facts: [...facts].sort(),
      sightings: sightings.sort(compareSightings),
      ...(sightings.every(({ origin }) => isAside(origin)) ? { aside: true } : {}),
    };
    const decided = (this.#options.deciders ?? []).reduce((current, decide) => decide(current), finding);
    return { finding: decided, undecided: finding, targets, dropped, maskedBy };
  }

  #toSighting(keep: PreparedDetection, content: ContentId, origin: Origin): FindingSighting {
    const { detection } = keep;
    // One file has many paths; what is found is the file.
    const isFile = detection.secret === "" && detection.match === "";
    const named = isFile ? `file detected: ${originPath(origin)}` : undefined;
    return {
      origin,
      content,
      ruleId: keep.rule.id,
      startLine: detection.startLine,
      endLine: detection.endLine,
      startColumn: detection.startColumn,
      endColumn: detection.endColumn,
      entropy: detection.entropy,
      tags: detection.tags,
      ...maskStructure(keep.structure, (text) => this.#masker.text(text)),
      maskedMatch: named ?? keep.maskedMatch,
      maskedLine: keep.maskedLine,
      match: named ?? detection.match,
      line: detection.line,
    };
  }

  /** Where a content was seen; where its source never said so (the scan was interrupted), what its hit tells. */
  #placesOf(content: ContentId, state: ContentState): readonly PlacedOrigin[] {
    const known = this.#origins.get(content);
    if (known !== undefined) return [...known.values()];
    const origin: Origin =
      state.place === ""
        ? { kind: "git", repository: "", object: content, objectType: "blob", path: "", inHead: false, refs: [] }
        : { kind: "file", path: state.place };
    return [{ origin, target: this.#hitTargets.get(content) }];
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const changed = this.#changed;
      this.#changed = new Set();
      for (const key of changed) this.#tell(key);
    }).unref();
  }

  #tell(key: string): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    let size = 0;
    for (const content of value.contents) size += this.#origins.get(content)?.size ?? 1;
    // Sightings replace the place told by the hit, so the first change of a finding is always told.
    if (value.told > 1 && size < value.told * toldGrowth) return;
    const { finding } = this.#buildValue(key);
    if (finding === undefined) return;
    value.told = size;
    this.#options.onFinding?.(finding);
  }
}

function byValue(all: readonly PreparedDetection[]): ReadonlyMap<string, readonly PreparedDetection[]> {
  const lists = new Map<string, PreparedDetection[]>();
  for (const one of all) append(lists, one.value, one);
  return lists;
}

/** Stands in for a rule that the ruleset does not hold; a detection is never lost for want of a description. */
function unknownRule(id: string): Rule {
  return {
    id,
    description: id,
    secretGroup: 0,
    entropy: 0,
    keywords: [],
    allowlists: [],
    required: [],
    skipReport: false,
    tags: [],
    severity: "high",
    confidence: "possible",
    kind: "context",
    references: [],
    revoke: "",
    specificity: 50,
    reach: "whole",
    before: 0,
    after: 0,
  };
}
