import { mayBePointer, readPointer } from "../../content/git/lfs-pointer.ts";
import { blobId } from "../../content/blob-id.ts";
import { EntryProofs, proofBytes, proveEntries } from "../../content/git/entry-proof.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors, type Trace } from "../../detect/index.ts";
import type { PackUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { scanWhole, withInside } from "../inside.ts";
import { brokenRoots, OtherCopies } from "./other-copies.ts";
import { cutAgain, placesOf } from "../cut-again.ts";
import { gatherBytes } from "../gather-bytes.ts";
import { systemFault } from "./system-fault.ts";

/**
 * What deltas copy is looked at once, unless what they make is too full of keywords to be remembered: then each byte takes as long as a hundred others
 * (2 MB a second), and counts so towards what deltas may make.
 */
const denseWeight = 128;

/**
 * Scans the wanted objects of some delta families; of an object that is built on a scanned one, only what changed is looked at. Where earlier scans
 * left keys of entries, what has one of them is counted, and not made.
 */
export function scanPack(asked: PackUnit, task: Task, out: ResultBuilder): void {
  const { detector } = task;
  const oid = idReader(asked);
  const { unit, proofs } = leaveKnown(asked, task, out);
  const { entries } = unit;
  /** Entries that cannot be read here, and why. */
  const broken = new Map<number, string>();
  const isDone = new Uint8Array(entries.count);
  let gone: string | undefined;
  try {
    walkPack(
      unit.pack,
      entries,
      detector.kernel,
      {
        object: (entry, address, length, base: Trace | undefined) => {
          if (entries.wanted[entry] === 0) return undefined;
          isDone[entry] = 1;
          // Read before anything is scanned: scanning uses the memory behind the object.
          const copies = base === undefined ? none : detector.kernel.copies();
          if (!task.begin(entry)) {
            out.lost("worker-crashed", oid(entry), crashMessage);
            return undefined;
          }
          const placed = unit.placed?.get(oid(entry));
          if (placed !== undefined) {
            const known = cutAgain(detector.kernel.bytes.subarray(address, address + length), placed);
            if (known !== undefined) out.again(oid(entry), length, known);
            task.advance(length);
            return undefined;
          }
          if (mayBePointer(length, detector.kernel.bytes[address])) {
            const pointer = readPointer(oid(entry), detector.kernel.bytes.subarray(address, address + length));
            if (pointer !== undefined) out.pointer(pointer);
          }
          const trace =
            base === undefined ? detector.trace(address, length) : detector.traceVersion(address, length, base, copies);
          const result = detector.finish(address, trace);
          // Of a file the newest version mostly lies in full: it is what an image has been given.
          const isProvable = proofs !== undefined && entries.parents[entry] === -1 && length <= gatherBytes;
          const isFile = isProvable && entries.types[entry] === objectTypes.blob && result.detections.length === 0;
          const id = isFile ? blobId(detector.kernel.bytes.subarray(address, address + length)) : undefined;
          // Objects that are built on this one need it where it lies.
          const behind = Math.ceil((address + length) / 64) * 64;
          const whole = withInside(task, result, address, length, behind);
          const { detections } = whole.result;
          const isPlaceable = task.listsClean && detections.length > 0 && whole.inside === undefined;
          const places = isPlaceable
            ? placesOf(detector.kernel.bytes.subarray(address, address + length), detections)
            : undefined;
          out.scanned(oid(entry), "", length, whole, { id, entry: proofs?.text(entry), placed: places });
          task.advance(length);
          return trace;
        },
        weight: ({ isDense }) => (isDense ? denseWeight : 1),
        damaged: (entry, why) => broken.set(entry, why),
        tooLarge: (entry, size, lost) =>
          out.lost("too-large", oid(entry), `object of ${size} bytes is too large${built(lost)}`, lost),
        bomb: (entry, lost) =>
          out.lost("bomb", oid(entry), `the deltas of these objects make too many bytes${built(lost)}`, lost),
        cancelled: () => task.cancelled(),
      },
      deltaErrors,
      proofs,
    );
  } catch (error) {
    // A repository may be repacked while it is scanned.
    gone = systemFault(error);
  }
  if (gone !== undefined) {
    const lost = readElsewhere(unit, task, out, (entry) => (isDone[entry] === 0 ? 0 : -1)).get(0) ?? 0;
    if (lost > 0) out.lost("unreadable", unit.pack, gone, lost);
  } else if (broken.size > 0) {
    const roots = brokenRoots(entries, broken);
    const lost = readElsewhere(unit, task, out, (entry) => roots[entry]!);
    for (const [root, count] of lost)
      out.lost("object-corrupt", oid(root), `object is damaged (${broken.get(root)})${built(count)}`, count);
  }
}

/** Counts the contents that earlier scans found clean. Gives the unit without them, and the keys of its entries where they are to be learnt. */
function leaveKnown(
  unit: PackUnit,
  task: Task,
  out: ResultBuilder,
): { unit: PackUnit; proofs: EntryProofs | undefined } {
  const { entries, pack } = unit;
  if (!task.listsClean) return { unit, proofs: undefined };
  if (task.recogniser.isEmpty) return { unit, proofs: new EntryProofs(entries) };
  let proofs: EntryProofs;
  try {
    proofs = proveEntries(pack, entries);
  } catch {
    // Whoever reads the entries will tell.
    return { unit, proofs: undefined };
  }
  const oid = idReader(unit);
  const wanted = Uint8Array.from(entries.wanted);
  for (let entry = 0; entry < entries.count && !task.cancelled(); entry++) {
    const known =
      wanted[entry] === 1 && proofs.has(entry) ? task.recogniser.look(proofs.keys, entry * proofBytes) : undefined;
    if (known === undefined) continue;
    wanted[entry] = 0;
    task.advance(known.size);
    out.recognised(oid(entry), "", known);
  }
  return { unit: { ...unit, entries: { ...entries, wanted } }, proofs };
}

/** Scans other copies of objects that cannot be read in the pack: those with a group. Gives for each group how many have none. */
function readElsewhere(
  unit: PackUnit,
  task: Task,
  out: ResultBuilder,
  group: (entry: number) => number,
): Map<number, number> {
  const { entries } = unit;
  const oid = idReader(unit);
  using others = new OtherCopies(unit.folders, entries.idBytes);
  const lost = new Map<number, number>();
  let found = 0;
  for (let entry = 0; entry < entries.count && !task.cancelled(); entry++) {
    const at = group(entry);
    if (at < 0 || entries.wanted[entry] === 0) continue;
    if (!task.begin(entry)) {
      out.lost("worker-crashed", oid(entry), crashMessage);
      continue;
    }
    const object = others.find(oid(entry));
    if (object === undefined) {
      lost.set(at, (lost.get(at) ?? 0) + 1);
      continue;
    }
    const { bytes } = object;
    const pointer = mayBePointer(bytes.length, bytes[0]) ? readPointer(oid(entry), bytes) : undefined;
    if (pointer !== undefined) out.pointer(pointer);
    out.scanned(oid(entry), "", bytes.length, scanWhole(task, bytes));
    task.advance(bytes.length);
    found++;
  }
  if (found > 0)
    out.problem(
      "object-corrupt",
      "note",
      unit.pack,
      `${found} of its objects are damaged and were read in another way`,
    );
  return lost;
}

function idReader({ entries: { oids, idBytes } }: PackUnit): (entry: number) => string {
  const bytes = Buffer.from(oids.buffer, oids.byteOffset, oids.byteLength);
  return (entry) => bytes.toString("hex", idBytes * entry, idBytes * (entry + 1));
}

const none = new Uint32Array(0);

function built(lost: number): string {
  return lost > 1 ? `; ${lost - 1} more are built on it` : "";
}
