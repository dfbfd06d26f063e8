import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { IdBytes } from "../../model/object-id.ts";
import { readFileIfThere } from "../whole-file.ts";
import { readMultiPackIndex, type MultiPackIndex } from "./multi-pack-index.ts";
import { readPackIndex, type PackIndex } from "./pack-index.ts";
import { rebuildIndex } from "./pack-rebuild.ts";
import { packCount } from "./pack-table.ts";

/** A pack, and where its objects lie in it. */
export interface PackFile {
  readonly pack: string;
  readonly index: PackIndex;
}

/** What could not be read: a path, and why. A note says what was done where nothing is lost. */
export interface StoreFault {
  readonly subject: string;
  readonly message: string;
  readonly isNote?: boolean;
}

export interface PackFolder {
  readonly packs: readonly PackFile[];
  /** Some packs came from a partial clone: objects are missing on purpose. */
  readonly promised: boolean;
}

/**
 * Reads the indexes of all packs in `objects/pack`: each pack's own; where that is gone or damaged, what a multi-pack-index knows of it; else the
 * pack is read from front to back. `.keep`, `.rev`, `.bitmap` and `.mtimes` (cruft packs) change nothing of what a pack holds. Packs whose writing broke
 * off (`tmp_pack_…`) are nothing to git and lie there for weeks: they are read as far as they go. Other leftovers (`tmp_idx_…`) are counted in a note. Without
 * `mayRebuild` no pack is read.
 * `isChecked`: indexes count only when the hash at their end is right.
 */
export function readPackFolder(
  objects: string,
  idBytes: IdBytes,
  faults: StoreFault[],
  { mayRebuild, isChecked }: { readonly mayRebuild: boolean; readonly isChecked: boolean },
): PackFolder {
  const folder = join(objects, "pack");
  const names = listFolder(folder, faults);
  const isThere = new Set(names);
  const multi = readMultiPackIndexes(folder, idBytes, isThere, faults);
  const packs: PackFile[] = [];
  for (const name of names.filter((name) => /\.(?:idx|pack)$/.test(name))) {
    const stem = name.replace(/\.[a-z]+$/, "");
    const pack = join(folder, `${stem}.pack`);
    const own = join(folder, `${stem}.idx`);
    // A pack and its index are looked at together, in the place of the index.
    if (name.endsWith(".pack") && isThere.has(`${stem}.idx`)) continue;
    if (!isThere.has(`${stem}.pack`)) {
      faults.push({ subject: own, message: `${stem}.pack is missing` });
      continue;
    }
    let why = "has no index";
    if (name.endsWith(".idx")) {
      try {
        packs.push({ pack, index: readPackIndex(own, idBytes, isChecked) });
        continue;
      } catch (error) {
        why = messageOf(error);
      }
    }
    const known = fromMultiPackIndex(`${stem}.pack`, pack, multi);
    const index = known ?? (mayRebuild ? rebuilt(pack, why, own, idBytes, faults) : undefined);
    if (index !== undefined) packs.push({ pack, index });
  }
  const begun = names.filter((name) => mayRebuild && isBegun(name, join(folder, name)));
  for (const name of begun) {
    const pack = join(folder, name);
    const index = rebuilt(pack, "was not written to its end", pack, idBytes, faults);
    if (index !== undefined && index.count > 0) packs.push({ pack, index });
  }
  noteLeftovers(
    folder,
    names.filter((name) => !begun.includes(name)),
    faults,
  );
  return { packs, promised: names.some((name) => name.endsWith(".promisor")) };
}

/** `multi-pack-index`, and those of `multi-pack-index.d/multi-pack-index-chain`. Packs that they name and that are not there are faults. */
function readMultiPackIndexes(
  folder: string,
  idBytes: IdBytes,
  isThere: ReadonlySet<string>,
  faults: StoreFault[],
): MultiPackIndex[] {
  const paths: string[] = [];
  if (isThere.has("multi-pack-index")) paths.push(join(folder, "multi-pack-index"));
  const chain = join(folder, "multi-pack-index.d", "multi-pack-index-chain");
  try {
    const text = isThere.has("multi-pack-index.d") ? readFileIfThere(chain, maxChainBytes)?.toString("latin1") : "";
    for (const line of text?.split("\n") ?? [])
      if (/^[0-9a-f]+$/.test(line)) paths.push(join(folder, "multi-pack-index.d", `multi-pack-index-${line}.midx`));
  } catch (error) {
    faults.push({ subject: chain, message: `${messageOf(error)}; packs are read without it`, isNote: true });
  }
  return paths.flatMap((path) => {
    try {
      const multi = readMultiPackIndex(path, idBytes);
      for (const name of multi.packs)
        if (!isThere.has(name)) faults.push({ subject: path, message: `names ${name}, which is not there` });
      return [multi];
    } catch (error) {
      // Nothing is lost by it where the packs have indexes of their own; where they have none, that is told of the pack.
      faults.push({ subject: path, message: `${messageOf(error)}; packs are read without it`, isNote: true });
      return [];
    }
  });
}

/** git writes a handful of ids; here is room for a thousand. */
const maxChainBytes = 1 << 16;

/** Only where it knows all objects of the pack: those that it gives to other packs may be what deltas are built on. */
function fromMultiPackIndex(name: string, pack: string, multi: readonly MultiPackIndex[]): PackIndex | undefined {
  for (const { packs, indexOf } of multi) {
    const at = packs.indexOf(name);
    if (at < 0) continue;
    try {
      const index = indexOf(at);
      if (index.count === packCount(pack)) return index;
    } catch {
      // The pack itself tells.
    }
  }
  return undefined;
}

function rebuilt(
  pack: string,
  why: string,
  own: string,
  idBytes: IdBytes,
  faults: StoreFault[],
): PackIndex | undefined {
  try {
    const { index, fault } = rebuildIndex(pack, idBytes);
    const isWhole = fault === undefined;
    const message = isWhole ? `${why}: it was read from front to back` : `${why}, and ${fault}`;
    faults.push({ subject: existsSync(own) ? own : pack, message, isNote: isWhole });
    return index;
  } catch (error) {
    faults.push({ subject: existsSync(own) ? own : pack, message: `${why}, and the pack ${messageOf(error)}` });
    return undefined;
  }
}

/** Whether a leftover begins as a pack that has objects. */
function isBegun(name: string, path: string): boolean {
  if (!name.startsWith("tmp_pack_")) return false;
  try {
    return packCount(path) > 0;
  } catch {
    return false;
  }
}

function noteLeftovers(folder: string, names: readonly string[], faults: StoreFault[]): void {
  const left = names.filter((name) => /^\.?tmp[-_]/.test(name)).length;
  if (left === 0) return;
  const message = `${left} files of writes that broke off (tmp_…): git reads nothing of them, and neither was anything scanned`;
  faults.push({ subject: folder, message, isNote: true });
}

/** A folder that is not there holds nothing; one that cannot be listed may hold anything. */
export function listFolder(folder: string, faults: StoreFault[]): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    // What `readdir` throws carries a code.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") faults.push({ subject: folder, message: `folder cannot be listed (${code ?? "unknown"})` });
    return [];
  }
}

/** The first line of what an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split("\n", 1)[0]! : "cannot be read";
}
