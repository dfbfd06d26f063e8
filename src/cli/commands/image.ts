import { parseEngineTarget } from "../../engine/target.ts";
import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { targetOf } from "../targets.ts";
import { runScan } from "./scan.ts";

/** `leaktrace image`: scans its targets as container images. Gives the exit code. */
export function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const targets = args.map((name) => targetOf(name, "image"));
  return presentScan(options, async (observer, asked) => {
    const hasEngine = targets.some(({ name }) => parseEngineTarget(name)?.name === "");
    const all = hasEngine ? await (await import("../engine-target.ts")).withEngineTargets(targets, options) : targets;
    return runScan({ targets: all, options: asked }, observer);
  });
}
