import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { author, createRepository, openWorkshop, type Workshop } from "../../../fixtures/git/workshop.ts";
import type { Finding, FindingSighting } from "../../../src/model/finding.ts";
import type { GitOrigin } from "../../../src/model/content.ts";
import { leaktrace, probe, probeRules, scratch } from "../../cli/scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Place {
  readonly commit: string | undefined;
  readonly path: string;
  readonly refs: readonly string[];
  readonly inHead: boolean;
  readonly type: string;
  readonly at: string;
}

/** Where a scan of the repository saw each secret. */
function scan(
  path: string,
  expected: { code: number; complete: boolean } = { code: 1, complete: true },
): Map<string, { places: Place[]; sightings: readonly FindingSighting[] }> {
  const ran = leaktrace(["git", path, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal"]);
  expect({ code: ran.code, complete: !/incomplete/.test(ran.stderr) }).toEqual(expected);
  const lines = ran.stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const found = new Map<string, { places: Place[]; sightings: readonly FindingSighting[] }>();
  for (const line of lines.slice(0, -1)) {
    // Our own report, of the shape that the model says.
    const { secret, sightings } = line as Finding;
    const places = sightings.map(({ origin, startLine, startColumn }): Place => {
      const { commit, path: name, refs, inHead, objectType } = origin as GitOrigin;
      return { commit: commit?.id, path: name, refs, inHead, type: objectType, at: `${startLine}:${startColumn}` };
    });
    found.set(String(secret), { places, sightings });
  }
  return found;
}

/** The places of one secret. */
function placesOf(shop: Workshop, secret: string): Place[] {
  return scan(shop.path).get(secret)?.places ?? [];
}

describe("a secret is traced to the commit that brought it in", () => {
  const shop = createRepository(join(folder, "story"));
  const id: Record<string, string> = {};
  id["root"] = shop.commit("Begin", { "README.md": "hello\n", "kept.txt": `first line\nkey = ${probe("kept")}\n` });
  id["added"] = shop.commit("Add a key\n\nOf the deployment.", {
    "conf/app.env": `A=1\nB=2\n  C="${probe("removed")}"\n`,
  });
  id["renamed"] = shop.commit("Grow it", { "kept.txt": `first line\nkey = ${probe("kept")}\nmore\n` });
  shop.git("mv", "conf/app.env", "conf/renamed.env");
  id["moved"] = shop.commit("Rename it");
  rmSync(join(shop.path, "conf/renamed.env"));
  id["removed"] = shop.commit("Remove it");
  shop.git("checkout", "-q", "-b", "feature", "HEAD~1");
  id["feature"] = shop.commit("On a branch", { "feature.txt": probe("feature"), "both.txt": probe("both") });
  shop.git("checkout", "-q", "main");
  id["main"] = shop.commit("On main", {
    "both.txt": probe("both"),
    "copy-1.txt": probe("copied"),
    "deep/er/copy-2.txt": probe("copied"),
  });
  shop.git("merge", "-q", "--no-commit", "feature");
  shop.write({ "evil.txt": probe("evil merge") });
  shop.git("add", "-A");
  shop.git("commit", "-q", "-m", "Merge");
  id["merge"] = shop.git("rev-parse", "HEAD");
  id["back"] = shop.commit("Bring it back", { "again.env": `A=1\nB=2\n  C="${probe("removed")}"\n` });
  shop.commit("Amend me", { "amended.txt": probe("amended") });
  id["amended"] = shop.git("rev-parse", "HEAD");
  shop.git("rm", "-q", "amended.txt");
  shop.git("commit", "-q", "--amend", "--allow-empty", "-m", "Amended");
  id["message"] = shop.commit(`Tell it\n\nIn the message: ${probe("message")}`);
  shop.git("tag", "-a", "-m", `In a tag: ${probe("tag")}`, "v1");
  shop.git("tag", "light", "HEAD~1");
  shop.git("notes", "add", "-m", `In a note: ${probe("note")}`, "HEAD");
  shop.git("branch", "gone", "feature");
  shop.git("checkout", "-q", "gone");
  id["gone"] = shop.commit("Unreachable", { "gone.txt": probe("gone") });
  shop.git("checkout", "-q", "main");
  shop.git("branch", "-q", "-D", "gone");
  shop.write({ "untracked.txt": probe("stash untracked"), "README.md": `hello\n${probe("stash")}\n` });
  shop.git("stash", "push", "-q", "--include-untracked");
  id["stash"] = shop.git("rev-parse", "stash");
  shop.write({ "staged.txt": probe("staged") });
  shop.git("add", "staged.txt");
  shop.feed(Buffer.from(`loose blob ${probe("loose blob")}`), "hash-object", "-w", "--stdin");

  /** Both as they are, and after everything has been packed and refs are packed too. */
  function expectStory(): void {
    const found = scan(shop.path);
    const places = (name: string): Place[] => found.get(probe(name))?.places ?? [];
    const at = (name: string): string[] =>
      places(name).map(({ commit, path }) => `${Object.keys(id).find((key) => id[key] === commit) ?? commit}:${path}`);
    expect(
      Object.fromEntries(
        ["kept", "removed", "feature", "copied", "evil merge", "amended", "gone", "stash untracked"].map((name) => [
          name,
          at(name),
        ]),
      ),
    ).toEqual({
      kept: ["root:kept.txt", "renamed:kept.txt"],
      removed: ["added:conf/app.env"],
      feature: ["feature:feature.txt"],
      copied: ["main:copy-1.txt", "main:deep/er/copy-2.txt"],
      "evil merge": ["merge:evil.txt"],
      amended: ["amended:amended.txt"],
      gone: ["gone:gone.txt"],
      "stash untracked": [`${shop.git("rev-parse", "stash^3")}:untracked.txt`],
    });
    expect(at("both")).toEqual(["feature:both.txt"]);
    expect(places("stash").map(({ commit, path, refs }) => ({ commit, path, refs }))).toEqual([
      { commit: id["stash"], path: "README.md", refs: ["stash"] },
    ]);
    expect(places("staged")).toEqual([
      { commit: undefined, path: "staged.txt", refs: [], inHead: false, type: "blob", at: "1:1" },
    ]);
    expect(places("loose blob")).toMatchObject([{ commit: undefined, path: "", refs: [], type: "blob" }]);
    expect(places("message")).toMatchObject([
      { commit: id["message"], path: "", type: "commit", refs: ["main", "stash", "v1"] },
    ]);
    expect(places("tag")).toMatchObject([{ commit: undefined, path: "", type: "tag" }]);
    expect(places("note").map(({ commit, refs }) => ({ commit, refs }))).toEqual([
      { commit: shop.git("rev-parse", "refs/notes/commits"), refs: ["notes/commits"] },
    ]);
    // In HEAD: the merge's file is, the removed one is again under another name, the amended one is not.
    const inHead = (name: string): boolean[] => places(name).map((place) => place.inHead);
    expect({
      kept: inHead("kept"),
      removed: inHead("removed"),
      evil: inHead("evil merge"),
      amended: inHead("amended"),
      gone: inHead("gone"),
    }).toEqual({
      kept: [false, true],
      removed: [true],
      evil: [true],
      amended: [false],
      gone: [false],
    });
    expect(places("feature")[0]!.refs).toEqual(["feature", "light", "main", "stash", "v1"]);
    expect(places("gone")[0]!.refs).toEqual([]);
    expect(places("kept")[0]!.at).toBe("2:7");
    expect(places("removed")[0]!.at).toBe("3:6");
    const origin = found.get(probe("removed"))!.sightings[0]!.origin as GitOrigin;
    expect(origin.commit).toEqual({
      id: id["added"],
      author: author.name,
      email: author.email,
      date: new Date(Number(shop.git("log", "-1", "--format=%at", id["added"]!)) * 1000)
        .toISOString()
        .replace(".000Z", "Z"),
      message: "Add a key\n\nOf the deployment.",
    });
    expect(found.size).toBe(15);
  }

  test("in loose objects", expectStory);

  test("in packs, with packed refs, and the same from a bare clone's point of view", () => {
    shop.git("pack-refs", "--all");
    shop.git("repack", "-qadfk");
    shop.git("prune-packed");
    expectStory();
    const mirror = join(folder, "mirror.git");
    shop.git("clone", "-q", "--mirror", `file://${shop.path}`, mirror);
    const found = scan(mirror);
    // Refs and what they reach are cloned; the index, the unreachable and the reflog are not.
    expect([...found.keys()].sort()).toEqual(
      ["kept", "removed", "feature", "both", "copied", "evil merge", "message", "tag", "note", "stash"]
        .map(probe)
        .concat(probe("stash untracked"))
        .sort(),
    );
    expect(found.get(probe("removed"))!.places).toMatchObject([
      { commit: id["added"], path: "conf/app.env", inHead: true },
    ]);
  });

  test("seen from a linked working tree, whose HEAD is another", () => {
    const tree = join(folder, "linked");
    shop.git("worktree", "add", "-q", "--detach", tree, "feature");
    const found = scan(tree);
    expect(found.get(probe("feature"))!.places).toMatchObject([
      { commit: id["feature"], path: "feature.txt", inHead: true },
    ]);
    expect(found.get(probe("evil merge"))!.places).toMatchObject([{ commit: id["merge"], inHead: false }]);
    shop.git("worktree", "remove", "--force", tree);
  });

  test("without any git program on the machine", () => {
    const ran = leaktrace(["git", shop.path, "-c", rules, "-f", "json", "-r", "-"], {
      env: { PATH: "", HOME: folder },
    });
    expect({ code: ran.code, entries: (JSON.parse(ran.stdout) as unknown[]).length > 10 }).toEqual({
      code: 1,
      entries: true,
    });
  });
});

test("paths that hold quotes, line ends and escapes are told as they are, and shown safely", () => {
  const shop = createRepository(join(folder, "odd"));
  const name = 'a "quoted"\n\x1b[31m päth\\with';
  shop.commit("Odd", { [name]: probe("odd") });
  expect(placesOf(shop, probe("odd"))).toMatchObject([{ path: name }]);
  const { stdout, stderr } = leaktrace(["git", shop.path, "-c", rules]);
  expect(`${stdout}${stderr}`).not.toContain("\x1b[31m");
  expect(stdout).toContain('a "quoted"\\n\\x1b[31m päth');
});

test("a submodule's commit is no missing object", () => {
  const sub = createRepository(join(folder, "sub"));
  sub.commit("Inside", { "inner.txt": "inside" });
  const shop = createRepository(join(folder, "super"));
  shop.git("submodule", "--quiet", "add", sub.path, "module");
  shop.commit("With a module", { "own.txt": probe("own") });
  expect(placesOf(shop, probe("own"))).toMatchObject([{ path: "own.txt" }]);
});

test("a detached HEAD is where HEAD is", () => {
  const shop = createRepository(join(folder, "detached"));
  shop.commit("One", { "one.txt": probe("one") });
  shop.commit("Two", { "one.txt": "no more" });
  shop.git("checkout", "-q", "--detach", "HEAD~1");
  expect(placesOf(shop, probe("one"))).toMatchObject([{ inHead: true, refs: ["main"] }]);
});

test("commits without dates, authors or messages do not end the scan", () => {
  const shop = createRepository(join(folder, "bare-bones"));
  const blob = shop
    .feed(Buffer.from(probe("bones")), "hash-object", "-w", "--stdin")
    .toString()
    .trim();
  const tree = shop
    .feed(Buffer.from(`100644 blob ${blob}\tfile\n`), "mktree")
    .toString()
    .trim();
  for (const [name, text] of [
    ["plain", `tree ${tree}\nauthor x\ncommitter <\n\n`],
    ["far", `tree ${tree}\nauthor A <a> 99999999999999999 +0000\ncommitter A <a> -5 +9999\nencoding latin1\n\n\xff`],
  ] as const) {
    const commit = shop
      .feed(Buffer.from(text, "latin1"), "hash-object", "-w", "-t", "commit", "--literally", "--stdin")
      .toString()
      .trim();
    writeFileSync(join(shop.path, ".git/refs/heads", name), `${commit}\n`);
  }
  expect(placesOf(shop, probe("bones"))).toMatchObject([{ path: "file" }]);
});

test("a message of megabytes is told by its beginning: each finding of the commit repeats it", () => {
  const shop = createRepository(join(folder, "wordy"));
  const kept = (type: string, text: string): string =>
    shop.feed(Buffer.from(text), "hash-object", "-w", "-t", type, "--stdin").toString().trim();
  const entry = `100644 blob ${kept("blob", probe("wordy"))}\tfile\n`;
  const tree = shop.feed(Buffer.from(entry), "mktree").toString().trim();
  const person = "A <a@b> 1 +0000";
  const text = `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\n${"long ".repeat(1_000_000)}`;
  writeFileSync(join(shop.path, ".git/refs/heads/wordy"), `${kept("commit", text)}\n`);
  const origin = scan(shop.path).get(probe("wordy"))!.sightings[0]!.origin as GitOrigin;
  expect(origin.commit?.message).toBe(`${"long ".repeat(20_000).slice(0, 1 << 16)}…`);
});

test(
  "a tree that is thousands deep, and one that holds itself many times, are walked",
  { timeout: 30_000 },
  async () => {
    const { commitOf, objectId, treeOf, whole, writePack } = await import("../../../fixtures/git/pack-writer.ts");
    const shop = createRepository(join(folder, "deep"));
    const items = [whole("blob", probe("deep"))];
    let inner = items[0]!.id;
    let mode = "100644";
    for (let depth = 0; depth < 12_000; depth++) {
      const tree = treeOf([{ mode, name: "d", id: inner }]);
      items.push(whole("tree", tree));
      inner = objectId("tree", tree);
      mode = "40000";
    }
    const wide = [whole("blob", probe("wide"))];
    let layer = wide[0]!.id;
    let wideMode = "100644";
    for (let depth = 0; depth < 30; depth++) {
      const tree = treeOf(Array.from({ length: 10 }, (_, i) => ({ mode: wideMode, name: `${i}`, id: layer })));
      wide.push(whole("tree", tree));
      layer = objectId("tree", tree);
      wideMode = "40000";
    }
    const commits = [whole("commit", commitOf(inner)), whole("commit", commitOf(layer, [], "wide"))];
    writePack(join(shop.path, ".git/objects"), "deep", [...items, ...wide, ...commits]);
    commits.forEach(({ id: commit }, i) => writeFileSync(join(shop.path, ".git/refs/heads", `b${i}`), `${commit}\n`));
    const found = scan(openWorkshop(shop.path).path);
    const [begin, leftOut, end] = found.get(probe("deep"))!.places[0]!.path.split(/…\((\d+) characters left out\)…/);
    expect(begin).toMatch(/^(?:d\/)+$/);
    expect(end).toMatch(/^(?:\/?d)+$/);
    expect(begin!.length + Number(leftOut) + end!.length).toBe(2 * 12_000 - 1);
    expect(found.get(probe("wide"))!.places.length).toBe(16);
  },
);
