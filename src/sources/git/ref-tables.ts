import { join } from "node:path";
import { messageOf, type StoreFault } from "../../content/git/pack-folder.ts";
import { readFileIfThere } from "../../content/whole-file.ts";
import { readReftable, type LogEntry, type TableRef } from "./reftable.ts";

/** What a stack of reftables says: names that were deleted are left out. */
export interface RefTables {
  readonly refs: ReadonlyMap<string, TableRef>;
  /** Log entries of each name, the oldest first. */
  readonly logs: ReadonlyMap<string, readonly LogEntry[]>;
}

/** git keeps a handful, each at least twice as large as the next. */
const maxTables = 10_000;
/** A name takes some forty bytes. */
const maxListBytes = 1 << 20;
/** A million refs take some 60 MB. */
const maxTableBytes = 2 ** 30;

/**
 * Reads the stack of tables in `<folder>/reftable` (git, Documentation/technical/reftable, "Update transactions"): what `tables.list` names, the
 * later table before the earlier. Undefined where there is none. What cannot be read is listed in `faults`.
 */
export function readRefTables(folder: string, faults: StoreFault[]): RefTables | undefined {
  const list = join(folder, "reftable", "tables.list");
  let names: string[];
  try {
    const bytes = readFileIfThere(list, maxListBytes);
    if (bytes === undefined) return undefined;
    names = bytes
      .toString("utf8")
      .split("\n")
      .filter((name) => name !== "");
  } catch (error) {
    faults.push({ subject: list, message: `the list of reftables is not read: ${messageOf(error)}` });
    return undefined;
  }
  if (names.length > maxTables)
    faults.push({ subject: list, message: `names ${names.length} tables; ${maxTables} are read` });
  const refs = new Map<string, TableRef>();
  const logs = new Map<string, Map<string, LogEntry>>();
  for (const name of names.slice(0, maxTables)) {
    const path = join(folder, "reftable", name);
    try {
      // A name is no way to another folder.
      if (!/^[\w.-]+$/.test(name)) throw new Error("is not a name of a reftable");
      const bytes = readFileIfThere(path, maxTableBytes);
      if (bytes === undefined) throw new Error("reftable is missing");
      const table = readReftable(bytes);
      if (table.fault !== undefined) faults.push({ subject: path, message: table.fault });
      for (const ref of table.refs) refs.set(ref.name, ref);
      for (const { name: ref, order, entry } of table.logs) {
        const entries = logs.get(ref) ?? new Map<string, LogEntry>();
        logs.set(ref, entries);
        if (entry === undefined) entries.delete(order);
        else entries.set(order, entry);
      }
    } catch (error) {
      faults.push({ subject: path, message: messageOf(error) });
    }
  }
  for (const [name, entries] of logs) if (entries.size === 0) logs.delete(name);
  for (const [name, { oid, target }] of refs) if (oid === undefined && target === undefined) refs.delete(name);
  return { refs, logs: new Map([...logs].map(([name, entries]) => [name, oldestFirst(entries)])) };
}

function oldestFirst(entries: ReadonlyMap<string, LogEntry>): LogEntry[] {
  return [...entries].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, entry]) => entry);
}
