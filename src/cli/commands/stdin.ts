import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { runScan } from "./scan.ts";

/** `leaktrace stdin`: scans its targets as standard input. Gives the exit code. */
export function run(_args: readonly string[], options: ScanOptions): Promise<number> {
  const targets = ["-"].map((name) => ({ name, as: "stdin" as const }));
  return presentScan(options, (observer, asked) => runScan({ targets, options: asked }, observer));
}
