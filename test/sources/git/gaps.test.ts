import { chmodSync, readdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flipBit } from "../../../fixtures/git/damage.ts";
import { createRepository, openWorkshop, versionsOf, type Workshop } from "../../../fixtures/git/workshop.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "../../cli/scan-program.ts";
import { testWith } from "../../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
let count = 0;

function scan(path: string): { code: number | null; stderr: string; files: string[] } {
  const ran = leaktrace(["git", path, "-c", rules, "-f", "json", "-r", "-", "--reveal"]);
  for (const line of ran.stderr.trimEnd().split("\n")) expect(line).toMatch(/^leaktrace: /);
  return {
    code: ran.code,
    stderr: ran.stderr,
    files:
      ran.stdout === ""
        ? []
        : entriesOf(ran)
            .map(({ File }) => File)
            .sort(),
  };
}

/** A history without a secret, or with one in its first version. */
function history(secret?: string): Workshop {
  const shop = createRepository(join(folder, `repository-${count++}`));
  versionsOf("file", 8).forEach((text, i) =>
    shop.commit(`Version ${i}`, { "file.txt": text, [`n${i}.txt`]: i === 0 && secret !== undefined ? secret : `${i}` }),
  );
  return shop;
}

describe("what is not there is never called clean", () => {
  test("a shallow clone says so, and lists its boundary", () => {
    const shop = history();
    const path = join(folder, "shallow");
    shop.git("clone", "-q", "--depth=2", `file://${shop.path}`, path);
    const { code, stderr } = scan(path);
    expect(code).toBe(3);
    expect(stderr).toContain("shallow clone");
    expect(stderr).toContain(openWorkshop(path).git("rev-parse", "HEAD~1").slice(0, 12));
  });

  test("a partial clone names what was left at the remote", () => {
    const shop = history(probe("left out"));
    shop.git("config", "uploadpack.allowFilter", "true");
    const path = join(folder, "partial");
    shop.git("clone", "-q", "--no-checkout", "--filter=blob:none", `file://${shop.path}`, path);
    const { code, stderr } = scan(path);
    expect(code).toBe(3);
    expect(stderr).toContain("partial clone");
    expect(stderr).toContain(shop.git("rev-parse", "HEAD:n0.txt"));
    expect(stderr).toContain("n0.txt");
  });

  test("a loose object that is gone is named, with its path", () => {
    const shop = history();
    const blob = shop.git("rev-parse", "HEAD:n3.txt");
    unlinkSync(join(shop.path, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    const { code, stderr } = scan(shop.path);
    expect(code).toBe(3);
    expect(stderr).toContain(blob);
    expect(stderr).toContain("n3.txt");
  });

  test.each(["HEAD~2^{tree}", "HEAD~2", "HEAD"])(
    "%s that is gone is named, and what it held is still scanned",
    (what) => {
      const shop = history(probe(1));
      const id = shop.git("rev-parse", what);
      unlinkSync(join(shop.path, ".git/objects", id.slice(0, 2), id.slice(2)));
      const { code, stderr, files } = scan(shop.path);
      expect(code).toBe(1);
      expect(stderr).toContain(id);
      expect(files.length).toBe(1);
    },
  );

  test("a ref that names nothing is named", () => {
    const shop = history();
    writeFileSync(join(shop.path, ".git/refs/heads/lost"), "0123456789012345678901234567890123456789\n");
    const { code, stderr } = scan(shop.path);
    expect(code).toBe(3);
    expect(stderr).toContain("refs/heads/lost");
  });
});

describe("what is damaged is named, and the rest is scanned", () => {
  function packed(secret?: string): { shop: Workshop; pack: string; index: string } {
    const shop = history(secret);
    shop.git("repack", "-qadf");
    const at = join(shop.path, ".git/objects/pack");
    for (const name of readdirSync(at)) chmodSync(join(at, name), 0o644);
    const find = (end: string): string =>
      join(
        at,
        readdirSync(at).find((name) => name.endsWith(end))!,
      );
    return { shop, pack: find(".pack"), index: find(".idx") };
  }

  test("a flipped byte in a pack: code 3 without findings, 1 with", () => {
    for (const secret of [undefined, probe("still there")]) {
      const { shop, pack, index } = packed(secret);
      const blob = shop.git("rev-parse", "HEAD:n5.txt");
      const offset = Number(
        shop
          .git("verify-pack", "-v", index)
          .split("\n")
          .find((line) => line.startsWith(blob))!
          .split(/ +/)[4],
      );
      flipBit(pack, offset + 3, 2);
      const { code, stderr, files } = scan(shop.path);
      expect({ code, files }).toEqual({
        code: secret === undefined ? 3 : 1,
        files: secret === undefined ? [] : ["n0.txt"],
      });
      expect(stderr).toContain(blob);
    }
  });

  test("a pack that is cut off, its index, and each without the other", () => {
    const deeds: readonly [code: number, deed: (place: { pack: string; index: string }) => void][] = [
      [3, ({ pack }) => truncateSync(pack, 300)],
      // The pack itself tells what its index would.
      [0, ({ index }) => truncateSync(index, 1100)],
      [3, ({ pack }) => rmSync(pack)],
      [0, ({ index }) => rmSync(index)],
    ];
    for (const [expected, deed] of deeds) {
      const place = packed();
      deed(place);
      const { code, stderr } = scan(place.shop.path);
      expect(code).toBe(expected);
      expect(stderr).toMatch(/pack-[0-9a-f]{40}/);
    }
  });

  test("a loose object that is garbage", () => {
    const shop = history(probe("beside garbage"));
    const blob = shop.git("rev-parse", "HEAD:n4.txt");
    const path = join(shop.path, ".git/objects", blob.slice(0, 2), blob.slice(2));
    chmodSync(path, 0o644);
    writeFileSync(path, "garbage");
    const { code, stderr, files } = scan(shop.path);
    expect({ code, files }).toEqual({ code: 1, files: ["n0.txt"] });
    expect(stderr).toContain(blob);
  });

  test("an index file of the working tree that is garbage costs nothing", () => {
    const shop = history(probe("no index"));
    writeFileSync(join(shop.path, ".git/index"), "garbage");
    expect(scan(shop.path)).toMatchObject({ code: 1, files: ["n0.txt"] });
  });

  test("HEAD, packed-refs and config that are garbage do not end the scan", () => {
    const shop = history(probe("no refs"));
    for (const [name, text] of [
      ["HEAD", "ref: refs/../../etc/passwd"],
      ["packed-refs", "\0\n^x\n".repeat(50)],
      ["config", "[[["],
    ] as const)
      writeFileSync(join(shop.path, ".git", name), text);
    expect(scan(shop.path).files).toEqual(["n0.txt"]);
  });

  testWith("mkfifo")("a FIFO in the place of an object, a pack or a ref is not waited for", { timeout: 20_000 }, () => {
    const shop = history(probe("fifo"));
    for (const name of [
      "objects/55/55555555555555555555555555555555555555",
      "refs/heads/pipe",
      "packed-refs",
      "shallow",
      "objects/info/alternates",
      "objects/pack/pack-5.pack",
      "objects/pack/pack-5.idx",
      "index",
    ]) {
      const path = join(shop.path, ".git", name);
      rmSync(path, { force: true });
      expect(spawnSync("mkdir", ["-p", join(path, "..")]).status).toBe(0);
      expect(spawnSync("mkfifo", [path]).status).toBe(0);
    }
    const { files } = scan(shop.path);
    expect(files).toEqual(["n0.txt"]);
  });
});

describe("what cannot be read at all ends with code 2 and a reason", () => {
  test("a repository that keeps its objects by a hash that nobody knows", () => {
    const shop = createRepository(join(folder, "sha3"));
    shop.commit("One", { "a.txt": probe(2) });
    shop.git("config", "core.repositoryFormatVersion", "1");
    writeFileSync(
      join(shop.path, ".git/config"),
      "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha3\n",
    );
    for (const command of ["git", "scan"]) {
      const ran = leaktrace([command, shop.path, "-c", rules]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: "" });
      expect(ran.stderr).toMatch(/^leaktrace: .*sha3/);
    }
  });

  test("no repository, no such path, a file", () => {
    const plain = join(folder, "plain.txt");
    writeFileSync(plain, "text");
    for (const path of [folder, join(folder, "nowhere"), plain]) {
      const ran = leaktrace(["git", path, "-c", rules]);
      expect({
        path,
        code: ran.code,
        stdout: ran.stdout,
        lines: /^leaktrace: [^\n]+\n( {2}[^\n]+\n)?$/.test(ran.stderr),
      }).toEqual({ path, code: 2, stdout: "", lines: true });
    }
  });
});

test("an empty repository is clean", () => {
  const shop = createRepository(join(folder, "empty"));
  expect(scan(shop.path)).toMatchObject({ code: 0, files: [] });
  const bare = createRepository(join(folder, "empty.git"), "--bare");
  expect(scan(bare.path)).toMatchObject({ code: 0, files: [] });
});
