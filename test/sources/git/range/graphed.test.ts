import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { createRepository, type Workshop } from "../../../../fixtures/git/workshop.ts";
import { openSelection } from "../../../../src/sources/git/range/open-selection.ts";
import { findRepository } from "../../../../src/sources/git/repository.ts";
import { PushObjects } from "../../../../src/sources/git/push-objects.ts";
import { findNewCommits } from "../../../../src/sources/git/push-commits.ts";
import { testWith } from "../../../require-program.ts";

const test = testWith("git");
/** Far more than are read before a commit-graph is asked. */
const commits = 700;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-graphed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A long branch `old`, and `main` with three commits of its own on the fifth of it. */
function forked(name: string): Workshop {
  const shop = createRepository(join(folder, name));
  const lines: string[] = [];
  const commit = (branch: string, i: number, from?: string): void => {
    const at = `Ada <ada@fixture.invalid> ${1_700_000_000 + i * 60} +0000`;
    lines.push(
      `commit refs/heads/${branch}`,
      `mark :${i + 1}`,
      `committer ${at}`,
      "data 1",
      "x",
      ...(from === undefined ? [] : [from]),
    );
    lines.push(`M 100644 inline file`, "data 4", String(1000 + i), "");
  };
  for (let i = 0; i < commits; i++) commit("old", i);
  for (let i = 0; i < 3; i++) commit("main", commits + i, i === 0 ? "from :5" : undefined);
  shop.feed(Buffer.from(lines.join("\n")), "fast-import", "--quiet");
  return shop;
}

async function select(shop: Workshop, line: string) {
  const repository = findRepository(shop.path)!;
  const faults: string[] = [];
  using objects = new PushObjects(join(repository.commonDir, "objects"));
  const { found } = await openSelection({
    ...{ target: shop.path, repository, objects, now: 1_800_000_000 },
    request: { logOpts: line, branches: [] },
    onFault: (...fault) => void faults.push(fault.join(" ")),
  });
  return { ids: found.commits.map(({ id }) => id), faults };
}

/** Rewrites what the graph tells of a commit's first parent, and its hash. */
function lie(shop: Workshop, id: string): void {
  const path = join(shop.path, ".git/objects/info/commit-graph");
  const bytes = readFileSync(path);
  const chunk = (name: string): number => bytes.readUInt32BE(bytes.indexOf(name) + 8);
  const index = (bytes.indexOf(Buffer.from(id, "hex"), chunk("OIDL")) - chunk("OIDL")) / 20;
  bytes.writeUInt32BE(0x70000000, chunk("CDAT") + 36 * index + 20);
  createHash("sha1")
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  rmSync(path);
  writeFileSync(path, bytes);
}

test("commits that are left out are walked by the commit-graph, and need not be here", async () => {
  const shop = forked("gaps");
  shop.git("commit-graph", "write", "--reachable");
  const expected = shop.git("log", "--format=%H", "old..main").split("\n");
  const [main = "", old = "", gone = ""] = shop.git("rev-parse", "main", "old", "old~400").split("\n");
  // All objects but one commit of the long branch.
  const packs = join(shop.path, ".git/objects/pack");
  const packed = readdirSync(packs);
  const all = shop.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").replace(`${gone}\n`, "");
  mkdirSync(join(folder, "kept"));
  shop.feed(Buffer.from(`${all}\n`), "pack-objects", "-q", join(folder, "kept/pack"));
  for (const name of packed) rmSync(join(packs, name));
  for (const name of readdirSync(join(folder, "kept")))
    writeFileSync(join(packs, name), readFileSync(join(folder, "kept", name)));

  expect(await select(shop, "old..main")).toEqual({ ids: expected, faults: [] });
  {
    using objects = new PushObjects(join(shop.path, ".git/objects"));
    const found = findNewCommits(objects, [main], [old], new Set(), (...fault) => expect(fault).toEqual([]));
    expect(found.commits.map(({ id }) => id)).toEqual(expected.toReversed());
  }
  // Without it nobody knows that the fifth commit belongs to the branch.
  rmSync(join(shop.path, ".git/objects/info/commit-graph"));
  expect((await select(shop, "old..main")).ids.length).toBe(expected.length + 5);
});

test("a commit-graph that lies of what is selected is told, and not believed", async () => {
  const shop = forked("lies");
  const expected = shop.git("log", "--format=%H", "--all").split("\n");
  shop.git("commit-graph", "write", "--reachable");
  expect(await select(shop, "--all")).toEqual({ ids: expected, faults: [] });
  const liar = shop.git("rev-parse", "old~350");
  lie(shop, liar);
  const { ids, faults } = await select(shop, "--all");
  expect(ids).toEqual(expected);
  expect(faults).toEqual([expect.stringContaining(`${liar} the commit-graph tells something else of it`)]);
});
