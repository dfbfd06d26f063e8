import { mayBePointer, readPointer } from "../../content/git/lfs-pointer.ts";
import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors, type Trace } from "../../detect/index.ts";
import type { PackUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { systemFault } from "./system-fault.ts";

/** Scans the wanted objects of some delta families; of an object that is built on a scanned one, only what changed is looked at. */
export function scanPack(unit: PackUnit, task: Task, out: ResultBuilder): void {
  const { entries } = unit;
  const { detector } = task;
  const oids = Buffer.from(entries.oids.buffer, entries.oids.byteOffset, entries.oids.byteLength);
  const oid = (entry: number): string => oids.toString("hex", 20 * entry, 20 * entry + 20);
  let scanned = 0;
  try {
    walkPack(
      unit.pack,
      entries,
      detector.kernel,
      {
        object: (entry, address, length, base: Trace | undefined) => {
          if (entries.wanted[entry] === 0) return undefined;
          // Read before anything is scanned: scanning uses the memory behind the object.
          const copies = base === undefined ? none : detector.kernel.copies();
          if (!task.begin(entry)) {
            out.lost("worker-crashed", oid(entry), crashMessage);
            return undefined;
          }
          if (mayBePointer(length, detector.kernel.bytes[address])) {
            const pointer = readPointer(oid(entry), detector.kernel.bytes.subarray(address, address + length));
            if (pointer !== undefined) out.pointer(pointer);
          }
          const trace =
            base === undefined ? detector.trace(address, length) : detector.traceVersion(address, length, base, copies);
          scanned++;
          out.scanned(oid(entry), "", length, detector.finish(address, trace));
          task.advance(length);
          return trace;
        },
        damaged: (entry, why, lost) =>
          out.lost("object-corrupt", oid(entry), `object is damaged (${why})${built(lost)}`, lost),
        tooLarge: (entry, size, lost) =>
          out.lost("too-large", oid(entry), `object of ${size} bytes is too large${built(lost)}`, lost),
        cancelled: () => task.cancelled(),
      },
      deltaErrors,
    );
  } catch (error) {
    // A repository may be repacked while it is scanned.
    const left = entries.wanted.reduce((sum, wanted) => sum + wanted, 0) - scanned;
    out.lost("unreadable", unit.pack, systemFault(error), left);
  }
}

const none = new Uint32Array(0);

function built(lost: number): string {
  return lost > 1 ? `; ${lost - 1} more are built on it` : "";
}
