import { stat } from "node:fs/promises";
import { readMembers } from "../../content/containers/read-member.ts";
import type { Detection } from "../../model/detection.ts";
import type { Detector } from "../../detect/index.ts";
import { fingerprint } from "../../findings/index.ts";
import type { Finding, FindingSighting } from "../../model/finding.ts";
import { contentOf, openDetector } from "../explain/explained.ts";
import type { ScanOptions } from "../options.ts";
import { prepareScan, type Prepared } from "../setup.ts";
import { targetOf } from "../targets.ts";
import { readFromImage } from "./read-image.ts";

/** A larger content is not read for a look at a few of its lines. */
const maxBytes = 8 << 20;
/** An archive is held for a look at what lies in it. */
const maxHeldBytes = 256 << 20;
/** A content is often looked at in several ways, one after the other; reading a layer takes a moment. */
const maxKept = 8;
/** Candidates at a place that are compared with a value: a fingerprint is slow on purpose. */
const maxCandidates = 8;

/** Members of one name that are looked at. */
const maxAlike = 32;

/** What is scanned with: the rules of the review. */
export interface LoadedRules {
  readonly prepared: Prepared;
  readonly detector: Detector;
}

/** Reads places of findings again. */
export interface PlaceReading {
  /** The targets of the review, as they were named; none for a case or report, whose places tell theirs. */
  readonly targets: readonly string[];
  /** The content that a place of a finding lies in, or a sentence that says why it cannot be read. */
  read(sighting: FindingSighting, finding: Pick<Finding, "fingerprint">): Promise<Buffer | string>;
  /** Loaded when somebody asks for the first time. */
  rules(): Promise<LoadedRules>;
  /** The rules have changed. */
  forgetRules(): void;
  stop(): void;
}

/** Reads from repositories, files, images at hand, and archives in them. `targets`: see `PlaceReading`. */
export function createReading(targets: readonly string[], options: ScanOptions): PlaceReading {
  let rules: Promise<LoadedRules> | undefined;
  const over = new AbortController();
  const kept = new Map<string, Promise<Buffer | string>>();
  const outer = async (sighting: FindingSighting): Promise<Buffer | string> => {
    const { origin } = sighting;
    const limit = origin.member === undefined ? maxBytes : maxHeldBytes;
    if (origin.kind === "image")
      return readFromImage(targets, { origin, id: sighting.content, maxBytes: limit, signal: over.signal });
    if (origin.kind === "file" && (await sizeOf(origin.path)) > limit) return tooLarge;
    const bytes = await contentOf(sighting, targets[0] ?? ".").catch(() => undefined);
    return bytes ?? "it cannot be read again: it has gone, or the review was started in another folder";
  };
  const loaded = (): Promise<LoadedRules> => {
    const named = targets.length === 1 ? targets.map((name) => targetOf(name, "any")) : [];
    rules ??= prepareScan(named, options).then(async (prepared) => ({
      prepared,
      detector: await openDetector(prepared),
    }));
    return rules;
  };
  const readNow = async (
    sighting: FindingSighting,
    finding: Pick<Finding, "fingerprint">,
  ): Promise<Buffer | string> => {
    const bytes = await outer(sighting);
    const { member } = sighting.origin;
    if (typeof bytes === "string" || (member === undefined && bytes.length <= maxBytes)) return bytes;
    if (member === undefined) return tooLarge;
    const members = readMembers(bytes, member, maxBytes);
    return memberWith(members, (one) =>
      loaded().then(({ detector }) => secretAt(one, finding, sighting, detector) !== undefined),
    );
  };
  return {
    targets,
    read(sighting, finding) {
      const key = JSON.stringify([
        ...[sighting.content, sighting.origin],
        ...(sighting.origin.member === undefined ? [] : [finding.fingerprint, sighting.startLine]),
      ]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const reading = readNow(sighting, finding);
      kept.set(key, reading);
      // What a folder holds changes while somebody looks.
      if (sighting.origin.kind === "file") setTimeout(() => kept.delete(key), fileKeptMs).unref();
      if (kept.size > maxKept) kept.delete(kept.keys().next().value ?? "");
      return reading;
    },
    rules: loaded,
    forgetRules: () => (rules = undefined),
    stop: () => over.abort(),
  };
}

/** The member that holds what is looked for, of several with one name; the first of them where none does. */
async function memberWith(
  members: Iterable<Buffer>,
  holds: (member: Buffer) => Promise<boolean>,
): Promise<Buffer | string> {
  let first: Buffer | undefined;
  let left = maxAlike;
  for (const member of members) {
    first ??= member;
    if (await holds(member)) return member;
    if (--left === 0) break;
  }
  return first ?? "the archive has no such file any more, or it is too large to be shown";
}

const fileKeptMs = 2000;
const tooLarge = "it is too large to be shown here";

/** What stands in a content around the lines of a place and is the secret of a finding; undefined where it is not there any more. */
export function secretAt(
  bytes: Uint8Array,
  { fingerprint: id }: Pick<Finding, "fingerprint">,
  lines: { readonly startLine: number; readonly endLine: number },
  detector: Detector,
): Detection | undefined {
  return detector
    .scan(bytes)
    .detections.filter(({ startLine, endLine }) => startLine <= lines.endLine && endLine >= lines.startLine)
    .slice(0, maxCandidates)
    .find(({ secret }) => fingerprint(secret) === id);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
