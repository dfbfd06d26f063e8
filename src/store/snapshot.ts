import type { ContentId } from "../model/content.ts";
import type { PublicKey } from "../model/detection.ts";
import type { TargetSummary } from "../model/finding.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import type { Ledger } from "../model/ledger.ts";
import type { Problem } from "../model/problem.ts";
import type { Sighting } from "../model/source.ts";
import type { Told } from "../model/told-rules.ts";
import type { Unit } from "../model/unit.ts";
import { sealValue, unsealValue } from "./seal.ts";

/**
 * What a scan of a target came to, but for its detections: those are looked for again. It holds names and messages, so it is kept sealed with a key
 * that only the target's own bytes give.
 */
export interface Snapshot {
  readonly kind: TargetSummary["kind"];
  readonly ledger: Ledger;
  readonly problems: readonly Problem[];
  readonly sightings: readonly Sighting[];
  readonly images: readonly ImageFacts[];
  readonly publicKeys: readonly PublicKey[];
  /** Contents with detections, and how to read them. */
  readonly hits: readonly ContentId[];
  readonly units: readonly Unit[];
  /** The rules that find all their detections again. */
  readonly rules: Told;
}

const version = 5;

export function writeSnapshot(snapshot: Snapshot, key: Uint8Array): Uint8Array {
  return sealValue(key, version, snapshot);
}

/** Undefined for what was not written with this key and by this version. */
export function readSnapshot(bytes: Uint8Array, key: Uint8Array): Snapshot | undefined {
  // It is what `writeSnapshot` was given.
  return unsealValue(key, version, bytes) as Snapshot | undefined;
}
