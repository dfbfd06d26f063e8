import { crc32 } from "node:zlib";
import type { Detection, DetectionPart } from "../model/detection.ts";
import type { PlacedContent, PlacedDetection, PlacedPart } from "../model/placed-content.ts";

/** A content with more detections is looked through again: to compare all of their texts would take as long. */
const mostPlaced = 500;
/** A line is shown from so many bytes before a match on, at most, and a match may begin as far before its secret. */
const farthest = 40_000;

/**
 * The places of all texts of a content's detections, from which `cutAgain` makes the same detections. Undefined where these cannot be cut from its
 * bytes (they were decoded, lie in a member, hold bytes that are no UTF-8), or where something else that is told of them holds a secret.
 */
export function placesOf(content: Buffer, detections: readonly Detection[]): PlacedContent | undefined {
  if (detections.length > mostPlaced) return undefined;
  const secrets = new Map(detections.map(({ secret }, i) => [secret, i]));
  secrets.delete("");
  const placed: PlacedDetection[] = [];
  for (const detection of detections) {
    const one = placeOf(content, detection, secrets);
    if (one === undefined) return undefined;
    placed.push(one);
  }
  return { length: content.length, sum: crc32(content), detections: placed };
}

/** The detections of a content whose texts stand at known places. Undefined where it is another content. */
export function cutAgain(
  content: Buffer,
  { length, sum, detections }: PlacedContent,
): readonly Detection[] | undefined {
  if (content.length !== length || crc32(content) !== sum) return undefined;
  const texts = detections.map(({ spans }) => ({
    secret: content.toString("utf8", spans[0], spans[1]),
    match: content.toString("utf8", spans[2], spans[3]),
    line: content.toString("utf8", spans[4], spans[5]),
  }));
  return detections.map(({ facts, parts }, i): Detection => {
    const { tags, ...told } = facts;
    const whole = parts?.map((part): DetectionPart =>
      "secretOf" in part ? { name: part.name, value: texts[part.secretOf]!.secret, isSecret: true } : part,
    );
    return { ...told, ...texts[i]!, ...(whole === undefined ? {} : { parts: whole }), tags };
  });
}

function placeOf(
  content: Buffer,
  { secret, match, line, parts, ...facts }: Detection,
  secrets: ReadonlyMap<string, number>,
): PlacedDetection | undefined {
  if (facts.member !== undefined) return undefined;
  const spans = [secret, match, line].map((text) => spanOf(content, facts.start, text));
  const placedParts = parts?.map((part) => placedPart(part, secrets));
  const told = [facts.key, facts.identity, ...facts.facts, ...facts.tags];
  for (const part of placedParts ?? []) {
    if (part === undefined) return undefined;
    told.push(part.name, "value" in part ? part.value : undefined);
  }
  for (const text of told) if (text !== undefined && holdsAny(text, secrets)) return undefined;
  if (spans.includes(undefined)) return undefined;
  return {
    facts,
    spans: spans.flatMap((span) => span!),
    ...(placedParts === undefined ? {} : { parts: placedParts as readonly PlacedPart[] }),
  };
}

function placedPart(part: DetectionPart, secrets: ReadonlyMap<string, number>): PlacedPart | undefined {
  if (part.isSecret !== true) return part;
  const secretOf = secrets.get(part.value);
  return secretOf === undefined ? undefined : { name: part.name, secretOf };
}

/** Where a text stands at or near `start`: another place that says the same is as good. */
function spanOf(content: Buffer, start: number, text: string): readonly [number, number] | undefined {
  const bytes = Buffer.from(text);
  const isHere = content.subarray(start, start + bytes.length).equals(bytes);
  const from = isHere ? start : Math.max(0, start - farthest);
  const at = isHere ? start : from + content.subarray(from, start + bytes.length).indexOf(bytes);
  if (at < from || content.toString("utf8", at, at + bytes.length) !== text) return undefined;
  return [at, at + bytes.length];
}

function holdsAny(text: string, secrets: ReadonlyMap<string, number>): boolean {
  for (const secret of secrets.keys()) if (text.includes(secret)) return true;
  return false;
}
