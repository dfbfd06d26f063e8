import { isLaterVolume } from "../../content/containers/index.ts";
import { readLooseUnless, type LooseObject } from "../../content/git/loose.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors } from "../../detect/index.ts";
import { IdSet } from "../../model/id-set.ts";
import { SortedIds } from "../../model/sorted-ids.ts";
import type { GraphUnit, LooseUnit, PackUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { brokenRoots, OtherCopies } from "./other-copies.ts";
import { systemFault } from "./system-fault.ts";
import { GraphBuilder, type ReadTree } from "./graph-builder.ts";
import { NameScanner } from "./name-scan.ts";

/** One a thread: most names stand in thousands of trees. */
let names: NameScanner | undefined;
/** Names are scanned behind the object that is read, at addresses like those of objects. */
const alignment = 64;
const none = new Uint32Array(0);

/** Reads trees, commits and tags, tells how they hang together and which trees hold wanted contents, and scans the names in trees. */
export function readGraph(unit: GraphUnit, task: Task, out: ResultBuilder): void {
  const { idBytes } = unit.present;
  const wanted = new IdSet(idBytes);
  for (let at = 0; at < unit.wanted.length; at += idBytes) wanted.add(unit.wanted, at);
  const { kernel } = task.detector;
  /** Where memory is free while a tree is read. */
  const free = { at: kernel.arena };
  const builder = new GraphBuilder({
    wanted,
    present: new SortedIds(unit.present),
    names: (names ??= new NameScanner((name) => isLaterVolume(name) || task.detector.files.asksName(name))),
    scan: (name) => {
      kernel.reserve(free.at - kernel.arena + name.length);
      kernel.bytes.set(name, free.at);
      return task.detector.scanAt(free.at, name.length);
    },
    named: ({ content, result }) => out.part(content, result),
  });
  using others = new OtherCopies(unit.source.folders, idBytes);
  if (unit.source.kind === "pack") readPacked(unit.source, builder, task, out, free, others);
  else readSingle(unit.source, builder, task, out, others);
  out.graph = builder.reading();
}

function readPacked(
  { pack, entries }: PackUnit,
  builder: GraphBuilder,
  task: Task,
  out: ResultBuilder,
  free: { at: number },
  others: OtherCopies,
): void {
  const { kernel } = task.detector;
  const { idBytes, types, wanted } = entries;
  const oids = Buffer.from(entries.oids.buffer, entries.oids.byteOffset, entries.oids.byteLength);
  const id = (entry: number): Buffer => oids.subarray(idBytes * entry, idBytes * (entry + 1));
  const isTree = (entry: number): boolean => types[entry] === objectTypes.tree;
  /** Entries that cannot be read here, and why. */
  const broken = new Map<number, string>();
  const isDone = new Uint8Array(entries.count);
  const lost = (entry: number, why: string, count: number): void => {
    const oid = id(entry).toString("hex");
    const built = count > 1 ? `; ${count - 1} more are built on it` : "";
    const message = `object is damaged (${why})${built}`;
    // The scan has counted commits and tags.
    if (isTree(entry)) out.lost("object-corrupt", oid, message, count);
    else out.problem("object-corrupt", "incomplete", oid, message);
  };
  let gone: string | undefined;
  try {
    walkPack<ReadTree>(
      pack,
      entries,
      kernel,
      {
        object: (entry, address, length, base) => {
          task.advance(length);
          isDone[entry] = 1;
          if (!isTree(entry)) {
            if (wanted[entry] === 0) return undefined;
            const bytes = kernel.bytes.subarray(address, address + length);
            if (types[entry] === objectTypes.commit) builder.commit(id(entry), bytes);
            else if (types[entry] === objectTypes.tag) builder.tag(id(entry), bytes);
            return undefined;
          }
          // Read before a name is scanned: scanning uses the memory behind the object.
          const copies = base === undefined ? none : kernel.copies();
          if (!task.begin(entry)) {
            lost(entry, crashMessage, 1);
            return undefined;
          }
          free.at = Math.ceil((address + length) / alignment) * alignment;
          const tree = builder.tree(id(entry), { memory: kernel, at: address, length }, base, copies);
          out.read(length);
          return tree;
        },
        damaged: (entry, why) => broken.set(entry, why),
        tooLarge: (entry) => broken.set(entry, "too large for a tree or a commit"),
        bomb: (entry) => broken.set(entry, "its deltas make too many bytes"),
        cancelled: () => task.cancelled(),
      },
      deltaErrors,
    );
  } catch (error) {
    // A repository may be repacked while it is scanned.
    gone = systemFault(error);
  }
  if (gone === undefined && broken.size === 0) return;
  // Where the pack is gone, all that was not read belongs together.
  const roots = gone === undefined ? brokenRoots(entries, broken) : Int32Array.from(isDone, (done) => -done);
  const missed = new Map<number, number>();
  let missedTrees = 0;
  free.at = kernel.arena;
  for (let entry = 0; entry < entries.count && !task.cancelled(); entry++) {
    const root = roots[entry]!;
    if (root < 0 || wanted[entry] === 0) continue;
    const object = others.find(id(entry).toString("hex"));
    if (object === undefined) {
      missed.set(root, (missed.get(root) ?? 0) + 1);
      if (isTree(entry)) missedTrees++;
    } else addObject(builder, id(entry), object, task, entry, out);
  }
  if (gone === undefined) for (const [root, count] of missed) lost(root, broken.get(root) ?? "", count);
  else if (missed.size > 0) out.lost("unreadable", pack, gone, missedTrees);
}

/** Adds an object that was read by itself. */
function addObject(
  builder: GraphBuilder,
  id: Buffer,
  { type, bytes }: LooseObject,
  task: Task,
  ordinal: number,
  out: ResultBuilder,
): void {
  if (type === objectTypes.commit) builder.commit(id, bytes);
  else if (type === objectTypes.tag) builder.tag(id, bytes);
  else if (type === objectTypes.tree) {
    if (!task.begin(ordinal)) return out.lost("worker-crashed", id.toString("hex"), crashMessage);
    builder.tree(id, { memory: { bytes }, at: 0, length: bytes.length }, undefined, none);
    out.read(bytes.length);
    task.advance(bytes.length);
  }
}

function readSingle(
  { objects, oids }: LooseUnit,
  builder: GraphBuilder,
  task: Task,
  out: ResultBuilder,
  others: OtherCopies,
): void {
  oids.forEach((oid, ordinal) => {
    // Which of the rest are trees is not known: names in them were not looked at.
    if (task.cancelled()) return out.skip("interrupted");
    let object: LooseObject | undefined;
    try {
      object = readLooseUnless(objects, oid, objectTypes.blob);
    } catch {
      // Where there is no other copy either, the scan has named and counted this object already.
      object = others.find(oid);
    }
    if (object !== undefined) addObject(builder, Buffer.from(oid, "hex"), object, task, ordinal, out);
  });
}
