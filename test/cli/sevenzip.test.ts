/** 7z archives, and others in them, wherever they lie: places are named as those of any archive. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { hasProgram } from "../require-program.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

/** A 7z archive of `a/plain.env`, and of a tar, in gzip, that holds `etc/app.conf`. */
function archive(seed: string, ...options: readonly string[]): Buffer {
  const home = join(folder, "made", seed);
  mkdirSync(join(home, "a"), { recursive: true });
  writeFileSync(join(home, "a/plain.env"), `# settings\nKEY=${probe(`${seed} plain`)}\n`);
  const tar = Buffer.concat([rawEntry({ name: "etc/app.conf" }, probe(`${seed} tar`)), endOfTar]);
  writeFileSync(join(home, "inner.tgz"), gzipSync(tar));
  execFileSync("7zz", ["a", "-bso0", "-bsp0", ...options, "../out.7z", "."], { cwd: home });
  const bytes = readFileSync(join(folder, "made/out.7z"));
  execFileSync("rm", [join(folder, "made/out.7z")]);
  return bytes;
}

function scan(command: string, target: string, ...args: readonly string[]): Ran {
  return leaktrace([command, target, "-c", rules, "-f", "json", "-r", "-", ...args], { cwd: folder });
}

const places = (ran: Ran): string[] =>
  entriesOf(ran)
    .map(({ File, StartLine }) => `${File}:${StartLine}`)
    .sort();

describe.skipIf(!hasProgram("7zz"))("7z", () => {
  test("is opened in a folder, a history and a layer", { timeout: 60_000 }, async () => {
    mkdirSync(join(folder, "files"));
    writeFileSync(join(folder, "files/x.tar.7z"), archive("folder"));
    expect(places(scan("dir", "files"))).toEqual([
      "files/x.tar.7z!a/plain.env:2",
      "files/x.tar.7z!inner.tgz!etc/app.conf:1",
    ]);
    createRepository(join(folder, "repo")).commit("One", { "b.7z": archive("history", "-mx0") });
    expect(places(scan("git", "repo"))).toEqual(["b.7z!a/plain.env:2", "b.7z!inner.tgz!etc/app.conf:1"]);
    const layers = [{ files: { "opt/c.7z": archive("layer", "-m0=LZMA") } }];
    await buildImage({ tag: "app:1", layers }, { path: join(folder, "image.tar"), format: "docker-archive" });
    expect(places(scan("image", "image.tar"))).toEqual(["opt/c.7z!a/plain.env:2", "opt/c.7z!inner.tgz!etc/app.conf:1"]);
  });

  test("that is encrypted makes the scan incomplete", () => {
    mkdirSync(join(folder, "closed"));
    writeFileSync(join(folder, "closed/d.7z"), archive("closed", "-pno-secret"));
    const ran = scan("dir", "closed");
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("d.7z!a/plain.env");
    expect(ran.stderr).toContain("is encrypted");
  });
});
