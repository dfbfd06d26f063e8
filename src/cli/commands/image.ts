import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { withEngineTargets } from "../engine-target.ts";
import { targetOf } from "../targets.ts";
import { runScan } from "./scan.ts";

/** `leaktrace image`: scans its targets as container images. Gives the exit code. */
export function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const targets = args.map((name) => targetOf(name, "image"));
  return presentScan(options, async (observer, asked) =>
    runScan({ targets: await withEngineTargets(targets, options), options: asked }, observer),
  );
}
