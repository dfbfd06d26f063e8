import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { openWithoutWaiting } from "../regular-file.ts";
import { listFolder } from "./pack-folder.ts";

/** Ids begin here in an index of version 2 (gitformat-pack); one of version 1 is not asked. */
const idsAt = 8 + 1024;
const idBytes = 20;
/** Packs that are asked; a repository with more is gathered by git itself. */
const mostPacks = 256;

/**
 * The least ids of packed objects in some `objects` folders, the first 20 bytes of each, as the indexes claim them. Clones of one repository have most objects in
 * common, so most of these: they tell which repositories belong together, and nothing else should be believed of them.
 */
export function leastIds(folders: readonly string[], count: number): Uint8Array[] {
  const ids = folders.flatMap((folder) =>
    listFolder(join(folder, "pack"), [])
      .filter((name) => name.endsWith(".idx"))
      .slice(0, mostPacks)
      .flatMap((name) => firstIds(join(folder, "pack", name), count)),
  );
  const unique = new Map(ids.map((id) => [Buffer.from(id).toString("hex"), id]));
  return [...unique]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, id]) => id);
}

function firstIds(path: string, count: number): Uint8Array[] {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, openWithoutWaiting);
    const bytes = new Uint8Array(idsAt + count * idBytes);
    const read = readSync(descriptor, bytes, 0, bytes.length, 0);
    const view = new DataView(bytes.buffer);
    if (read < idsAt || view.getUint32(0) !== 0xff744f63) return [];
    const held = Math.min(count, view.getUint32(idsAt - 4), Math.floor((read - idsAt) / idBytes));
    return Array.from({ length: held }, (_, i) => bytes.slice(idsAt + i * idBytes, idsAt + (i + 1) * idBytes));
  } catch {
    return [];
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
