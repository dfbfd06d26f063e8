import { readLoose } from "../../content/git/loose.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { walkPack } from "../../content/git/pack-walk.ts";
import { deltaErrors } from "../../detect/index.ts";
import { IdSet } from "../../model/id-set.ts";
import type { GraphUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import type { Task } from "../task.ts";
import { systemFault } from "./system-fault.ts";
import { GraphBuilder } from "./graph-builder.ts";

/** Reads trees and commits and tells how they hang together, and which trees hold wanted contents. */
export function readGraph(unit: GraphUnit, task: Task, out: ResultBuilder): void {
  const wanted = new IdSet();
  for (let at = 0; at < unit.wanted.length; at += 20) wanted.add(unit.wanted, at);
  const builder = new GraphBuilder(wanted, new IdSet(unit.present));
  const { source } = unit;
  if (source.kind === "pack") {
    const { entries } = source;
    const damaged = (entry: number, why: string): void => {
      const oid = Buffer.from(entries.oids.subarray(20 * entry, 20 * entry + 20)).toString("hex");
      out.problem("object-corrupt", "incomplete", oid, `object is damaged (${why})`);
    };
    try {
      walkPack(
        source.pack,
        entries,
        task.detector.kernel,
        {
          object: (entry, address, length) => {
            const bytes = task.detector.kernel.bytes.subarray(address, address + length);
            builder.add(entries.types[entry]!, entries.oids.subarray(20 * entry, 20 * entry + 20), bytes);
            task.advance(length);
            return undefined;
          },
          damaged,
          tooLarge: (entry) => damaged(entry, "too large for a tree or a commit"),
          cancelled: () => task.cancelled(),
        },
        deltaErrors,
      );
    } catch (error) {
      out.problem("unreadable", "incomplete", source.pack, systemFault(error));
    }
  } else {
    for (const oid of source.oids) {
      try {
        const { type, bytes } = readLoose(source.objects, oid);
        if (type !== objectTypes.blob) builder.add(type, Buffer.from(oid, "hex"), bytes);
      } catch {
        // The scan has named this object already.
      }
    }
  }
  out.graph = builder.reading();
}
