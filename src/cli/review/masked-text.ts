import type { Detector } from "../../detect/index.ts";
import { maskDots, maskSecret } from "../../findings/index.ts";
import type { FindingSighting } from "../../model/finding.ts";
import { lineSpan } from "../explain/explained.ts";

export interface MaskedText {
  readonly text: string;
  /** The values that were masked: what is cut out of the text is to be looked through for pieces of them (`maskIn`). */
  readonly secrets: readonly string[];
}

/**
 * A content as text, in which every value that the rules find is masked where it stands; so is the place that is looked at, if one is, whatever the rules of now
 * say of it. Lines stay lines: a value of many is dots in each of them.
 */
export function maskedText(bytes: Buffer, detector: Detector, sighting?: FindingSighting): MaskedText {
  const { detections } = detector.scan(bytes);
  const own = sighting === undefined ? undefined : placeSpan(bytes, sighting);
  const spans = [
    ...detections.map(({ start, end, secret }) => ({ start, end, shown: maskSecret(secret) })),
    ...(own === undefined ? [] : [{ ...own, shown: maskDots }]),
  ].sort((a, b) => a.start - b.start || b.end - a.end);
  let text = "";
  let at = 0;
  for (const { start, end, shown } of spans) {
    if (end <= at) continue;
    text += bytes.toString("utf8", at, Math.max(at, start));
    const hidden = bytes.subarray(Math.max(at, start), end);
    const lines = hidden.toString("latin1").split("\n").length - 1;
    text += (start < at ? maskDots : shown) + `\n${maskDots}`.repeat(lines);
    at = end;
  }
  const shown = text + bytes.toString("utf8", at);
  return { text: shown, secrets: [...new Set(detections.map(({ secret }) => secret))].filter((one) => one !== "") };
}

/** Offsets of the value that a finding tells. */
function placeSpan(
  bytes: Buffer,
  { startLine, endLine, startColumn, endColumn }: FindingSighting,
): { readonly start: number; readonly end: number } | undefined {
  const [first, last] = [lineSpan(bytes, startLine), lineSpan(bytes, endLine)];
  if (first === undefined || last === undefined) return undefined;
  const start = Math.min(first[0] + startColumn - 1, first[1]);
  const end = Math.min(last[0] + endColumn, last[1]);
  return end > start ? { start, end } : undefined;
}
