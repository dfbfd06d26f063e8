import type { Detection } from "../model/detection.ts";
import { confidences, severities, type Confidence, type Rule } from "../model/rule.ts";
import { normaliseSecret } from "./normalise.ts";
import { append } from "../model/multimap.ts";

/** A detection that stands for all that overlapped it. */
export interface KeptDetection {
  readonly detection: Detection;
  readonly rule: Rule;
  /** The normalised value; what findings are joined by. */
  readonly value: string;
  /** Other rules that found the same value at this place. */
  readonly otherRules: string[];
  readonly facts: Set<string>;
}

/** Bytes covered by one bucket of the index of kept spans: larger than most secrets, so that a span lies in one or two. */
const bucketBytes = 1024;

/** Orders rules: which one names a value that several of them matched. Specificity, then severity, then id. */
export function compareRules(a: Rule, b: Rule): number {
  return (
    b.specificity - a.specificity ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** Orders confidences, the surest first. */
export function compareConfidence(a: Confidence, b: Confidence): number {
  return confidences.indexOf(a) - confidences.indexOf(b);
}

/**
 * Leaves one detection where several overlap in one content: the more specific rule's; of equally specific ones the longer span,
 * where it contains the other. Spans that only touch or cross stay apart, and one value at one place is one detection always.
 */
export function collapse(detections: readonly Detection[], ruleOf: (id: string) => Rule): KeptDetection[] {
  const ranked = inClear(detections)
    .map((detection) => ({ detection, rule: ruleOf(detection.ruleId), value: valueOf(detection) }))
    .sort(
      (a, b) =>
        b.rule.specificity - a.rule.specificity ||
        span(b.detection) - span(a.detection) ||
        compareConfidence(a.detection.confidence, b.detection.confidence) ||
        compareRules(a.rule, b.rule) ||
        a.detection.start - b.detection.start,
    );
  const kept: KeptDetection[] = [];
  const buckets = new Map<number, KeptDetection[]>();
  for (const { detection, rule, value } of ranked) {
    const over = covering(buckets, detection, rule, value);
    if (over === undefined) {
      const keep: KeptDetection = { detection, rule, value, otherRules: [], facts: new Set(detection.facts) };
      kept.push(keep);
      for (const bucket of bucketsOf(detection)) {
        append(buckets, bucket, keep);
      }
    } else if (over.value === value) {
      if (rule.id !== over.rule.id && !over.otherRules.includes(rule.id)) over.otherRules.push(rule.id);
      for (const fact of detection.facts) over.facts.add(fact);
    }
  }
  return kept.sort((a, b) => a.detection.start - b.detection.start || compareRules(a.rule, b.rule));
}

/** Base64 that a rule may take for the value itself. */
const base64Value = /^[0-9A-Za-z+/_-]{8,4096}={0,2}$/;
/** Where values of Kubernetes' secrets stand: they are base64 always. */
const secretData = /(?:^|\.)data(?:\.|\[|$)/;
const printable = /^[\x20-\x7e]{8,}$/;

/** One value in two forms is one value: what stands in base64, and was found in clear in it as well, counts as the clear one. */
function inClear(detections: readonly Detection[]): readonly Detection[] {
  const decoded = new Map(detections.filter(isDecoded).map((detection) => [detection.secret, detection]));
  return detections.map((detection) => {
    const { secret, key = "", tags } = detection;
    const mayBe = decoded.size > 0 || secretData.test(key);
    if (!mayBe || isDecoded(detection) || !base64Value.test(secret)) return detection;
    const text = Buffer.from(secret, "base64").toString("utf8");
    const clear = decoded.get(text);
    const isSame = clear !== undefined && clear.start < detection.end && detection.start < clear.end;
    if (!isSame && !(secretData.test(key) && secret.length % 4 === 0 && printable.test(text))) return detection;
    const added = (isSame ? clear.tags : onceInBase64).filter((tag) => tag.startsWith("decode") && !tags.includes(tag));
    return { ...detection, secret: text, tags: [...tags, ...added] };
  });
}

const onceInBase64 = ["decoded:base64", "decode-depth:1"];

/** What a detection is joined by: the value, or the place itself for rules on paths alone, which have no value. */
function valueOf(detection: Detection): string {
  return detection.secret === "" ? `\0${detection.identity ?? detection.match}` : normaliseSecret(detection.secret);
}

function covering(
  buckets: ReadonlyMap<number, readonly KeptDetection[]>,
  detection: Detection,
  rule: Rule,
  value: string,
): KeptDetection | undefined {
  for (const bucket of bucketsOf(detection)) {
    for (const keep of buckets.get(bucket) ?? []) {
      const other = keep.detection;
      const overlaps = other.start < detection.end && detection.start < other.end;
      const same = other.start === detection.start && other.end === detection.end;
      if (!overlaps && !same) continue;
      if (keep.value !== value && same && isDecoded(other) && isDecoded(detection) && !areNested(other, detection))
        continue;
      if (keep.value !== value && isPacked(detection) && !isDecoded(other)) continue;
      const contains = other.start <= detection.start && detection.end <= other.end;
      if (keep.value === value || keep.rule.specificity > rule.specificity || contains) return keep;
    }
  }
  return undefined;
}

function isDecoded(detection: Detection): boolean {
  return detection.tags.some((tag) => tag.startsWith("decoded:"));
}

/** Whether it was taken out of text that says nothing in its encoded form: what a rule says of that form is another thing. */
function isPacked(detection: Detection): boolean {
  return detection.tags.some((tag) => /^decoded:(?:base64|gzip|zlib|zip)$/.test(tag));
}

/** Two values decoded from one encoded text both have its span; whether they overlap only their texts can tell. */
function areNested(a: Detection, b: Detection): boolean {
  return a.secret.includes(b.secret) || b.secret.includes(a.secret);
}

function bucketsOf(detection: Detection): number[] {
  const first = Math.floor(detection.start / bucketBytes);
  const last = Math.floor(Math.max(detection.start, detection.end - 1) / bucketBytes);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function span(detection: Detection): number {
  return detection.end - detection.start;
}
