import type { ObjectStore } from "../../content/git/object-store.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { PackTable } from "../../content/git/pack-table.ts";
import type { LooseUnit, PackEntries, PackUnit } from "../../model/unit.ts";
import { append } from "../../model/multimap.ts";

/** Units of this many expanded bytes keep messages rare and the last worker from being late. */
const unitWeight = 8 << 20;
/** A unit whose objects are so small that its weight never counts is cut here. */
const unitEntries = 20_000;
const looseUnitObjects = 256;
/** Most loose objects are small; only progress depends on this. */
const looseWeight = 4096;

/**
 * Cuts the families of a pack into units. `wants` says which entries are to be scanned; families without any are left out. `storeBytes`: what all packs of
 * the store take.
 */
export function planPack(
  target: string,
  table: PackTable,
  wants: (entry: number) => boolean,
  storeBytes = bytesOfPacks([table]),
): PackUnit[] {
  const { count, parents, sizes, types } = table;
  const root = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) rootOf(i, parents, root);
  const wanted = new Uint8Array(count);
  const familyWanted = new Uint8Array(count);
  const familyWeight = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const family = root[i]!;
    if (family < 0 || types[i] === 0) continue;
    // A delta makes an object about as large as the one it is built on.
    familyWeight[family]! += sizes[family]!;
    if (!wants(i)) continue;
    wanted[i] = 1;
    familyWanted[family] = 1;
  }

  const members = groupByRoot(root, familyWanted);
  const units: PackUnit[] = [];
  let batch: number[] = [];
  let weight = 0;
  const flush = (): void => {
    if (batch.length === 0) return;
    const entries = extract(
      table,
      batch.sort((a, b) => a - b),
      wanted,
      storeBytes,
    );
    units.push({ kind: "pack", target, weight, pack: table.pack, folders: table.folders, entries });
    batch = [];
    weight = 0;
  };
  for (const [family, entries] of members) {
    for (const entry of entries) batch.push(entry);
    weight += familyWeight[family]!;
    if (weight >= unitWeight || batch.length >= unitEntries) flush();
  }
  flush();
  // The heaviest first: what is left at the end is then small enough to share evenly.
  return units.sort((a, b) => b.weight - a.weight);
}

/** Follows deltas to the full object; -1 when the chain leaves the pack or runs in a circle. */
function rootOf(entry: number, parents: Int32Array, root: Int32Array): void {
  const chain: number[] = [];
  let at = entry;
  while (root[at] === -1 && parents[at]! >= 0 && chain.length <= parents.length) {
    chain.push(at);
    at = parents[at]!;
  }
  const found = root[at]! >= 0 ? root[at]! : parents[at] === -1 ? at : -2;
  root[at] = found;
  for (const member of chain) root[member] = found;
}

function groupByRoot(root: Int32Array, familyWanted: Uint8Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  root.forEach((family, entry) => {
    if (family < 0 || familyWanted[family] === 0) return;
    append(members, family, entry);
  });
  return members;
}

/** What packs take on the disk, as far as entries go. */
export function bytesOfPacks(packs: readonly PackTable[]): number {
  return packs.reduce((sum, { ends }) => sum + (ends.at(-1) ?? 0), 0);
}

function extract(table: PackTable, list: readonly number[], wanted: Uint8Array, storeBytes: number): PackEntries {
  const count = list.length;
  const { idBytes } = table.index;
  const entries: PackEntries = {
    count,
    idBytes,
    oids: new Uint8Array(count * idBytes),
    offsets: new Float64Array(count),
    ends: new Float64Array(count),
    sizes: new Float64Array(count),
    parents: new Int32Array(count).fill(-1),
    types: new Uint8Array(count),
    wanted: new Uint8Array(count),
    share: list.reduce((sum, i) => sum + table.ends[i]! - table.offsets[i]!, 0) / Math.max(1, storeBytes),
    ...(table.index.sums === undefined ? {} : { sums: new Uint32Array(count) }),
  };
  const local = new Map<number, number>();
  list.forEach((entry, i) => local.set(entry, i));
  list.forEach((entry, i) => {
    const at = table.inIndex[entry]! * idBytes;
    if (entries.sums !== undefined) entries.sums[i] = table.index.sums![table.inIndex[entry]!]!;
    entries.oids.set(table.index.oids.subarray(at, at + idBytes), i * idBytes);
    entries.offsets[i] = table.offsets[entry]!;
    entries.ends[i] = table.ends[entry]!;
    entries.sizes[i] = table.sizes[entry]!;
    entries.types[i] = table.types[entry]!;
    entries.wanted[i] = wanted[entry]!;
    const parent = table.parents[entry]!;
    if (parent >= 0) entries.parents[i] = local.get(parent) ?? -1;
  });
  return entries;
}

/** Cuts loose objects into units. */
export function planLoose(
  target: string,
  { loose, folders }: Pick<ObjectStore, "loose" | "folders">,
  wants: (oid: string) => boolean,
): LooseUnit[] {
  return loose.flatMap(({ objects, oids }) => cutLoose(target, objects, folders, oids.filter(wants)));
}

/**
 * Units for the entries of packs that belong to no family: their headers are damaged, or they are built on what is not in the pack. Each is looked
 * for by its id, in every place where it may lie.
 */
export function planStrays(
  target: string,
  { packs, folders }: Pick<ObjectStore, "packs" | "folders">,
  wants: (oid: string) => boolean,
): LooseUnit[] {
  const oids = packs.flatMap((table) => strays(table)).filter(wants);
  return oids.length === 0 ? [] : cutLoose(target, folders[0]!, folders, oids);
}

function strays({ count, types, index, inIndex }: PackTable): string[] {
  const oids: string[] = [];
  const { idBytes } = index;
  for (let i = 0; i < count; i++) {
    if (types[i] !== 0) continue;
    const at = inIndex[i]! * idBytes;
    oids.push(Buffer.from(index.oids.subarray(at, at + idBytes)).toString("hex"));
  }
  return oids;
}

function cutLoose(target: string, objects: string, folders: readonly string[], oids: readonly string[]): LooseUnit[] {
  const units: LooseUnit[] = [];
  for (let at = 0; at < oids.length; at += looseUnitObjects) {
    const part = oids.slice(at, at + looseUnitObjects);
    units.push({ kind: "loose", target, weight: part.length * looseWeight, objects, folders, oids: part });
  }
  return units;
}

/** Whether objects of this type are contents; trees hold names and ids. */
export function isContent(type: number): boolean {
  return type === objectTypes.blob || type === objectTypes.commit || type === objectTypes.tag;
}
