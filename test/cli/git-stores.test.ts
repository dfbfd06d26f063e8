/** What git keeps is read wherever it lies: in folders between others, without its HEAD, beside its objects. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { sampleText } from "../content/streams.ts";
import { testWith } from "../require-program.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

function put(path: string, body: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
}

/** A repository whose working tree has nothing of what its first commit had. */
function repository(path: string, seed: string, isPacked: boolean): string {
  mkdirSync(dirname(path), { recursive: true });
  const shop = createRepository(path);
  shop.commit("One", { "a.env": `A=${probe(seed)}\n` });
  shop.commit("Two", { "a.env": "A=\n" });
  rmSync(join(path, "a.env"), { force: true });
  if (isPacked) execFileSync("git", ["-C", path, "gc", "-q"]);
  return path;
}

function scan(command: string, target: string): { code: number | null; secrets: string[]; stderr: string } {
  const ran = leaktrace([command, target, "-c", rules, "-f", "json", "-r", "-", "--reveal", "--no-cache"]);
  return { code: ran.code, stderr: ran.stderr, secrets: entriesOf(ran).map(({ Secret }) => Secret) };
}

describe("repositories in a folder", () => {
  testWith("git")("are read by scan as repositories, those of submodules and without a working tree as well", () => {
    const root = join(folder, "projects");
    repository(join(root, "one"), "loose", false);
    repository(join(root, "deep/er/two"), "packed", true);
    repository(join(folder, "bare"), "bare", true);
    cpSync(join(folder, "bare/.git"), join(root, "three.git"), { recursive: true });
    repository(join(folder, "module"), "module", false);
    cpSync(join(folder, "module/.git"), join(root, "one/.git/modules/lib/x"), { recursive: true });
    put(join(root, "one/.git/objects/notes.txt"), probe("beside"));
    put(join(root, "plain.txt"), probe("plain"));
    const { code, secrets, stderr } = scan("scan", root);
    expect([code, stderr.includes("incomplete")]).toEqual([1, false]);
    expect([...new Set(secrets)].sort()).toEqual(
      ["loose", "packed", "bare", "module", "beside", "plain"].map((seed) => probe(seed)).sort(),
    );
    const entry = entriesOf(leaktrace(["scan", root, "-c", rules, "-f", "json", "-r", "-", "--reveal", "--no-cache"]));
    expect(entry.find(({ Secret }) => Secret === probe("packed"))).toMatchObject({ File: "a.env", StartLine: 1 });
  });

  test("are told by dir, which reads all but git's own files", () => {
    const root = join(folder, "told");
    repository(join(root, "one"), "unread", false);
    put(join(root, "x.git/objects/notes.txt"), probe("hidden"));
    const { secrets, stderr } = scan("dir", root);
    expect(secrets).toEqual([probe("hidden")]);
    expect(stderr).toContain("git objects are read by: leaktrace git");
  });
});

describe("a folder of objects", () => {
  testWith("git")("without HEAD and refs is a repository all the same, and alone it is opened", () => {
    for (const isPacked of [false, true]) {
      const seed = `headless ${isPacked}`;
      const headless = join(repository(join(folder, seed), seed, isPacked), ".git");
      for (const name of ["HEAD", "packed-refs", "refs", "logs", "ORIG_HEAD"])
        rmSync(join(headless, name), { recursive: true, force: true });
      for (const command of ["git", "scan"]) {
        const { code, secrets, stderr } = scan(command, headless);
        expect([command, code, new Set(secrets)]).toEqual([command, 1, new Set([probe(seed)])]);
        expect(stderr).toContain("HEAD: is gone");
      }
      const alone = join(folder, `${seed} alone`);
      cpSync(join(headless, "objects"), alone, { recursive: true });
      expect(scan("dir", alone)).toMatchObject({ code: 1, secrets: [probe(seed)] });
    }
  });
});

describe("objects in a layer", () => {
  testWith("git")(
    "are opened once, as the repository's; what only bears such a name is opened as what it is",
    async () => {
      const git = join(repository(join(folder, "layered"), "layered", false), ".git");
      const loose = readdirSync(join(git, "objects"), { recursive: true, encoding: "utf8" })
        .filter((name) => /^[0-9a-f]{2}.[0-9a-f]{38}$/.test(name))
        .map((name) => [`srv/objects/${name}`, readFileSync(join(git, "objects", name))] as const);
      const other = gzipSync(probe("zipped"));
      const large = gzipSync(Buffer.concat([sampleText(300_000, 1), Buffer.from(`\n${probe("large")}`)]), { level: 0 });
      const named = { "srv/objects/ab/": other, "srv/objects/cd/": large };
      const files = Object.entries(named).map(([name, bytes]) => [name + "0".repeat(38), bytes] as const);
      const path = join(folder, "layered.tar");
      const layers = [{ files: Object.fromEntries([...loose, ...files]) }];
      await buildImage({ tag: "app:1", layers }, { path, format: "docker-archive" });
      const entries = entriesOf(
        leaktrace(["scan", path, "-c", rules, "-f", "json", "-r", "-", "--reveal", "--no-cache"]),
      );
      const secrets = entries.map(({ Secret }) => Secret);
      expect(secrets.filter((secret) => secret === probe("layered"))).toHaveLength(1);
      expect([...new Set(secrets)].sort()).toEqual(["layered", "zipped", "large"].map(probe).sort());
    },
  );
});

testWith("git")("longer ids are known by their names, where the configuration is gone", () => {
  for (const isPacked of [false, true]) {
    const path = join(folder, `longer-${isPacked}`);
    const shop = createRepository(path, "--object-format=sha256");
    shop.commit("One", { "a.env": `A=${probe("longer")}\n` });
    shop.commit("Two", { "a.env": "A=\n" });
    if (isPacked) execFileSync("git", ["-C", path, "gc", "-q"]);
    for (const config of ["", "[core]\n\trepositoryformatv"]) {
      writeFileSync(join(path, ".git/config"), config);
      const ran = leaktrace(["git", path, "-c", rules, "-f", "json", "-r", "-", "--no-cache"]);
      expect(entriesOf(ran).map(({ File, StartLine }) => [File, StartLine])).toEqual([["a.env", 1]]);
      expect(ran.stderr).not.toContain("not scanned");
    }
  }
});

testWith("git")("packs of several layers that have one name are all read, each once", async () => {
  const packs = ["below", "above"].map((seed) => {
    const kept = join(repository(join(folder, seed), seed, true), ".git/objects/pack");
    return readFileSync(
      join(
        kept,
        readdirSync(kept).find((name) => name.endsWith(".pack"))!,
      ),
    );
  });
  const name = `srv/objects/pack/pack-${"a".repeat(40)}.pack`;
  const path = join(folder, "one-name.tar");
  const layers = [packs[0]!, packs[0]!, packs[1]!].map((bytes) => ({ files: { [name]: bytes } }));
  await buildImage({ tag: "app:1", layers }, { path, format: "docker-archive" });
  expect([...scan("scan", path).secrets].sort()).toEqual(["below", "above"].map(probe).sort());
});

describe("files that are not git's in a git folder", () => {
  test.each([
    ...["objects/notes.txt", "objects/ab/notes", "objects/pack/notes.txt", "objects/info/notes", "objects/pack/x.keep"],
    ...["modules/notes.txt", "modules/lib/notes", "worktrees/w/refs/notes", "refs/heads/notes", "objects/info/packs"],
    ...[`sharedindex.${"a".repeat(40)}`, `objects/ab/${"1".repeat(38)}`, `objects/ab/${"1".repeat(62)}`],
    ...["index", "worktrees/w/index", "objects/pack/x.pack"],
  ])("%s is scanned", (name) => {
    const path = join(folder, name.replaceAll("/", "-"));
    createRepository(path).commit("One", { a: "text\n" });
    put(join(path, ".git", name), `# a note\n${probe(name)}\n`);
    expect(scan("git", path)).toMatchObject({ code: 1, secrets: [probe(name)] });
  });

  test("are scanned where they are as long as an id", () => {
    const path = join(folder, "as-long");
    createRepository(path).commit("One", { a: "text\n" });
    const text = probe("as-long");
    put(join(path, ".git/refs/heads/x"), `${text}${"-".repeat(64 - text.length)}`);
    expect(scan("git", path)).toMatchObject({ code: 1, secrets: [text] });
  });

  test("leave a sound repository as complete as it was", () => {
    const path = join(folder, "sound");
    createRepository(path).commit("One", { a: "text\n" });
    expect(readdirSync(join(path, ".git", "objects")).length).toBeGreaterThan(0);
    expect(scan("git", path)).toMatchObject({ code: 0, secrets: [] });
  });
});
