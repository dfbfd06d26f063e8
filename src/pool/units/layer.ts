import { readLayer } from "../../content/layer.ts";
import type { LayerUnit } from "../../model/unit.ts";
import type { ResultBuilder } from "../result.ts";
import type { Task } from "../task.ts";
import { EntryScanner } from "./entries.ts";

/** Scans every file of a layer while the layer streams through. */
export async function scanLayer(unit: LayerUnit, task: Task, out: ResultBuilder): Promise<void> {
  const scanner = new EntryScanner(task, out);
  const only = unit.only === undefined ? undefined : new Set(unit.only);
  let isWanted = true;
  const outcome = await readLayer(unit, {
    begin: (file) => {
      isWanted = only === undefined || only.has(file.path);
      if (isWanted) scanner.begin(file.path, file.size);
    },
    push: (chunk) => {
      if (isWanted) scanner.push(chunk);
    },
    end: () => {
      if (isWanted) scanner.end();
    },
  });
  out.layer = outcome.reading;
  for (const problem of outcome.problems) {
    out.problem(problem.code, problem.effect, problem.subject, problem.message);
    if (problem.effect === "incomplete") out.skip(problem.code);
  }
}
