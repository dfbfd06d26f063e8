import { blobId } from "../../content/blob-id.ts";
import { mayBePointer, readPointer } from "../../content/git/lfs-pointer.ts";
import { loosePath, readLoose, readLooseFile, type LooseObject } from "../../content/git/loose.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { idBytesOf } from "../../model/object-id.ts";
import type { LooseUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import { crashMessage, type Task } from "../task.ts";
import { scanWhole } from "../inside.ts";
import { OtherCopies } from "./other-copies.ts";

/** Scans single objects; names in trees are scanned where trees are read for attribution. */
export function scanLoose(unit: LooseUnit, task: Task, out: ResultBuilder): void {
  using others = new OtherCopies(unit.folders, idBytesOf(unit.oids[0] ?? ""));
  /** Objects that are not loose and that no pack holds in one piece, by what is wrong with them: thousands can be built on one. */
  const strays = new Map<string, string[]>();
  let elsewhere = 0;
  unit.oids.forEach((oid, ordinal) => {
    if (task.cancelled()) return;
    if (!task.begin(ordinal)) return out.lost("worker-crashed", oid, crashMessage);
    let object: LooseObject;
    try {
      object = readLoose(unit.objects, oid);
    } catch (error) {
      const isStray = isMissing(error);
      if (!isStray) scanAsFile(unit.objects, oid, task, out);
      const other = readOther(others, oid);
      if (typeof other === "string") {
        if (!isStray) return out.lost("object-corrupt", oid, `object is damaged (${wordsOf(error)})`);
        strays.set(other, [...(strays.get(other) ?? []), oid]);
        return;
      }
      if (!isStray) elsewhere++;
      object = other;
    }
    const { type, bytes } = object;
    if (type === objectTypes.tree) return;
    const pointer = mayBePointer(bytes.length, bytes[0]) ? readPointer(oid, bytes) : undefined;
    if (pointer !== undefined) out.pointer(pointer);
    out.scanned(oid, "", bytes.length, scanWhole(task, bytes));
    task.advance(bytes.length);
  });
  for (const [why, [first = "", ...more]] of strays) {
    const others = more.length === 0 ? "" : `; so are ${more.length} more`;
    const code = why === missingBase ? "object-missing" : "object-corrupt";
    out.lost(code, first, `object is damaged (${why})${others}`, more.length + 1);
  }
  if (elsewhere > 0)
    out.problem("object-corrupt", "note", unit.objects, `${elsewhere} damaged objects were read from another copy`);
}

/** What bears the name of an object and is none may be any file; its place is its path in the folder of objects. */
function scanAsFile(objects: string, oid: string, task: Task, out: ResultBuilder): void {
  const bytes = readLooseFile(objects, oid);
  if (bytes !== undefined) out.part(blobId(bytes), scanWhole(task, bytes).result, loosePath("objects", oid));
}

const missingBase = "the base of its delta is missing";

/** Another copy of an object, or why there is none. */
function readOther(others: OtherCopies, oid: string): LooseObject | string {
  try {
    return others.read(oid) ?? "it is gone";
  } catch (error) {
    return wordsOf(error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : "it cannot be read";
}
