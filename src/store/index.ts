/**
 * store: what scans leave behind for later ones, in one SQLite file in the user's cache folder: which contents were clean under which rules, and what
 * became of whole targets that have not changed. In go ids, sizes, counts, places, and sealed documents of registries in which nothing was found; never a secret, and nothing from which one could be computed.
 * Loaded by scans that are large enough to gain by it. It knows no sources, no threads and no reports.
 */
export { cacheFolder } from "./place.ts";
export { clearFolder, Store, storedBytes, type StoredEntry } from "./store.ts";
export { DocumentMemory } from "./document-memory.ts";
export { folderIdentity, readState, type FolderState } from "./folder-state.ts";
export { CommittedFiles } from "./committed.ts";
export { GraphMemory } from "./graph-memory.ts";
export { rulesOf } from "./rule-marks.ts";
export { keyOf } from "./seal.ts";
export { Known } from "./known.ts";
export { Proved } from "./proved.ts";
export { proveLayer, readLayerRecord, writeLayerRecord, type LayerRecord } from "./layer-record.ts";
export { Segment } from "./segment.ts";
export { readSnapshot, writeSnapshot, type Snapshot } from "./snapshot.ts";
