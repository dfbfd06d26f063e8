import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { growTo } from "../../fixtures/git/damage.ts";
import { readFileIfThere, readWholeFile } from "../../src/content/whole-file.ts";
import { scratch } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";

const folder = scratch();

test("a file is read whole up to the limit, and not beyond it", () => {
  const path = join(folder, "ten");
  writeFileSync(path, "0123456789");
  expect(readWholeFile(path, 10).toString()).toBe("0123456789");
  expect(() => readWholeFile(path, 9)).toThrow("it is larger than 9 bytes");
});

test("a terabyte of holes takes no memory", () => {
  const path = join(folder, "holes");
  writeFileSync(path, "");
  growTo(path, 2 ** 40);
  expect(() => readFileIfThere(path, 1 << 20)).toThrow("it is larger than 1048576 bytes");
});

test("what is not there, is no file, or leads in a circle is told apart", () => {
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "folder"));
  symlinkSync("circle", join(folder, "circle"));
  expect(readFileIfThere(join(folder, "nothing"), 10)).toBeUndefined();
  expect(readFileIfThere(join(folder, "file", "below"), 10)).toBeUndefined();
  expect(() => readWholeFile(join(folder, "nothing"), 10)).toThrow("it is not there");
  expect(() => readFileIfThere(join(folder, "folder"), 10)).toThrow("it is no file");
  expect(() => readFileIfThere(join(folder, "circle"), 10)).toThrow("it cannot be read (ELOOP)");
});

testWith("mkfifo")("a pipe is not waited for", () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  expect(() => readFileIfThere(path, 10)).toThrow("it is no file");
});
