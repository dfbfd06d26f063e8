import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors } from "../../detect/index.ts";
import type { PackUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";

/** Scans the wanted objects of some delta families. */
export function scanPack(unit: PackUnit, task: Task, out: ResultBuilder): void {
  const { entries } = unit;
  const oids = Buffer.from(entries.oids.buffer, entries.oids.byteOffset, entries.oids.byteLength);
  const oid = (entry: number): string => oids.toString("hex", 20 * entry, 20 * entry + 20);
  walkPack(
    unit.pack,
    entries,
    task.detector.kernel,
    {
      object: (entry, address, length) => {
        if (entries.wanted[entry] === 0) return;
        if (!task.begin(entry)) return out.lost("worker-crashed", oid(entry), crashMessage);
        out.scanned(oid(entry), "", length, task.detector.scanAt(address, length));
        task.advance(length);
      },
      damaged: (entry, why, lost) => out.lost("object-corrupt", oid(entry), `object is damaged (${why})${built(lost)}`, lost),
      tooLarge: (entry, size, lost) => out.lost("too-large", oid(entry), `object of ${size} bytes is too large${built(lost)}`, lost),
      cancelled: () => task.cancelled(),
    },
    deltaErrors,
  );
}

function built(lost: number): string {
  return lost > 1 ? `; ${lost - 1} more are built on it` : "";
}
