import { bytesInMemory } from "../../content/containers/index.ts";
import type { ResultBuilder } from "../result.ts";
import type { Task } from "../task.ts";
import { EntryScanner } from "./entries.ts";

/** A file of a layer whose bytes another worker has read. */
export interface HeldFile {
  /** Its path and number in its layer. */
  readonly place: string;
  readonly entry: number;
  /** Its number among the contents of the layer, for whom to blame. */
  readonly ordinal: number;
  /** In shared memory: who gave it may have to scan it after all. */
  readonly bytes: Uint8Array;
}

/**
 * Files of a layer that take long to scan: an archive, or many small ones. It is no unit of a source: workers give such to each other, so that all of them have something to do while one
 * layer is read.
 */
export interface HeldUnit {
  readonly kind: "held";
  readonly target: string;
  readonly weight: number;
  readonly files: readonly HeldFile[];
}

/** Scans files that were given away, as the worker that reads their layer would have done it. */
export function scanHeld({ files }: HeldUnit, task: Task, out: ResultBuilder): void {
  // What was read is counted where it was read.
  const { detector, recogniser, listsClean, archiveDepth, members } = task;
  let blamed = 0;
  const quiet: Task = {
    ...{ detector, recogniser, listsClean, archiveDepth },
    ...(members === undefined ? {} : { members }),
    begin: () => task.begin(blamed),
    inside: (count) => task.inside(count),
    advance: () => task.inside(0),
    cancelled: () => task.cancelled(),
  };
  const scanner = new EntryScanner(quiet, out, true);
  out.digests = () => scanner.digests();
  for (const { place, entry, ordinal, bytes } of files) {
    out.entry = entry;
    blamed = ordinal;
    scanner.begin(place, bytes.length, { whole: bytesInMemory(bytes) });
    scanner.push(bytes);
    scanner.end();
  }
}
