import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildSync } from "esbuild";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-later-"));
  buildSync({ entryPoints: ["src/cli/compile-later.ts"], outfile: join(folder, "later.mjs"), format: "esm" });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** How often a function has to be called until V8 has optimised it. */
function callsUntilOptimised(before: string): number {
  const script = join(folder, "calls.mjs");
  writeFileSync(
    script,
    `import { compileLater } from ${JSON.stringify(pathToFileURL(join(folder, "later.mjs")).href)};
${before}
const sum = new Function("n", "let s = 0; for (let i = 0; i < n; i++) s = (s + i * 7) & 1023; return s;");
const status = new Function("f", "return %GetOptimizationStatus(f)");
let calls = 0;
while ((status(sum) & 16) === 0 && calls < 1e6) { sum(10); calls++; }
console.log(calls);`,
  );
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--allow-natives-syntax", "--no-concurrent-recompilation", script],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  return Number(stdout);
}

it("V8 optimises what has done several times as much as usual, and says nothing where it does not know how", () => {
  const usual = callsUntilOptimised("");
  const later = callsUntilOptimised("compileLater();");
  expect(usual).toBeGreaterThan(10);
  if (process.versions.v8.startsWith("11.")) expect(later / usual).toBeGreaterThan(4);
  else expect(later).toBe(usual);
});
