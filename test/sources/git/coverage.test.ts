import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository, openWorkshop, type Workshop } from "../../../fixtures/git/workshop.ts";
import { leaktrace, probe, probeRules, scratch } from "../../cli/scan-program.ts";
import { scanPlaces } from "./scan-places.ts";

const folder = scratch();
const rules = probeRules(folder);

function blobOf(shop: Workshop, text: string): string {
  return shop.feed(Buffer.from(text), "hash-object", "-w", "--stdin").toString().trim();
}

describe("each place is labelled with all ways that lead to it", () => {
  const shop = createRepository(join(folder, "labels"));
  shop.commit("Begin", { "main.txt": probe("main") });
  shop.git("checkout", "-q", "-b", "side");
  shop.commit("Side", { "side.txt": probe("side") });
  shop.git("checkout", "-q", "main");
  shop.commit("Tagged", { "tagged.txt": probe("tagged") });
  shop.git("tag", "-a", "-m", `tag message ${probe("tag message")}`, "v1");
  shop.git("reset", "-q", "--hard", "HEAD~1");
  shop.git("tag", "-a", "-m", "A file", "file-tag", blobOf(shop, probe("tagged blob")));
  shop.git("update-ref", "refs/remotes/origin/far", shop.git("commit-tree", "-m", probe("far message"), "HEAD^{tree}"));
  shop.git("update-ref", "refs/pull/7/head", shop.git("commit-tree", "-m", probe("pull message"), "HEAD^{tree}"));
  shop.git(
    "update-ref",
    "refs/constructor/x",
    shop.git("commit-tree", "-m", probe("message of a ref of no known kind"), "HEAD^{tree}"),
  );
  shop.git("notes", "add", "-m", probe("note"), "HEAD");
  shop.write({ "main.txt": `${probe("main")}\n${probe("stashed")}`, "staged.txt": probe("stash index") });
  shop.git("add", "staged.txt");
  shop.write({ "untracked.txt": probe("stash untracked") });
  shop.git("stash", "push", "-q", "--include-untracked");
  shop.commit("Amend me", { "amended.txt": probe("amended") });
  shop.git("rm", "-q", "amended.txt");
  shop.git("commit", "-q", "--amend", "--allow-empty", "-m", "Amended");
  blobOf(shop, probe("dangling blob"));
  const lost = shop.git("commit-tree", "-m", probe("dangling commit"), "HEAD^{tree}");
  shop.write({ "new.txt": probe("staged"), "main.txt": probe("main") });
  shop.git("add", "-A");
  shop.write({ "loose.txt": probe("never staged") });
  const tree = join(folder, "linked");
  shop.git("worktree", "add", "-q", "--detach", tree, "side");
  const linked = openWorkshop(tree);
  linked.commit("On no branch", { "detached.txt": probe("detached") });
  linked.write({ "linked.txt": probe("linked index") });
  linked.git("add", "linked.txt");

  const expected = {
    main: ["main.txt [HEAD branch tag remote-tracking ref stash reflog index]", "main.txt [stash]"],
    // `git worktree add` leaves an ORIG_HEAD.
    side: ["side.txt [HEAD branch ref reflog index]"],
    tagged: ["tagged.txt [tag reflog]"],
    "tag message": [" [tag]"],
    "tagged blob": [" [tag]"],
    "far message": [" [remote-tracking reflog]"],
    "pull message": [" [ref]"],
    "message of a ref of no known kind": [" [ref]"],
    stashed: ["main.txt [stash]"],
    "stash index": ["staged.txt [stash]"],
    "stash untracked": ["untracked.txt [stash]"],
    amended: ["amended.txt [reflog]"],
    "dangling blob": [" [unreachable]"],
    "dangling commit": [" [unreachable]"],
    staged: ["new.txt [index]"],
    "never staged": [],
    detached: ["detached.txt [HEAD reflog index]"],
    "linked index": ["linked.txt [index]"],
  };

  test.each(["loose", "packed"])("%s", (how) => {
    if (how === "packed") {
      shop.git("pack-refs", "--all");
      shop.git("repack", "-qadfk");
    }
    const seen = scanPlaces(["git", shop.path], rules);
    const got = Object.fromEntries(Object.keys(expected).map((name) => [name, seen.places(probe(name))]));
    expect(got).toEqual(expected);
    expect(seen.places(probe("note"))).toEqual([`${shop.git("rev-parse", "HEAD~1")} [note reflog]`]);
    expect(seen.origins(probe("tag message"))[0]).toMatchObject({ objectType: "tag", refs: ["v1"] });
    expect(seen.origins(probe("dangling commit"))[0]).toMatchObject({ object: lost, refs: [] });
  });

  test("in every format", () => {
    const run = (...args: string[]): string => leaktrace(["git", shop.path, "-c", rules, ...args]).stdout;
    expect(run()).toContain("not in HEAD, still in history · stash · by stash");
    expect(run()).toMatch(/object [0-9a-f]{12}, in no commit · by index/);
    expect(run()).toMatch(/object [0-9a-f]{12}, in no commit · unreachable/);
    expect(run()).toMatch(/commit [0-9a-f]{12}:5:1 \(message, line 1\)/);
    const [entry] = (JSON.parse(run("-f", "json", "-r", "-")) as Record<string, unknown>[]).filter(
      ({ File }) => File === "new.txt",
    );
    expect(entry!["ReachedBy"]).toEqual(["index"]);
    expect(run("-f", "csv", "-r", "-").split("\n")[0]).toMatch(/,Fingerprint,Tags,Severity,Confidence,Finding,ReachedBy$/);
    expect(run("-f", "sarif", "-r", "-")).toContain('"reachedBy":["tag","reflog"]');
  });
});

describe("contents that are no files of a commit", () => {
  test("names of files and folders, also where only a symbolic link or an index has them", () => {
    const shop = createRepository(join(folder, "names"));
    const id = shop.commit("Names", {
      [`deep/${probe("folder")}/x.txt`]: "x",
      [`keys/${probe("file")}.txt`]: "y",
    });
    shop.git("mv", `keys/${probe("file")}.txt`, "keys/renamed.txt");
    const gone = shop.commit("Rename");
    shop.write({ [`${probe("staged name")}.txt`]: "z" });
    shop.git("add", "-A");
    for (const how of ["loose", "packed"]) {
      if (how === "packed") shop.git("repack", "-qadfk");
      const seen = scanPlaces(["git", shop.path], rules);
      expect(seen.origins(probe("folder"))).toMatchObject(
        [
          {
            objectType: "tree",
            path: `deep/${probe("folder")}`.replace(probe("folder"), expect.any(String) as string),
            inHead: true,
            commit: { id },
          },
          { objectType: "file", path: ".git/index" },
        ].map((origin) => ({ ...origin, path: expect.any(String) as string })),
      );
      expect(seen.origins(probe("file"))).toMatchObject([
        { objectType: "tree", inHead: false, commit: { id }, removedBy: { id: gone } },
      ]);
      expect(seen.places(probe("staged name"))).toEqual([".git/index [index]"]);
    }
    const { stdout } = leaktrace(["git", shop.path, "-c", rules]);
    expect(stdout).toContain("(the name itself)");
    expect(stdout).not.toContain(probe("folder"));
  });

  test("a name in many versions of a large folder is traced to the first of them", () => {
    const shop = createRepository(join(folder, "many-names"));
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f/file-${i}.txt`, `${i}`]));
    shop.commit("Begin", files);
    const first = shop.commit("Token", { [`f/g-${probe("late name")}`]: "t" });
    for (let i = 0; i < 12; i++) shop.commit(`Version ${i}`, { [`f/file-${i * 5}.txt`]: `changed ${i}` });
    shop.git("repack", "-qadf", "--depth=50");
    const seen = scanPlaces(["git", shop.path], rules);
    expect(seen.origins(probe("late name"))[0]).toMatchObject({ commit: { id: first }, inHead: true });
  });

  test("targets of symbolic links", () => {
    const shop = createRepository(join(folder, "links"));
    symlinkSync(`/secrets/${probe("link")}`, join(shop.path, "to-secret"));
    const id = shop.commit("Link");
    expect(scanPlaces(["git", shop.path], rules).origins(probe("link"))).toMatchObject([
      { path: "to-secret", form: "symlink", commit: { id }, objectType: "blob" },
    ]);
  });

  test("authors and committers of commits, and taggers", () => {
    const shop = createRepository(join(folder, "people"));
    const who = (name: string): string => `${probe(name)} <${name}@fixture.invalid>`;
    shop.write({ "a.txt": "a" });
    shop.git("add", "-A");
    shop.git("commit", "-q", "-m", "One", `--author=${who("author")}`);
    shop.git("-c", `user.name=${probe("unused")}`, "tag", "-a", "-m", "T", "t");
    const seen = scanPlaces(["git", shop.path], rules);
    expect(seen.sightings.get(probe("author"))).toMatchObject([{ startLine: 2, origin: { objectType: "commit" } }]);
    expect(leaktrace(["git", shop.path, "-c", rules]).stdout).toMatch(/commit [0-9a-f]{12}:2:8 \(author\)/);
  });

  test("files of the git folder: configuration, hooks, logs, messages of what is under way, names of refs", () => {
    const shop = createRepository(join(folder, "git-folder"));
    shop.commit("One", { "a.txt": "a" });
    shop.git("config", "remote.origin.url", `https://user:${probe("config")}@host.invalid/x`);
    shop.git("commit", "-q", "--allow-empty", "-m", `Reflog ${probe("reflog")}`);
    shop.git("commit", "-q", "--amend", "--allow-empty", "-m", "Gone");
    shop.git("branch", `b-${probe("ref name")}`);
    const write = (name: string, text: string): void => {
      mkdirSync(join(shop.path, ".git", name, ".."), { recursive: true });
      writeFileSync(join(shop.path, ".git", name), text);
    };
    const files = [
      "hooks/pre-push",
      "config.worktree",
      "credentials",
      "FETCH_HEAD",
      "MERGE_MSG",
      "modules/lib/sub/config",
      "rr-cache/1/preimage",
    ];
    for (const name of files) write(name, `text ${probe(name)}\n`);
    write("modules/lib/sub/HEAD", "ref: refs/heads/main\n");
    mkdirSync(join(shop.path, ".git/modules/lib/sub/objects"));
    chmodSync(join(shop.path, ".git/hooks/pre-push"), 0o755);
    const seen = scanPlaces(["git", shop.path], rules);
    for (const name of files) expect(seen.places(probe(name))).toEqual([`.git/${name} [local]`]);
    expect(seen.places(probe("config"))).toEqual([".git/config [local]"]);
    expect(seen.places(probe("ref name"))).toContain(".git/refs [ref]");
    expect(seen.places(probe("reflog"))).toEqual([
      " [reflog]",
      ".git/logs/HEAD [reflog]",
      ".git/logs/refs/heads/main [reflog]",
    ]);
    shop.git("pack-refs", "--all");
    const bare = join(folder, "git-folder-bare.git");
    shop.git("clone", "-q", "--bare", shop.path, bare);
    expect(scanPlaces(["git", bare], rules).places(probe("ref name"))).toEqual(["packed-refs [ref]", "refs [ref]"]);
  });

  test("a link in the git folder is named and not followed", () => {
    const shop = createRepository(join(folder, "git-links"));
    shop.commit("One", { "a.txt": "a" });
    writeFileSync(join(folder, "outside.txt"), probe("outside"));
    symlinkSync(join(folder, "outside.txt"), join(shop.path, ".git/hooks/post-merge"));
    const { ran, places } = scanPlaces(["git", shop.path], rules);
    expect(places(probe("outside"))).toEqual([]);
    expect({ code: ran.code, told: ran.stderr.includes(".git/hooks/post-merge") }).toEqual({ code: 0, told: true });
  });
});

describe("Git LFS", () => {
  const text = `large file with ${probe("large")}\n`;
  const sha256 = createHash("sha256").update(text).digest("hex");
  const pointer = (id: string, size: number): string =>
    `version https://git-lfs.github.com/spec/v1\noid sha256:${id}\nsize ${size}\n`;

  test("files that are here are scanned and told with the commit of their pointer; others make the scan incomplete", () => {
    const shop = createRepository(join(folder, "lfs"));
    const id = shop.commit("Large", { "big.bin": pointer(sha256, text.length) });
    const at = join(shop.path, ".git/lfs/objects", sha256.slice(0, 2), sha256.slice(2, 4));
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, sha256), text);
    const whole = scanPlaces(["git", shop.path], rules);
    expect(whole.ran.code).toBe(1);
    expect(whole.ledger.problems).toEqual([]);
    expect(whole.origins(probe("large"))).toMatchObject([
      { path: "big.bin", form: "lfs", commit: { id }, reachedBy: ["HEAD", "branch", "reflog", "index"] },
      { path: `.git/lfs/objects/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`, reachedBy: ["local"] },
    ]);
    rmSync(join(shop.path, ".git/lfs"), { recursive: true });
    shop.git("repack", "-qad");
    const absent = scanPlaces(["git", shop.path], rules);
    expect(absent.ran.code).toBe(3);
    expect(absent.ran.stderr).toContain(sha256);
    expect(absent.ledger.ledger.skipped).toEqual({ "lfs-missing": 1 });
  });
});

describe("submodules", () => {
  const inner = createRepository(join(folder, "inner"));
  inner.commit("Inside", { "inner.txt": probe("inner") });
  const shop = createRepository(join(folder, "outer"));
  shop.git("submodule", "--quiet", "add", "--name", "lib/one", inner.path, "path/module");
  shop.commit("With a module", { "own.txt": "own" });

  test("are named as not scanned", () => {
    const { ran, places } = scanPlaces(["git", shop.path], rules);
    expect(places(probe("inner"))).toEqual([]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/path\/module: submodule at commit [0-9a-f]{12} is another repository/);
  });

  test("that were initialised are scanned on --recurse-submodules", () => {
    const { ran, origins } = scanPlaces(["git", shop.path, "--recurse-submodules"], rules);
    expect(ran.code).toBe(1);
    expect(origins(probe("inner"))).toMatchObject([
      { repository: join(shop.path, ".git/modules/lib/one"), path: "inner.txt" },
    ]);
  });
});

describe("the working tree", () => {
  const shop = createRepository(join(folder, "worktree"));
  shop.write({ ".gitignore": "*.env\n/build/\n!kept.env\n", "tracked.env": probe("tracked ignored") });
  shop.git("add", "-f", ".");
  shop.git("commit", "-q", "-m", "One");
  shop.write({
    "new.txt": probe("untracked"),
    "local.env": probe("ignored"),
    "kept.env": probe("kept"),
    "build/deep/out.txt": probe("built"),
    [`n-${probe("untracked name")}`]: "x",
    "sub/.gitignore": "secret*\n",
    "sub/secret.txt": probe("nested ignore"),
  });
  symlinkSync(probe("worktree link"), join(shop.path, "link"));
  symlinkSync(folder, join(shop.path, "way-out"));

  test("is left out unless asked for", () => {
    const { places } = scanPlaces(["git", shop.path], rules);
    expect(["untracked", "ignored", "kept", "built"].flatMap((name) => places(probe(name)))).toEqual([]);
  });

  test("is scanned with --worktree, ignored files too, and labelled", () => {
    const { places } = scanPlaces(["git", shop.path, "--worktree"], rules);
    const names = [
      "untracked",
      "ignored",
      "kept",
      "built",
      "nested ignore",
      "tracked ignored",
      "worktree link",
      "untracked name",
    ];
    expect(Object.fromEntries(names.map((name) => [name, places(probe(name))]))).toEqual({
      untracked: ["new.txt [worktree]"],
      ignored: ["local.env [worktree ignored]"],
      kept: ["kept.env [worktree]"],
      built: ["build/deep/out.txt [worktree ignored]"],
      "nested ignore": ["sub/secret.txt [worktree ignored]"],
      "tracked ignored": ["tracked.env [HEAD branch reflog index]", "tracked.env [worktree]"],
      "worktree link": ["link [worktree]"],
      "untracked name": [". [worktree]"],
    });
  });

  test("of a bare repository is none, and that is said", () => {
    const bare = createRepository(join(folder, "no-tree.git"), "--bare");
    const { code, stderr } = leaktrace(["git", bare.path, "--worktree", "-c", rules]);
    expect(code).toBe(0);
    expect(stderr).toContain("a bare repository has no working tree");
  });
});

describe("nothing of a scanned repository is obeyed", () => {
  test("configuration, attributes, hooks, replacements and grafts run nothing and hide nothing", () => {
    const shop = createRepository(join(folder, "hostile"));
    const first = shop.commit("One", { "a.txt": probe("first"), ".gitattributes": "* filter=evil diff=evil -diff\n" });
    const second = shop.commit("Two", { "a.txt": probe("second") });
    const empty = shop.git("commit-tree", "-m", "nothing", shop.feed(Buffer.alloc(0), "mktree").toString().trim());
    shop.git("replace", first, empty);
    shop.git("replace", shop.git("rev-parse", `${second}:a.txt`), blobOf(shop, "harmless"));
    mkdirSync(join(shop.path, ".git/info"), { recursive: true });
    writeFileSync(join(shop.path, ".git/info/grafts"), `${second}\n`);
    writeFileSync(join(shop.path, ".git/info/attributes"), "* -diff filter=evil\n");
    const proof = join(folder, "proof");
    const touch = `touch ${proof}`;
    for (const hook of ["post-checkout", "post-index-change", "fsmonitor-watchman", "pre-push"]) {
      writeFileSync(join(shop.path, ".git/hooks", hook), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
    }
    writeFileSync(
      join(shop.path, ".git/config"),
      `${readFileSync(join(shop.path, ".git/config"), "utf8")}
[core]\n\tfsmonitor = ${touch}\n\tpager = ${touch}\n\tsshCommand = ${touch}\n\tworktree = /\n\thooksPath = .git/hooks
[filter "evil"]\n\tclean = ${touch}\n\tsmudge = ${touch}\n[diff "evil"]\n\ttextconv = ${touch}\n[credential]\n\thelper = !${touch}
[include]\n\tpath = /etc/passwd\n[alias]\n\tst = !${touch}\n[transfer]\n\thideRefs = refs\n`,
    );
    const seen = scanPlaces(["git", shop.path, "--worktree"], rules);
    expect(existsSync(proof)).toBe(false);
    expect(seen.origins(probe("first"))).toMatchObject([
      { path: "a.txt", commit: { id: first }, removedBy: { id: second }, reachedBy: ["HEAD", "branch", "reflog"] },
    ]);
    expect(seen.places(probe("second"))).toEqual(["a.txt [HEAD branch reflog index]", "a.txt [worktree]"]);
  });
});

test("the report is the same for one worker and for four", () => {
  const shop = createRepository(join(folder, "same"));
  for (let i = 0; i < 30; i++)
    shop.commit(`Commit ${i}`, {
      [`d${i % 7}/n-${probe(`same ${i % 5}`)}`]: probe(`c${i}`),
      "same.txt": `${i}\n`.repeat(200),
    });
  shop.git("repack", "-qadf");
  const run = (workers: string): string =>
    leaktrace(["git", shop.path, "-c", rules, "-f", "jsonl", "-r", "-", "--workers", workers]).stdout;
  expect(run("1")).toBe(run("4"));
});
