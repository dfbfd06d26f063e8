import { spawnSync } from "node:child_process";
import { test } from "vitest";

/** Whether a program can be found. Where LEAKTRACE_REQUIRE_ALL=1 forbids skips, a missing one is an error that names it. */
export function hasProgram(program: string): boolean {
  if (spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status === 0) return true;
  if (process.env["LEAKTRACE_REQUIRE_ALL"] === "1") throw new Error(`${program} is not installed`);
  return false;
}

type Body = () => void | Promise<void>;

/** `test` where the program is there; otherwise a skip that names it, or a failure where skips are forbidden. */
export function testWith(
  program: string,
): (name: string, ...rest: [body: Body] | [options: { readonly timeout: number }, body: Body]) => void {
  return (name, ...rest) => {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
    let isThere: boolean;
    try {
      isThere = hasProgram(program);
    } catch (error) {
      test(name, () => Promise.reject(error));
      return;
    }
    if (isThere) test(name, options, body);
    else test.skip(`${name} (skipped: no ${program})`, body);
  };
}
