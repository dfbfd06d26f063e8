import type { ContentId } from "./content.ts";
import type { Confidence } from "./rule.ts";

/** One match of one rule in one content. Offsets are bytes from the start of the content; lines and columns count from 1, columns in bytes. */
export interface Detection {
  readonly ruleId: string;
  /** Span of the secret (of its encoded text, when it was decoded). */
  readonly start: number;
  readonly end: number;
  /** The value itself, decoded. Never leaves the process unmasked unless the user asks. Empty where the file itself is what was found. */
  readonly secret: string;
  /** Where there is no value: what the same file is known by wherever it lies. */
  readonly identity?: string;
  /** Text of the match in the lines of its secret; of users' own rules the whole match. */
  readonly match: string;
  /** Text of the line or lines of the match, cut to a bounded length around it. */
  readonly line: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly startColumn: number;
  readonly endColumn: number;
  /** Shannon entropy of the secret, bits per character. */
  readonly entropy: number;
  readonly confidence: Confidence;
  /** How far the judge puts it above the gate (model/score.ts); what its place says is added to it. */
  readonly bits: number;
  /** Facts proved offline, for people: `account 123456789012`, `expired 2023-01-01`. */
  readonly facts: readonly string[];
  /** Of a private key: what its public key and its certificates have as well (detect/checks/public-half.ts). */
  readonly publicHalf?: string;
  /** Path of the member that holds it, where the content is a container: one part for each container, joined by `!`. Places count in that member. */
  readonly member?: string;
  /** Which of the texts with that path holds it, where there are several: archives may name two members alike, and a member may have two forms. The first has none. */
  readonly text?: number;
  /** Where it stands in its text: `services.db.environment.POSTGRES_PASSWORD`. Absent where nothing names it. */
  readonly key?: string;
  /** Entries beside it that belong to it: its user, its id, its host. */
  readonly parts?: readonly DetectionPart[];
  /** The rule's tags, and `decoded:base64`, `decode-depth:1` where it applies. */
  readonly tags: readonly string[];
}

/** Something public that belongs to a private key, wherever that is: a certificate, a line of `authorized_keys`. */
export interface PublicKey {
  readonly publicHalf: string;
  /** How a finding names it. */
  readonly fact: string;
}

/** An entry that belongs to a secret, under its own name: `DB_USER`, `app`. */
export interface DetectionPart {
  readonly name: string;
  readonly value: string;
  /** It is what another rule found, and is masked before it is shown. */
  readonly isSecret?: true;
}

/** Why a candidate was not reported; counted, so that nothing is dropped silently. The order stands in files of the cache: new ones go to the end. */
export const suppressionReasons = [
  "entropy",
  "allowlist",
  "placeholder",
  "reference",
  "masked",
  "known-example",
  "checksum",
  "not-random",
  "inline-allow",
  "path",
] as const;
export type SuppressionReason = (typeof suppressionReasons)[number];

/** The detections of one content, with the place by which its source can tell its origin. */
export interface ContentHit {
  readonly content: ContentId;
  /** Source-specific: the path for files and layer entries; empty for git objects. */
  readonly place: string;
  /** Of a file of a layer: its number among the entries of the tar that are no folders and no whiteouts. */
  readonly entry?: number;
  /** Of a file of a layer: what package managers know it by. Kept until the layer was read. */
  readonly digests?: FileDigests;
  /** The package that has the file as it is. */
  readonly publishedIn?: Publication;
  readonly detections: readonly Detection[];
}

/** A package whose own list has the very hash of a file. */
export interface Publication {
  readonly name: string;
  /** Of a distribution, which has published it; or of anybody, who may have given it to few. */
  readonly by: "distribution" | "author";
}

/** Hex. */
export interface FileDigests {
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
}
