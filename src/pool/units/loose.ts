import { mayBePointer, readPointer } from "../../content/git/lfs-pointer.ts";
import { readLoose } from "../../content/git/loose.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { LooseUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";

/** Scans loose objects; names in trees are scanned where trees are read for attribution. */
export function scanLoose(unit: LooseUnit, task: Task, out: ResultBuilder): void {
  unit.oids.forEach((oid, ordinal) => {
    if (task.cancelled()) return;
    if (!task.begin(ordinal)) return out.lost("worker-crashed", oid, crashMessage);
    try {
      const { type, bytes } = readLoose(unit.objects, oid);
      if (type === objectTypes.tree) return;
      const pointer = mayBePointer(bytes.length, bytes[0]) ? readPointer(oid, bytes) : undefined;
      if (pointer !== undefined) out.pointer(pointer);
      out.scanned(oid, "", bytes.length, task.detector.scan(bytes));
      task.advance(bytes.length);
    } catch (error) {
      out.lost(
        "object-corrupt",
        oid,
        `object is damaged (${error instanceof Error ? error.message : "it cannot be read"})`,
      );
    }
  });
}
