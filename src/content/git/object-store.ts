import { join } from "node:path";
import type { IdBytes } from "../../model/object-id.ts";
import { withAlternates } from "./alternates.ts";
import type { LooseObject } from "./loose.ts";
import { ObjectFinder } from "./object-finder.ts";
import { listFolder, messageOf, readPackFolder, type StoreFault } from "./pack-folder.ts";
import { findInIndex } from "./pack-index.ts";
import { readPackTable, type PackTable } from "./pack-table.ts";
import { append } from "../../model/multimap.ts";

/** Everything that lies in a repository's object folders: its own and those it borrows from. */
export interface ObjectStore {
  readonly idBytes: IdBytes;
  /** The object folders, the repository's own first. */
  readonly folders: readonly string[];
  readonly packs: readonly PackTable[];
  readonly loose: readonly LooseFolder[];
  readonly faults: readonly StoreFault[];
  /** Packs that came from a partial clone: objects are missing on purpose. */
  readonly promised: boolean;
}

export interface LooseFolder {
  readonly objects: string;
  readonly oids: readonly string[];
}

/**
 * Opens an `objects` folder whose ids have so many bytes: reads all pack indexes and entry headers, and lists loose objects. What is damaged is
 * listed, not thrown.
 */
export function openObjectStore(objects: string, idBytes: IdBytes = 20): ObjectStore {
  const packs: PackTable[] = [];
  const loose: LooseFolder[] = [];
  const faults: StoreFault[] = [];
  let promised = false;
  const folders = withAlternates([objects], faults);
  for (const folder of folders) {
    const found = readPackFolder(folder, idBytes, faults, { mayRebuild: true, isChecked: true });
    promised ||= found.promised;
    for (const file of found.packs) {
      try {
        const table = readPackTable(file, folders);
        packs.push(table);
        if (table.fault !== undefined) faults.push({ subject: table.pack, message: table.fault });
      } catch (error) {
        faults.push({ subject: file.pack, message: messageOf(error) });
      }
    }
    loose.push({ objects: folder, oids: listLoose(folder, idBytes, faults) });
  }
  return { idBytes, folders, packs, loose, faults, promised };
}

function listLoose(objects: string, idBytes: IdBytes, faults: StoreFault[]): string[] {
  const oids: string[] = [];
  const digits = 2 * idBytes - 2;
  let others = 0;
  let unfinished = 0;
  for (const prefix of listFolder(objects, faults)) {
    if (prefix.startsWith("tmp_obj")) unfinished++;
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
    for (const rest of listFolder(join(objects, prefix), faults)) {
      if (rest.startsWith("tmp_obj")) unfinished++;
      else if (!/^(?:[0-9a-f]{38}|[0-9a-f]{62})$/.test(rest)) continue;
      else if (rest.length === digits) oids.push(prefix + rest);
      else others++;
    }
  }
  if (others > 0)
    faults.push({
      subject: objects,
      message: `${others} loose objects have ids of another length than this repository`,
    });
  if (unfinished > 0) {
    const message = `${unfinished} loose objects that were not finished (tmp_obj…): git reads nothing of them, and neither was anything scanned`;
    faults.push({ subject: objects, message, isNote: true });
  }
  return oids;
}

/** Reads single objects by id, in any order: for walks over few commits and trees. Large objects are read as a whole. */
export class ObjectReader {
  readonly #store: ObjectStore;
  readonly #looseFolders = new Map<string, string[]>();
  readonly #finder: ObjectFinder;

  constructor(store: ObjectStore) {
    this.#store = store;
    for (const { objects, oids } of store.loose) {
      for (const oid of oids) {
        append(this.#looseFolders, oid, objects);
      }
    }
    const { idBytes, packs } = store;
    this.#finder = new ObjectFinder({ idBytes, packs, loose: (oid) => this.#looseFolders.get(oid) ?? [] });
  }

  has(oid: string): boolean {
    const bytes = Buffer.from(oid, "hex");
    if (bytes.length !== this.#store.idBytes) return false;
    return this.#looseFolders.has(oid) || this.#store.packs.some((pack) => findInIndex(pack.index, bytes, 0) >= 0);
  }

  /** Undefined where there is no such object. Throws Error with a one-line message when no copy of it is whole. */
  read(oid: string): LooseObject | undefined {
    return this.#finder.read(oid);
  }

  close(): void {
    this.#finder[Symbol.dispose]();
  }
}
