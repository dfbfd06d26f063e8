import type { Detection } from "../model/detection.ts";
import { partition } from "../model/partition.ts";
import { maskEncoded, maskerOf, maskSecret } from "./mask.ts";
import type { KeptDetection } from "./overlap.ts";

/** A detection that counts, with all secrets of its content masked in what is shown of it. */
export interface PreparedDetection extends KeptDetection {
  readonly structure: Pick<Detection, "key" | "parts">;
  readonly maskedMatch: string;
  readonly maskedLine: string;
}

/** `neighbours`: what else must not be readable in its line. */
export function prepare(keep: KeptDetection, neighbours: (of: Detection) => string[]): PreparedDetection {
  const { detection } = keep;
  const plain = maskerOf(detection.secret, neighbours(detection));
  const isDecoded = detection.tags.some((tag) => tag.startsWith("decoded:"));
  const mask = (text: string): string => {
    const masked = plain(text);
    return isDecoded ? maskEncoded(masked) : masked;
  };
  // A user can have the password for a name, and a map can have secrets for keys.
  const structure = maskStructure(detection, plain);
  return { ...keep, structure, maskedMatch: mask(detection.match), maskedLine: mask(detection.line) };
}

/** Masks what structure tells of a secret: its key path, and its parts. */
export function maskStructure(
  { key, parts }: Pick<Detection, "key" | "parts">,
  mask: (text: string) => string,
): Pick<Detection, "key" | "parts"> {
  return {
    ...(key === undefined ? {} : { key: mask(key) }),
    ...(parts === undefined
      ? {}
      : {
          parts: parts.map(({ name, value, isSecret }) => ({
            name: mask(name),
            value: isSecret ? maskSecret(value) : mask(value),
          })),
        }),
  };
}

/**
 * Secrets that can stand in the line of a detection. Those that were judged away or lost to a better rule count as well: they are
 * no findings, and no reader needs to see them.
 */
export function createNeighbours(all: readonly Detection[]): (of: Detection) => string[] {
  const sorted = all.toSorted((a, b) => a.start - b.start);
  const longest = all.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  return (of) => {
    // Lines are texts and offsets are bytes; three bytes a UTF-16 unit is the most that UTF-8 takes.
    const reach = 3 * Math.max(of.line.length, of.match.length);
    const near: string[] = [];
    const first = partition(sorted.length, (i) => sorted[i]!.start < of.start - reach - longest);
    for (let i = first; i < sorted.length; i++) {
      const other = sorted[i]!;
      if (other.start > of.end + reach) break;
      near.push(other.secret);
    }
    return near;
  };
}

/** One detection for each value and place: two members of one name may hold the same. */
export function withoutRepeats(all: readonly PreparedDetection[]): readonly PreparedDetection[] {
  if (all.every(({ detection }) => detection.text === undefined)) return all;
  const seen = new Set<string>();
  return all.filter(({ rule, value, detection: { member = "", start, end } }) => {
    const place = JSON.stringify([member, start, end, rule.id, value]);
    return !seen.has(place) && seen.add(place);
  });
}
