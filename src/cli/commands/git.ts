import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { targetOf } from "../targets.ts";
import { runScan } from "./scan.ts";

/** `leaktrace git`: scans its targets as git repositories. Gives the exit code. */
export function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const targets = args.map((name) => targetOf(name, "git"));
  return presentScan(options, (observer, asked) => runScan({ targets, options: asked }, observer));
}
