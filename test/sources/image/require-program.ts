import { spawnSync } from "node:child_process";
import { test } from "vitest";

/** `test` where the program is there; otherwise a skip that names it, or a failure where LEAKTRACE_REQUIRE_ALL=1 forbids skips. */
export function testWith(program: string): typeof test | typeof test.skip {
  const isThere = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  if (isThere || process.env["LEAKTRACE_REQUIRE_ALL"] === "1") return test;
  const skip = ((name: string, ...rest: unknown[]) =>
    test.skip(`${name} (skipped: no ${program})`, ...(rest as [() => void]))) as typeof test.skip;
  return skip;
}
