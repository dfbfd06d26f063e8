import type { ObjectStore } from "../../content/git/object-store.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { PackTable } from "../../content/git/pack-table.ts";
import type { LooseUnit, PackEntries, PackUnit } from "../../model/unit.ts";

/** Units of this many expanded bytes keep messages rare and the last worker from being late. */
const unitWeight = 8 << 20;
/** A unit whose objects are so small that its weight never counts is cut here. */
const unitEntries = 20_000;
const looseUnitObjects = 256;
/** Most loose objects are small; only progress depends on this. */
const looseWeight = 4096;

/** How the entries of a pack are dealt to units. */
interface Cuts {
  /** The entries of each unit, in their order. */
  readonly units: readonly { readonly entries: Uint32Array; readonly weight: number }[];
  /** Where each entry stands in its unit. All of a family are in one. */
  readonly positions: Int32Array;
  /** 1 for entries that are to be scanned. */
  readonly wanted: Uint8Array;
}

/**
 * Cuts the families of a pack into units. `wants` says which entries are to be scanned; families without any are left out. `storeBytes`: what all packs of
 * the store take. The entries of a unit, some 50 bytes each, are put together when it is asked for.
 */
export function planPack(
  target: string,
  table: PackTable,
  wants: (entry: number) => boolean,
  storeBytes = bytesOfPacks([table]),
): Iterable<PackUnit> {
  const cuts = cutPack(table, wants);
  return {
    *[Symbol.iterator]() {
      for (const { entries, weight } of cuts.units) {
        const unit = extract(table, entries, cuts, storeBytes);
        yield { kind: "pack", target, weight, pack: table.pack, folders: table.folders, entries: unit };
      }
    },
  };
}

function cutPack(table: PackTable, wants: (entry: number) => boolean): Cuts {
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

  const families = familiesOf(root, familyWanted);
  const units: { entries: Uint32Array; weight: number }[] = [];
  const positions = new Int32Array(count).fill(-1);
  let batch: number[] = [];
  let weight = 0;
  const flush = (): void => {
    if (batch.length === 0) return;
    const entries = Uint32Array.from(batch).sort();
    for (let i = 0; i < entries.length; i++) positions[entries[i]!] = i;
    units.push({ entries, weight });
    batch = [];
    weight = 0;
  };
  for (const first of families.firsts) {
    for (let entry = first; entry >= 0; entry = families.next[entry]!) batch.push(entry);
    weight += familyWeight[root[first]!]!;
    if (weight >= unitWeight || batch.length >= unitEntries) flush();
  }
  flush();
  // The heaviest first: what is left at the end is then small enough to share evenly.
  return { units: units.sort((a, b) => b.weight - a.weight), positions, wanted };
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

/** The first entries of families with anything wanted, ascending, and for each entry the next one of its family; -1: none. */
function familiesOf(root: Int32Array, familyWanted: Uint8Array): { firsts: Uint32Array; next: Int32Array } {
  const next = new Int32Array(root.length).fill(-1);
  const following = new Int32Array(root.length).fill(-1);
  let families = 0;
  // From behind, so that each entry meets the next one of its family.
  for (let entry = root.length - 1; entry >= 0; entry--) {
    const family = root[entry]!;
    if (family < 0 || familyWanted[family] === 0) continue;
    if (following[family]! < 0) families++;
    next[entry] = following[family]!;
    following[family] = entry;
  }
  const firsts = new Uint32Array(families);
  let at = 0;
  for (const first of following) if (first >= 0) firsts[at++] = first;
  return { firsts: firsts.sort(), next };
}

/** What packs take on the disk, as far as entries go. */
export function bytesOfPacks(packs: readonly PackTable[]): number {
  return packs.reduce((sum, { count, endOf }) => sum + (count === 0 ? 0 : endOf(count - 1)), 0);
}

function extract(
  table: PackTable,
  list: Uint32Array,
  { positions, wanted }: Pick<Cuts, "positions" | "wanted">,
  storeBytes: number,
): PackEntries {
  const count = list.length;
  const { idBytes, oids, sums } = table.index;
  const entries = {
    count,
    idBytes,
    oids: new Uint8Array(count * idBytes),
    offsets: new Float64Array(count),
    ends: new Float64Array(count),
    sizes: new Float64Array(count),
    parents: new Int32Array(count),
    types: new Uint8Array(count),
    wanted: new Uint8Array(count),
  };
  const ownSums = sums === undefined ? undefined : new Uint32Array(count);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const entry = list[i]!;
    const inIndex = table.inIndex[entry]!;
    if (ownSums !== undefined) ownSums[i] = sums![inIndex]!;
    for (let byte = 0; byte < idBytes; byte++) entries.oids[i * idBytes + byte] = oids[inIndex * idBytes + byte]!;
    entries.offsets[i] = table.offsetOf(entry);
    entries.ends[i] = table.endOf(entry);
    entries.sizes[i] = table.sizes[entry]!;
    entries.types[i] = table.types[entry]!;
    entries.wanted[i] = wanted[entry]!;
    const parent = table.parents[entry]!;
    entries.parents[i] = parent < 0 ? -1 : positions[parent]!;
    bytes += entries.ends[i]! - entries.offsets[i]!;
  }
  const share = bytes / Math.max(1, storeBytes);
  return { ...entries, share, ...(ownSums === undefined ? {} : { sums: ownSums }) };
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
