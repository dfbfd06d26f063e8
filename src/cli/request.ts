import type { KnownDocuments } from "../registry/index.ts";
import type { FindingStore } from "../findings/index.ts";
import type { Source, SourceContext } from "../model/source.ts";
import type { Fetch } from "./fetch-ahead.ts";
import type { ScanOptions } from "./options.ts";
import type { openTarget, Target } from "./targets.ts";

/** What a scan is asked to do. */
export interface ScanRequest {
  readonly targets: readonly Target[];
  readonly options: ScanOptions;
  /** How a target is opened; without it as what it is. */
  readonly open?: typeof openTarget;
}

/** Where hits and sightings go: a `FindingStore`, or what stands before one. */
export type HitSink = Pick<FindingStore, "addHit" | "addPublicKeys" | "contents" | "addSighting">;

/** What whoever opens a target may know of the run, and tell it. */
export interface OpenContext extends SourceContext {
  /** So much of a repository elsewhere has come; undefined once it is all here. */
  readonly received: (received: { readonly bytes: number; readonly objects: number } | undefined) => void;
  /** How a repository elsewhere is fetched, where it is one of many; without it at once. */
  readonly fetch?: Fetch;
  /** Hears of the refs that a repository elsewhere had when it was fetched. */
  readonly fetched?: (refs: Uint8Array | undefined) => void;
  /** Documents of registries that earlier scans found clean. */
  readonly documents?: KnownDocuments;
}

/** Opens one target. Throws ToolError where there is nothing to open. */
export type Opener = (context: OpenContext) => Promise<Source>;
