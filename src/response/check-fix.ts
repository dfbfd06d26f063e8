import { originPath, type Origin } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";

/** What became of a secret in an image that was built anew; from the best to the worst. */
export type Fate = "gone" | "without a tag" | "lower layer" | "configuration" | "moved" | "still there";

export interface CheckedFinding {
  /** As it was found before. */
  readonly finding: Finding;
  readonly fate: Fate;
  /** A place that shows it; absent where it is gone. */
  readonly at?: FindingSighting;
}

export interface FixCheck {
  readonly checked: readonly CheckedFinding[];
  /** What was not there before. */
  readonly added: readonly Finding[];
}

/**
 * Holds what is found in an image beside what was found in the one before it. Values tell what is the same, wherever they moved. Both lists are of what counts: nothing that a
 * decision hides. `target`: the new image as the user named it.
 */
export function checkFix(before: readonly Finding[], after: readonly Finding[], target: string): FixCheck {
  const now = new Map(after.map((finding) => [finding.fingerprint, finding]));
  const known = new Set(before.map(({ fingerprint }) => fingerprint));
  return {
    checked: before.map((finding) => ({ finding, ...fateOf(finding, now.get(finding.fingerprint), target) })),
    added: after.filter(({ fingerprint }) => !known.has(fingerprint)),
  };
}

function fateOf(before: Finding, now: Finding | undefined, target: string): Pick<CheckedFinding, "fate" | "at"> {
  if (now === undefined) return { fate: "gone" };
  const named = now.sightings.filter(({ origin }) => !isWithoutTag(origin, target));
  if (named.length === 0) return { fate: "without a tag", at: now.sightings[0]! };
  const paths = new Set(before.sightings.map(({ origin }) => originPath(origin)));
  const shown = named.filter(({ origin }) => !isBuried(origin) && !isConfig(origin));
  const kept = shown.find(({ origin }) => paths.has(originPath(origin)));
  if (kept !== undefined) return { fate: "still there", at: kept };
  const moved = shown[0];
  if (moved !== undefined) return { fate: "moved", at: moved };
  const config = named.find(({ origin }) => isConfig(origin));
  if (config !== undefined) return { fate: "configuration", at: config };
  return { fate: "lower layer", at: named[0]! };
}

/** In an image that a store keeps and no tag names any more: its digest stands in the tag's place. */
function isWithoutTag(origin: Origin, target: string): boolean {
  if (origin.kind !== "image" || origin.digest === "") return false;
  return origin.image.endsWith(origin.digest) && !target.endsWith(origin.digest);
}

/** In a layer, under one that takes it away. */
function isBuried(origin: Origin): boolean {
  return origin.kind === "image" && origin.deleted;
}

function isConfig(origin: Origin): boolean {
  return origin.kind === "image" && origin.part === "config";
}
