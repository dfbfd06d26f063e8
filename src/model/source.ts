import type { ContentId, Origin } from "./content.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { TargetSummary } from "./finding.ts";
import type { IdBytes } from "./object-id.ts";
import type { Problem } from "./problem.ts";
import type { Unit, UnitResult } from "./unit.ts";

/** A target opened for scanning. It plans units of work, hears what came of them, and says afterwards where contents with detections were seen. */
export interface Source extends AsyncDisposable {
  readonly target: string;
  readonly kind: TargetSummary["kind"];
  /** For people: which part of the target is scanned; absent where it is all of it. Known once the units were planned. */
  readonly selection?: string;
  /**
   * Everything that is to be scanned. The consumer awaits between items, so a source may plan as it goes.
   * A problem found while planning is yielded in its place; a target that cannot be opened at all throws ToolError before.
   */
  units(): AsyncIterable<PlannedUnit | KnownContents | Problem>;
  /** Told the result of each unit of this source, in any order. */
  done(unit: Unit, result: UnitResult): void;
  /**
   * Where contents were seen. `contents` are all contents of the run that have detections; the source answers for those it holds.
   * `run` has units read by the pool (the git source reads trees and commits with it).
   */
  locate(contents: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located>;
  /** Repositories that lie inside of the target; known once its units are done. */
  repositories?(): readonly (InnerRepositories | RepositoriesAtHand)[];
}

/** Repositories inside of a target of another kind, which are brought out together: reading the target is what takes long. */
export interface InnerRepositories {
  /** As people call them: `app.tar:app:1.0!app/.git`. */
  readonly names: readonly string[];
  /**
   * Puts what a reader of repositories needs of them into empty folders, one for each name. Gives what could not be had; never throws for what the
   * target holds.
   */
  readonly layOut: (folders: readonly string[]) => Promise<readonly Problem[]>;
}

/** Repositories that a reader of repositories can read where they lie; their names are their paths. */
export interface RepositoriesAtHand {
  readonly atHand: readonly string[];
}

export interface PlannedUnit {
  readonly kind: "planned";
  readonly unit: Unit;
  /** Contents of the unit that have to be scanned, as far as known before it is read. */
  readonly planned: number;
}

/** Contents of the target that need no scan, only sightings: they came before, or an earlier scan knows them. */
export interface KnownContents {
  readonly kind: "known";
  readonly contents: number;
}

export interface Located {
  readonly sightings: readonly Sighting[];
  readonly problems: readonly Problem[];
  /** The images of the target. */
  readonly images?: readonly ImageFacts[];
}

export interface Sighting {
  readonly content: ContentId;
  readonly origin: Origin;
}

/** What a source may know from the rest of the run. */
export interface SourceContext {
  readonly signal: AbortSignal;
  /** True for the first who asks: the content is his to plan. False when it was planned already in this run: then only its sightings matter. */
  readonly claim: (id: ContentId) => boolean;
  /** The same for the id of `idBytes` (20 where it is not told) at `ids[at …]`. */
  readonly claimAt: (ids: Uint8Array, at: number, idBytes?: IdBytes) => boolean;
  /** Hears how many bytes will be planned beside those that are, once that is known: what comes from elsewhere is planned when it has come. */
  readonly expected?: (bytes: number) => void;
  /** Whether a layer of these digests was scanned already: then it can be planned without being there. */
  readonly isLayerKnown?: (digest: string, diffId: string) => boolean;
  /** A first look is wanted: what images tell of themselves, tables of contents, and files that are likely to hold credentials. */
  readonly isTriage?: boolean;
}
