/** Repositories of every shape with one file damaged: what is lost is named, and what git still reads is found. */
import { cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { anyRepository } from "../../../fixtures/git/any-repository.ts";
import { gitEnvironment } from "../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { probe, probeRules, scratch } from "../../cli/scan-program.ts";
import { seed as propertySeed } from "../../property-seed.ts";
import { scanPlaces, type Seen } from "./scan-places.ts";

const folder = scratch();
const rules = probeRules(folder);
const random = createRandom(`damaged ${propertySeed}`);
const pick = (below: number): number => random.integer(below);
let tokens = 0;

const originals = Array.from({ length: 8 }, (_, i) => {
  const path = join(folder, `original-${i}`);
  anyRepository(path, { pick, token: () => probe(`damaged ${propertySeed} ${tokens++}`) });
  rmSync(join(path, ".git/hooks"), { recursive: true, force: true });
  const ids = git(path, ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).split("\n");
  return { path, ids: ids.filter((id) => id !== "") };
});

function git(path: string, args: readonly string[], input = ""): string {
  const options = { cwd: path, env: gitEnvironment(), encoding: "latin1", input, maxBuffer: 1 << 28 } as const;
  return spawnSync("git", ["--no-replace-objects", ...args], options).stdout;
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(inner) : entry.isFile() ? [inner] : [];
  });
}

/** Files of which damage can be seen; texts are what they are. */
const kinds = [
  /\/pack\/.*\.pack$/,
  /\/pack\/.*\.idx$/,
  /\/objects\/..\/[0-9a-f]+$/,
  /\/index$/,
  /packed-refs$/,
  /\/refs\//,
];

/** Damages one file of a repository. Gives what was done. */
function damage(path: string): string {
  const all = filesBelow(join(path, ".git")).sort();
  const groups = kinds.map((kind) => all.filter((file) => kind.test(file))).filter((group) => group.length > 0);
  const group = groups[pick(groups.length)] ?? [];
  const file = group[pick(group.length)];
  if (file === undefined) return "nothing";
  const bytes = readFileSync(file);
  const at = pick(Math.max(1, bytes.length));
  const length = Math.min(bytes.length - at, 1 + pick(100));
  rmSync(file);
  writeFileSync(file, bytes);
  const deeds: Readonly<Record<string, () => void>> = {
    flip: () =>
      writeFileSync(
        file,
        bytes.map((byte, i) => (i === at ? byte ^ (1 << pick(8)) : byte)),
      ),
    first: () =>
      writeFileSync(
        file,
        bytes.map((byte, i) => (i === at % 64 ? byte ^ (1 << pick(8)) : byte)),
      ),
    cut: () => truncateSync(file, at),
    zero: () => writeFileSync(file, bytes.fill(0, at, at + length)),
    double: () => writeFileSync(file, Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])),
    leaveOut: () => writeFileSync(file, Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])),
    holes: () => truncateSync(file, 3e8),
  };
  const name = Object.keys(deeds)[pick(Object.keys(deeds).length)]!;
  deeds[name]!();
  return `${name} at ${at} (${length}) of ${relative(path, file)}`;
}

function tokensByRepository(seen: Seen): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const secret of seen.sightings.keys())
    for (const { repository } of seen.origins(secret))
      found.set(repository, (found.get(repository) ?? new Set()).add(secret));
  return found;
}

test.each([0, 1, 2, 3])("sixty damaged repositories (part %i of four)", { timeout: 120_000 }, (part) => {
  const before = tokensByRepository(scanPlaces(["scan", ...originals.map(({ path }) => path)], rules));
  const damaged = Array.from({ length: 15 }, (_, i) => {
    const original = originals[pick(originals.length)]!;
    const path = join(folder, `damaged-${part}-${i}`);
    cpSync(original.path, path, { recursive: true, verbatimSymlinks: true });
    return { ...original, path, from: original.path, deed: damage(path) };
  });
  const seen = scanPlaces(["scan", ...damaged.map(({ path }) => path)], rules);
  expect([1, 3]).toContain(seen.ran.code);
  const after = tokensByRepository(seen);
  for (const { path, from, ids, deed } of damaged) {
    const found = after.get(path) ?? new Set();
    const problems = seen.ledger.problems.filter(({ target, effect }) => target === path && effect === "incomplete");
    const lost = [...(before.get(from) ?? [])].filter((token) => !found.has(token));
    if (problems.length === 0) expect(lost, `${path}: ${deed}`).toEqual([]);
    // git ends at some damage: asked from both ends it tells more.
    const order = [ids, ids.toReversed()].map((list) => `${list.join("\n")}\n`);
    const byGit = order.map((list) => git(path, ["cat-file", "--batch"], list)).join("\n");
    const readable = new Set(byGit.match(/\bprb_[0-9A-Za-z]{30}\b/g));
    expect(
      [...readable].filter((token) => !found.has(token)),
      `${path}: ${deed}`,
    ).toEqual([]);
  }
});
