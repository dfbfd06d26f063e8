import type { Unit, UnitResult } from "../model/unit.ts";
import { ResultBuilder } from "./result.ts";
import type { Task } from "./task.ts";
import type { HeldUnit } from "./units/held-unit.ts";
import { scanFiles, scanInline, scanStream } from "./units/files.ts";

/** Reads and scans what a unit names. Readers that few scans need are loaded when they are needed. */
export async function runUnit(unit: Unit | HeldUnit, task: Task): Promise<UnitResult> {
  const { kind, target } = unit;
  const out = new ResultBuilder(target, {
    clean: task.listsClean && (kind === "pack" || kind === "loose"),
    proved: task.listsClean && kind !== "graph" && kind !== "named" && kind !== "stream",
  });
  switch (unit.kind) {
    case "pack":
      (await import("./units/pack.ts")).scanPack(unit, task, out);
      break;
    case "loose":
      (await import("./units/loose.ts")).scanLoose(unit, task, out);
      break;
    case "graph":
      (await import("./units/graph.ts")).readGraph(unit, task, out);
      break;
    case "named":
      (await import("./units/named.ts")).lookAtNamed(unit, task, out);
      break;
    case "layer":
      await (await import("./units/layer.ts")).scanLayer(unit, task, out);
      break;
    case "held":
      (await import("./units/held-unit.ts")).scanHeld(unit, task, out);
      break;
    case "files":
      scanFiles(unit, task, out);
      break;
    case "inline":
      scanInline(unit, task, out);
      break;
    case "stream":
      await scanStream(unit, task, out);
      break;
  }
  return out.result();
}
