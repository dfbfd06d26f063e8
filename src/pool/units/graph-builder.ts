import { readLinks } from "../../content/git/commit-links.ts";
import { IdSet } from "../../model/id-set.ts";
import { NumberList } from "../../model/number-list.ts";
import type { Copies, ScanResult } from "../../detect/index.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { SortedIds } from "../../model/sorted-ids.ts";
import { entryForms, type EntryReading, type GraphReading } from "../../model/unit.ts";
import { IdList } from "./id-list.ts";
import type { NamedResult, NameScanner } from "./name-scan.ts";

/** What a tree entry's mode says of its kind (git-fast-import, "mode"); in octal digits, as it is written. */
const kinds = { subtree: 0o40000, symlink: 0o120000, submodule: 0o160000, mask: 0o170000 } as const;
/** A mode has no more digits; git writes five or six. */
const longestMode = 12;
/** Bytes of the shortest entry, beside its id. */
const leastEntry = 2;
/** Trees smaller than this share no stretch that the kernel tells of. */
const leastInherited = 256;

/** What is remembered of a tree for the trees that are made from it. */
export interface ReadTree {
  /** Where each of its entries begins, and where the last one ends. */
  readonly starts: Uint32Array;
  /** Numbers of the entries of which something was noted. */
  readonly noted: Uint32Array;
}

/** Where an object lies. */
export interface Place {
  /** Asked anew after each scan of a name: the memory may have moved. */
  readonly memory: { readonly bytes: Buffer };
  readonly at: number;
  readonly length: number;
}

/** What a builder may ask of the thread that it works in. */
export interface Surroundings {
  /** Contents looked for. */
  readonly wanted: IdSet;
  /** All objects of the store. */
  readonly present: SortedIds;
  readonly names: NameScanner;
  /** Scans the name of an entry of the tree that is read now. */
  readonly scan: (name: Buffer) => ScanResult;
  /** Told once for each name that has something to tell. */
  readonly named: (found: NamedResult) => void;
}

/** Entries of trees that are to be told. */
class EntryList {
  readonly #trees: IdList;
  readonly #ids: IdList;
  readonly #names = new NumberList();
  readonly #forms: number[] = [];

  constructor(idBytes: IdBytes) {
    this.#trees = new IdList(idBytes);
    this.#ids = new IdList(idBytes);
  }

  push(tree: Uint8Array, id: Uint8Array, at: number, name: number, form: number): void {
    this.#trees.push(tree, 0);
    this.#ids.push(id, at);
    this.#names.push(name);
    this.#forms.push(form);
  }

  take(): EntryReading {
    return {
      trees: this.#trees.take(),
      ids: this.#ids.take(),
      names: this.#names.take().slice(),
      forms: Uint8Array.from(this.#forms),
    };
  }
}

/** Collects what trees, commits and tags say, in compact form. */
export class GraphBuilder {
  readonly #around: Surroundings;
  readonly #idBytes: IdBytes;
  readonly #commitIds: IdList;
  readonly #commitTrees: IdList;
  readonly #parentIds: IdList;
  readonly #tagIds: IdList;
  readonly #tagTargets: IdList;
  readonly #treeIds: IdList;
  /** Trees in trees: the same ones stand in one version after the other. */
  readonly #childIds: IdSet;
  readonly #children = new NumberList();
  readonly #childNames = new NumberList();
  readonly #hits: EntryList;
  readonly #files: IdList;
  readonly #missing: EntryList;
  readonly #links: EntryList;
  readonly #times: number[] = [];
  readonly #parentFirst: number[] = [0];
  readonly #childFirst: number[] = [0];
  readonly #names: string[] = [];
  readonly #nameAt = new Map<number, number>();
  readonly #linkNames = new Set<number>();
  readonly #told = new Set<string>();
  /** Room for where the entries of a tree begin. */
  #starts = new Uint32Array(1024);
  /** Of the entry read last: whether something of it was noted. */
  #noted = false;

  constructor(around: Surroundings) {
    this.#around = around;
    const { idBytes } = around.present;
    this.#idBytes = idBytes;
    this.#commitIds = new IdList(idBytes);
    this.#commitTrees = new IdList(idBytes);
    this.#parentIds = new IdList(idBytes);
    this.#tagIds = new IdList(idBytes);
    this.#tagTargets = new IdList(idBytes);
    this.#treeIds = new IdList(idBytes);
    this.#childIds = new IdSet(idBytes);
    this.#hits = new EntryList(idBytes);
    this.#files = new IdList(idBytes);
    this.#missing = new EntryList(idBytes);
    this.#links = new EntryList(idBytes);
  }

  /** Adds a commit. `bytes` may be overwritten afterwards. */
  commit(id: Uint8Array, bytes: Buffer): void {
    const idBytes = this.#idBytes;
    const links = readLinks(bytes, idBytes);
    if (links === undefined) return;
    this.#commitIds.push(id, 0);
    this.#commitTrees.push(links.tree, 0);
    // No tree names it: it stands for itself.
    if (!this.#around.present.has(links.tree, 0))
      this.#missing.push(links.tree, links.tree, 0, this.#text(""), entryForms.file);
    for (let at = 0; at < links.parents.length; at += idBytes) this.#parentIds.push(links.parents, at);
    this.#parentFirst.push(this.#parentIds.count);
    this.#times.push(links.time);
  }

  /** Adds an annotated tag. */
  tag(id: Uint8Array, bytes: Buffer): void {
    const target = /^object ([0-9a-f]+)\n/.exec(bytes.toString("latin1", 0, 72))?.[1];
    if (target?.length !== 2 * this.#idBytes) return;
    this.#tagIds.push(id, 0);
    this.#tagTargets.push(Buffer.from(target, "hex"), 0);
  }

  /**
   * Adds a tree. Entries in stretches that it shares with the tree it is made from (`copies`, ascending) are taken over: only what changed is
   * looked at. Gives what trees made from it need.
   */
  tree(id: Uint8Array, place: Place, base: ReadTree | undefined, copies: Copies): ReadTree | undefined {
    // An entry has a mode, a blank, an end of its name and an id.
    const most = Math.ceil(place.length / (leastEntry + this.#idBytes)) + 1;
    if (this.#starts.length < most) this.#starts = new Uint32Array(most * 2);
    const starts = this.#starts;
    const noted: number[] = [];
    const before = this.#children.length;
    let count = 0;
    let at = 0;
    let copy = 0;
    while (at < place.length) {
      while (copy < copies.length && at >= copies[copy]! + copies[copy + 2]!) copy += 3;
      if (base !== undefined && copy < copies.length && at >= copies[copy]!) {
        const shift = copies[copy + 1]! - copies[copy]!;
        const from = find(base.starts, at + shift);
        const to = from < 0 ? from : lastUpTo(base.starts, copies[copy + 1]! + copies[copy + 2]!);
        if (to > from) {
          for (let i = atLeast(base.noted, from); i < base.noted.length && base.noted[i]! < to; i++) {
            this.#entry(id, place, base.starts[base.noted[i]!]! - shift);
            noted.push(base.noted[i]! - from + count);
          }
          for (let i = from; i < to; i++) starts[count++] = base.starts[i]! - shift;
          at = base.starts[to]! - shift;
          continue;
        }
      }
      const end = this.#entry(id, place, at);
      if (end < 0) break;
      if (this.#noted) noted.push(count);
      starts[count++] = at;
      at = end;
    }
    if (this.#children.length > before) {
      this.#treeIds.push(id, 0);
      this.#childFirst.push(this.#children.length);
    }
    if (place.length < leastInherited) return undefined;
    starts[count] = at;
    return { starts: starts.slice(0, count + 1), noted: Uint32Array.from(noted) };
  }

  /** Entries of a tree are `<mode> <name>\0<id>`. Gives where the entry ends, or -1 where it is damaged. */
  #entry(tree: Uint8Array, place: Place, start: number): number {
    const idBytes = this.#idBytes;
    let { bytes } = place.memory;
    const limit = place.at + place.length;
    let at = place.at + start;
    let mode = 0;
    for (const last = Math.min(limit, at + longestMode); ; at++) {
      if (at >= last) return -1;
      const byte = bytes[at]!;
      if (byte === 0x20) break;
      mode = mode * 8 + (byte & 7);
    }
    const name = at + 1;
    let end = name;
    while (end < limit && bytes[end] !== 0) end++;
    if (end + 1 + idBytes > limit) return -1;
    const number = this.#around.names.look(bytes, name, end, this.#around.scan);
    const { found, isTelling } = this.#around.names;
    // A scan may have moved the memory.
    ({ bytes } = place.memory);
    const object = end + 1;
    const kind = mode & kinds.mask;
    this.#noted = false;
    const text = (): number => this.#name(number, bytes, name, end);
    if (found !== undefined) this.#named(tree, found, text());
    if (kind === kinds.submodule) {
      this.#link(tree, bytes, object, text());
      return object + idBytes - place.at;
    }
    const isPresent = this.#around.present.has(bytes, object);
    if (!isPresent) {
      this.#noted = true;
      this.#missing.push(tree, bytes, object, text(), entryForms.file);
    }
    if (kind === kinds.subtree) {
      this.#noted = true;
      this.#children.push(this.#childIds.number(bytes, object));
      this.#childNames.push(text());
      return object + idBytes - place.at;
    }
    const isAsked = isTelling && isPresent && kind !== kinds.symlink;
    if (isAsked || (this.#around.wanted.size > 0 && this.#around.wanted.has(bytes, object))) {
      this.#noted = true;
      const form = kind === kinds.symlink ? entryForms.symlink : entryForms.file;
      this.#hits.push(tree, bytes, object, text(), form);
      if (isAsked) this.#files.push(bytes, object);
    }
    return object + idBytes - place.at;
  }

  #named(tree: Uint8Array, found: NamedResult, name: number): void {
    this.#noted = true;
    if (found.result.detections.length > 0) this.#hits.push(tree, found.id, 0, name, entryForms.name);
    if (this.#told.has(found.content)) return;
    this.#told.add(found.content);
    this.#around.named(found);
  }

  #link(tree: Uint8Array, bytes: Uint8Array, at: number, name: number): void {
    if (this.#linkNames.has(name)) return;
    this.#linkNames.add(name);
    this.#links.push(tree, bytes, at, name, entryForms.file);
  }

  /** Where a name stands in the list of names that goes along. */
  #name(number: number, bytes: Buffer, from: number, to: number): number {
    if (number < 0) return this.#text(bytes.toString("utf8", from, to));
    let at = this.#nameAt.get(number);
    if (at === undefined) this.#nameAt.set(number, (at = this.#text(bytes.toString("utf8", from, to))));
    return at;
  }

  #text(name: string): number {
    return this.#names.push(name) - 1;
  }

  reading(): GraphReading {
    return {
      idBytes: this.#idBytes,
      commitIds: this.#commitIds.take(),
      commitTrees: this.#commitTrees.take(),
      commitTimes: Float64Array.from(this.#times),
      parentFirst: Uint32Array.from(this.#parentFirst),
      parentIds: this.#parentIds.take(),
      tagIds: this.#tagIds.take(),
      tagTargets: this.#tagTargets.take(),
      treeIds: this.#treeIds.take(),
      childFirst: Uint32Array.from(this.#childFirst),
      children: this.#children.take().slice(),
      childIds: this.#childIds.ids(),
      childNames: this.#childNames.take().slice(),
      hits: this.#hits.take(),
      files: this.#files.take(),
      missing: this.#missing.take(),
      links: this.#links.take(),
      names: this.#names,
    };
  }
}

/** Position of a value in an ascending list, or -1. */
function find(list: Uint32Array, value: number): number {
  const at = atLeast(list, value);
  return list[at] === value ? at : -1;
}

/** Position of the last value that is not above `value`. */
function lastUpTo(list: Uint32Array, value: number): number {
  return atLeast(list, value + 1) - 1;
}

/** Position of the first value that is not below `value`. */
function atLeast(list: Uint32Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
