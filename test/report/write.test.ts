import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkWritable, writeReport } from "../../src/report/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a report takes the place of an older one whole, readable by its owner alone", async () => {
  const path = join(folder, "report.json");
  await writeFile(path, "old");
  await checkWritable(path);
  expect(await readFile(path, "utf8")).toBe("old");
  await writeReport(path, ["a", "b"]);
  expect(await readFile(path, "utf8")).toBe("a\nb\n");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["report.json"]);
});

test("when making the report fails the older one stays, and nothing is left behind", async () => {
  const path = join(folder, "report.json");
  await writeFile(path, "old");
  function* broken(): Iterable<string> {
    yield "x".repeat(200_000);
    throw new Error("broken");
  }
  await expect(writeReport(path, broken())).rejects.toThrow(/cannot write the report/);
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["report.json"]);
});

test("a place that cannot be written is told before the scan, and nothing is made there", async () => {
  await mkdir(join(folder, "folder"));
  await writeFile(join(folder, "file"), "");
  for (const path of ["folder", "none/report.json", "file/report.json"]) {
    await expect(checkWritable(join(folder, path))).rejects.toThrow(/cannot write the report/);
  }
  await checkWritable("-");
  await chmod(join(folder, "folder"), 0o500);
  if (process.getuid?.() !== 0) await expect(checkWritable(join(folder, "folder", "r"))).rejects.toThrow(/EACCES/);
  expect((await readdir(folder)).sort()).toEqual(["file", "folder"]);
});

test("a pipe is written as it is", async () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  await checkWritable(path);
  const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
  let read = "";
  reader.stdout.on("data", (data: Buffer) => (read += data.toString()));
  await Promise.all([writeReport(path, ["a", "b"]), once(reader, "close")]);
  expect(read).toBe("a\nb\n");
  expect((await stat(path)).isFIFO()).toBe(true);
});

test("a reader who leaves early is no error", async () => {
  const reader = spawn("head", ["-c", "10"], { stdio: ["pipe", "ignore", "inherit"] });
  function* endless(): Iterable<string> {
    for (let i = 0; i < 100_000; i++) yield "x".repeat(1000);
  }
  await writeReport("-", endless(), reader.stdin);
  await once(reader, "close");
});
