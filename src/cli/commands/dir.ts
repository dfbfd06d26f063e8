import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { targetOf } from "../targets.ts";
import { runScan } from "./scan.ts";

/** `leaktrace dir`: scans its targets as files and folders. Gives the exit code. */
export function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const targets = args.map((name) => targetOf(name, "files"));
  return presentScan(options, (observer, asked) => runScan({ targets, options: asked }, observer));
}
