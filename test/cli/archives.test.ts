import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { madeZip } from "../content/containers/made-zip.ts";
import { sampleText } from "../content/streams.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

function archive(seed: string, more: readonly { name: string; data: Uint8Array }[] = []): Buffer {
  return madeZip([{ name: "conf/app.env", data: `# settings\nKEY=${probe(seed)}\n` }, ...more]);
}

function scan(command: string, target: string, ...args: readonly string[]): Ran {
  return leaktrace([command, target, "-c", rules, "-f", "json", "-r", "-", ...args], { cwd: folder });
}

function places(ran: Ran): string[] {
  return entriesOf(ran).map(({ File, StartLine }) => `${File}:${StartLine}`);
}

describe("archives are opened", () => {
  test("in a folder, small and large", () => {
    mkdirSync(join(folder, "files"));
    writeFileSync(join(folder, "files/small.zip"), archive("small"));
    writeFileSync(join(folder, "files/large.jar"), archive("large", [{ name: "z", data: sampleText(9 << 20) }]));
    writeFileSync(
      join(folder, "files/x.tgz"),
      gzipSync(Buffer.concat([rawEntry({ name: "./a/b" }, probe("tgz")), endOfTar])),
    );
    const ran = scan("dir", "files");
    expect(ran.code).toBe(1);
    expect(places(ran).sort()).toEqual([
      "files/large.jar!conf/app.env:2",
      "files/small.zip!conf/app.env:2",
      "files/x.tgz!a/b:1",
    ]);
    expect(places(scan("dir", "files", "--max-archive-depth", "0"))).toEqual([]);
  });

  test("behind programs and scripts that unpack them; a later part of a divided one is told", () => {
    const unpacked = join(folder, "programs");
    mkdirSync(unpacked);
    const tar = gzipSync(Buffer.concat([rawEntry({ name: "./a/b" }, probe("behind")), endOfTar]));
    writeFileSync(join(unpacked, "setup.run"), Buffer.concat([Buffer.from("#!/bin/sh\nexit 0\n"), tar]));
    writeFileSync(join(unpacked, "tool"), Buffer.concat([readFileSync("/bin/sh"), tar]));
    const ran = scan("dir", "programs");
    expect(places(ran).sort()).toEqual(["programs/setup.run!a/b:1", "programs/tool!a/b:1"]);
    mkdirSync(join(folder, "divided"));
    writeFileSync(join(folder, "divided/x.7z.002"), sampleText(5_000));
    writeFileSync(join(folder, "divided/y.zip"), madeZip([{ name: "x.z02", data: sampleText(5_000) }]));
    const divided = scan("dir", "divided");
    expect(divided.code).toBe(3);
    expect(divided.stderr).toContain("x.7z.002: is a later part");
    expect(divided.stderr).toContain("y.zip!x.z02: is a later part");
  });

  test("a later part of a divided one is told in a history, and where it is staged", () => {
    const divided = createRepository(join(folder, "divided-repo"));
    divided.commit("One", { "a/x.7z.002": sampleText(5_000), "a/y.z02": archive("whole"), "z.7z.001": "text\n" });
    divided.commit("Two", { "a/x.7z.002": "" });
    for (let i = 0; i < 2; i++) {
      const ran = scan("git", "divided-repo");
      expect(ran.stderr.match(/\S+ is a later part/g)).toEqual(["a/x.7z.002: is a later part"]);
      divided.git("repack", "-adq");
    }
    expect(places(scan("git", "divided-repo"))).toHaveLength(1);
    writeFileSync(join(folder, "divided-repo/b.zip.003"), sampleText(6_000));
    divided.git("add", "b.zip.003");
    expect(scan("git", "divided-repo").stderr).toContain("b.zip.003: is a later part");
    const staged = scan("git", "divided-repo", "--staged");
    expect([staged.code, staged.stderr.match(/\S+ is a later part/g)]).toEqual([3, ["b.zip.003: is a later part"]]);
  });

  test("in a history: each version by itself, loose and packed, with its commit", () => {
    const shop = createRepository(join(folder, "repo"));
    const first = shop.commit("One", { "lib/a.zip": archive("first") });
    shop.commit("Two", { "lib/a.zip": archive("second", [{ name: "b.zip", data: archive("nested") }]) });
    const wanted = ["lib/a.zip!b.zip!conf/app.env:2", "lib/a.zip!conf/app.env:2", "lib/a.zip!conf/app.env:2"];
    const loose = scan("git", "repo", "--reveal");
    expect(places(loose).sort()).toEqual(wanted);
    expect(entriesOf(loose).find(({ Secret }) => Secret === probe("first"))).toMatchObject({
      Commit: first,
      Fingerprint: `${first}:lib/a.zip!conf/app.env:probe:2`,
    });
    execFileSync("git", ["-C", join(folder, "repo"), "gc", "-q"]);
    expect(places(scan("git", "repo")).sort()).toEqual(wanted);
    writeFileSync(join(folder, "accepted"), `${first}:lib/a.zip!conf/app.env:probe:2\n`);
    expect(places(scan("git", "repo", "-i", "accepted"))).toHaveLength(2);
  });

  test("in a layer of an image, small and large", async () => {
    const files = {
      "opt/small.zip": archive("layer"),
      "opt/large.zip": archive("large layer", [{ name: "z", data: sampleText(9 << 20) }]),
    };
    await buildImage(
      { tag: "app:1", layers: [{ files }] },
      { path: join(folder, "image.tar"), format: "docker-archive" },
    );
    const ran = scan("image", "image.tar");
    expect(places(ran).sort()).toEqual(["opt/large.zip!conf/app.env:2", "opt/small.zip!conf/app.env:2"]);
    expect(entriesOf(ran)[0]!.Image).toContain("app:1");
  });

  test("on standard input, small and large", () => {
    for (const input of [archive("in"), archive("in", [{ name: "z", data: sampleText(9 << 20) }])]) {
      const ran = leaktrace(["stdin", "-c", rules, "-f", "json", "-r", "-"], { input });
      expect(places(ran)).toEqual(["!conf/app.env:2"]);
    }
  });

  test("and every report names the member", () => {
    writeFileSync(join(folder, "one.zip"), archive("formats"));
    const place = "one.zip!conf/app.env";
    for (const format of ["text", "sarif", "csv", "junit"])
      expect(leaktrace(["dir", "one.zip", "-c", rules, "-f", format, "-r", "-"], { cwd: folder }).stdout).toContain(
        place,
      );
    const [line] = leaktrace(["dir", "one.zip", "-c", rules, "-f", "jsonl", "-r", "-"], { cwd: folder }).stdout.split(
      "\n",
    );
    expect(JSON.parse(line!)).toMatchObject({
      sightings: [{ origin: { kind: "file", path: "one.zip", member: "conf/app.env" }, startLine: 2 }],
    });
    writeFileSync(join(folder, "baseline.jsonl"), `${line}\n`);
    expect(places(scan("dir", "one.zip", "-b", "baseline.jsonl"))).toEqual([]);
  });
});

describe("what of an archive cannot be read", () => {
  const encrypted = madeZip([
    { name: "a", data: "x", flags: 1 },
    { name: "b", data: "x", flags: 1 },
  ]);

  test("makes the scan incomplete and is counted by its reason", () => {
    writeFileSync(join(folder, "hidden.zip"), encrypted);
    const ran = leaktrace(["dir", "hidden.zip", "-c", rules, "-f", "jsonl", "-r", "-"], { cwd: folder });
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
      ledger: { planned: 3, scanned: 1, skipped: { encrypted: 2 } },
      problems: [{ code: "encrypted", subject: "hidden.zip!a", message: "is encrypted (and 1 more like it)" }],
    });
    expect(scan("dir", "hidden.zip", "--max-archive-depth", "0").code).toBe(0);
  });

  test("is looked at again by the next scan, which says the same", () => {
    const repository = join(folder, "cached");
    // A target of some size: of smaller ones nothing is remembered.
    createRepository(repository).commit("One", {
      "a.zip": encrypted,
      "b.zip": archive("b"),
      "c.txt": sampleText(5 << 20),
    });
    const cached = (...args: string[]): Ran =>
      leaktrace(
        ["git", repository, "-c", rules, "-f", "jsonl", "-r", "-", "--cache-dir", join(folder, "cache"), ...args],
        {
          env: { ...process.env, LEAKTRACE_CACHE_DIR: undefined },
        },
      );
    const [first, again] = [cached(), cached()];
    expect(first.stdout).toContain('"member":"conf/app.env"');
    expect(first.stdout).toContain('"encrypted":2');
    expect(again.stdout).toBe(first.stdout);
    // Another depth is another question.
    expect(cached("--max-archive-depth", "0").stdout).not.toContain("encrypted");
    expect(cached().stdout).toBe(first.stdout);
  });

  test("bombs end soon and are named: zeros in zeros, and more empty members than anyone packs", () => {
    const zeros = madeZip([{ name: "0", data: Buffer.alloc(64 << 20) }]);
    const many = madeZip(Array.from({ length: 16 }, (_, i) => ({ name: `${i}.zip`, data: zeros })));
    writeFileSync(
      join(folder, "bomb.zip"),
      madeZip(Array.from({ length: 16 }, (_, i) => ({ name: `${i}.zip`, data: many }))),
    );
    const ran = leaktrace(["dir", "bomb.zip", "-c", rules], { cwd: folder });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("[bomb]");
    const entry = rawEntry({ name: "e" });
    writeFileSync(join(folder, "many.tgz"), gzipSync(Buffer.alloc(520_000 * entry.length, entry), { level: 1 }));
    const second = leaktrace(["dir", "many.tgz", "-c", rules], { cwd: folder });
    expect(second.code).toBe(3);
    expect(second.stderr).toContain("[bomb]");
  });
});
