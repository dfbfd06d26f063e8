/** RAR archives wherever they lie, also behind a program: places are named as those of any archive. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { madeRar4, madeRar5, type RarFile } from "../content/containers/made-rar.ts";
import { madeZip } from "../content/containers/made-zip.ts";
import { sampleText } from "../content/streams.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

/** Two files as one stream, the second with a secret, and a ZIP file with another. */
function files(seed: string): RarFile[] {
  return [
    { name: "long.txt", data: sampleText(300_000, 1) },
    { name: "a/plain.env", data: Buffer.from(`# settings\nKEY=${probe(`${seed} plain`)}\n`), solid: true },
    { name: "in.zip", data: madeZip([{ name: "b", data: probe(`${seed} zip`) }]), solid: true },
  ];
}

function scan(command: string, target: string): Ran {
  return leaktrace([command, target, "-c", rules, "-f", "json", "-r", "-"], { cwd: folder });
}

const places = (ran: Ran): string[] =>
  entriesOf(ran)
    .map(({ File, StartLine }) => `${File}:${StartLine}`)
    .sort();

test("a RAR archive is opened in a folder, a history and a layer", { timeout: 60_000 }, async () => {
  mkdirSync(join(folder, "files"));
  writeFileSync(join(folder, "files/x.rar"), madeRar5(files("folder")));
  writeFileSync(join(folder, "files/setup"), Buffer.concat([readFileSync("/bin/sh"), madeRar4(files("program"))]));
  expect(places(scan("dir", "files"))).toEqual([
    ...["files/setup!a/plain.env:2", "files/setup!in.zip!b:1"],
    ...["files/x.rar!a/plain.env:2", "files/x.rar!in.zip!b:1"],
  ]);
  createRepository(join(folder, "repo")).commit("One", { "b.rar": madeRar4(files("history")) });
  expect(places(scan("git", "repo"))).toEqual(["b.rar!a/plain.env:2", "b.rar!in.zip!b:1"]);
  const layers = [{ files: { "opt/c.rar": madeRar5(files("layer")) } }];
  await buildImage({ tag: "app:1", layers }, { path: join(folder, "image.tar"), format: "docker-archive" });
  expect(places(scan("image", "image.tar"))).toEqual(["opt/c.rar!a/plain.env:2", "opt/c.rar!in.zip!b:1"]);
});

test("one that is encrypted, or a volume, makes the scan incomplete", () => {
  mkdirSync(join(folder, "closed"));
  const data = sampleText(1_000, 1);
  writeFileSync(join(folder, "closed/d.rar"), madeRar5([{ name: "a.env", data, encrypted: true }]));
  writeFileSync(join(folder, "closed/e.part1.rar"), madeRar4([{ name: "b.env", data, stored: true, goesOn: true }]));
  const ran = scan("dir", "closed");
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("d.rar!a.env");
  expect(ran.stderr).toContain("is encrypted");
  expect(ran.stderr).toContain("e.part1.rar!b.env: is divided: the other part is in another volume");
});
