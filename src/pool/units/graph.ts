import { readLoose } from "../../content/git/loose.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors } from "../../detect/index.ts";
import { IdSet } from "../../model/id-set.ts";
import type { GraphUnit, LooseUnit, PackUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
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
  const wanted = new IdSet();
  for (let at = 0; at < unit.wanted.length; at += 20) wanted.add(unit.wanted, at);
  const { kernel } = task.detector;
  /** Where memory is free while a tree is read. */
  const free = { at: kernel.arena };
  const builder = new GraphBuilder({
    wanted,
    present: new IdSet(unit.present),
    names: (names ??= new NameScanner()),
    scan: (name) => {
      kernel.reserve(free.at - kernel.arena + name.length);
      kernel.bytes.set(name, free.at);
      return task.detector.scanAt(free.at, name.length);
    },
    named: ({ content, result }) => out.part(content, result),
  });
  if (unit.source.kind === "pack") readPacked(unit.source, builder, task, out, free);
  else readLooseOnes(unit.source, builder, task, out);
  out.graph = builder.reading();
}

function readPacked(
  source: PackUnit,
  builder: GraphBuilder,
  task: Task,
  out: ResultBuilder,
  free: { at: number },
): void {
  const { pack, entries } = source;
  const { kernel } = task.detector;
  const oids = Buffer.from(entries.oids.buffer, entries.oids.byteOffset, entries.oids.byteLength);
  let read = 0;
  const isTree = (entry: number): boolean => entries.types[entry] === objectTypes.tree;
  const lost = (entry: number, why: string, count: number): void => {
    const oid = oids.toString("hex", 20 * entry, 20 * entry + 20);
    const built = count > 1 ? `; ${count - 1} more are built on it` : "";
    const message = `object is damaged (${why})${built}`;
    // The scan has counted commits and tags.
    if (isTree(entry)) out.lost("object-corrupt", oid, message, count);
    else out.problem("object-corrupt", "incomplete", oid, message);
    read += count;
  };
  try {
    walkPack<ReadTree>(
      pack,
      entries,
      kernel,
      {
        object: (entry, address, length, base) => {
          const id = oids.subarray(20 * entry, 20 * entry + 20);
          task.advance(length);
          if (!isTree(entry)) {
            if (entries.wanted[entry] === 0) return undefined;
            const bytes = kernel.bytes.subarray(address, address + length);
            if (entries.types[entry] === objectTypes.commit) builder.commit(id, bytes);
            else if (entries.types[entry] === objectTypes.tag) builder.tag(id, bytes);
            return undefined;
          }
          // Read before a name is scanned: scanning uses the memory behind the object.
          const copies = base === undefined ? none : kernel.copies();
          if (!task.begin(entry)) {
            lost(entry, crashMessage, 1);
            return undefined;
          }
          free.at = Math.ceil((address + length) / alignment) * alignment;
          const tree = builder.tree(id, { memory: kernel, at: address, length }, base, copies);
          out.read(length);
          read++;
          return tree;
        },
        damaged: lost,
        tooLarge: (entry, _size, count) => lost(entry, "too large for a tree or a commit", count),
        cancelled: () => task.cancelled(),
      },
      deltaErrors,
    );
  } catch (error) {
    const trees = entries.wanted.reduce((sum, one, entry) => sum + (isTree(entry) ? one : 0), 0);
    out.lost("unreadable", pack, systemFault(error), Math.max(0, trees - read));
  }
}

function readLooseOnes(source: LooseUnit, builder: GraphBuilder, task: Task, out: ResultBuilder): void {
  source.oids.forEach((oid, ordinal) => {
    if (task.cancelled()) return;
    let object;
    try {
      object = readLoose(source.objects, oid);
    } catch {
      return; // The scan has named and counted this object already.
    }
    const { type, bytes } = object;
    const id = Buffer.from(oid, "hex");
    if (type === objectTypes.commit) builder.commit(id, bytes);
    else if (type === objectTypes.tag) builder.tag(id, bytes);
    else if (type === objectTypes.tree) {
      if (!task.begin(ordinal)) return out.lost("worker-crashed", oid, crashMessage);
      builder.tree(id, { memory: { bytes }, at: 0, length: bytes.length }, undefined, none);
      out.read(bytes.length);
      task.advance(bytes.length);
    }
  });
}
