import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository, gitEnvironment, versionsOf } from "../../fixtures/git/workshop.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const places = scratch();

test("versions inherit from each other, or are each scanned whole: the report is the same", () => {
  const rules = probeRules(places);
  const shop = createRepository(join(places, "repo"));
  for (const [i, text] of versionsOf("notes", 30).entries())
    shop.commit(`Version ${i}`, { "notes.txt": `${i % 3 === 0 ? probe(`n${i}`) : ""}\n${text}${probe("kept")}\n` });
  shop.git("repack", "-qadfk", "--depth=50", "--window=50");
  const scan = (...args: string[]): { stdout: string; looked: number; bytes: number } => {
    const env = { ...process.env, ...gitEnvironment() };
    const ran = leaktrace(["git", "-c", rules, "-f", "jsonl", "--no-cache", "--log-level", "debug", ...args], {
      cwd: shop.path,
      env,
    });
    const [, looked, bytes] = /looked for in (\d+) of (\d+) bytes/.exec(ran.stderr) ?? [];
    return { stdout: ran.stdout, looked: Number(looked), bytes: Number(bytes) };
  };
  const inherited = scan();
  const whole = scan("--no-delta");
  expect(inherited.stdout).toBe(whole.stdout);
  expect(inherited.stdout.match(/"kind":"finding"/g)).toHaveLength(11);
  // Trees are read too, and only their names are looked at.
  expect(whole.looked).toBeGreaterThan(0.9 * whole.bytes);
  expect(inherited.looked).toBeLessThan(inherited.bytes / 2);
});
