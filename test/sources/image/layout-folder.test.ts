/** Links in an OCI layout folder: build tools make them, and so may whoever wants files of others to be read. */
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageFiles, writeImageFiles } from "../../../fixtures/images/build-image.ts";
import { descriptorsIn } from "../../../src/content/descriptor.ts";
import { sampleImage, samplePlaces } from "./sample-image.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-links-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A layout, and the paths of its blobs, layers last. */
async function layout(name: string): Promise<{ path: string; blobs: readonly string[] }> {
  const path = join(folder, name);
  const files = await imageFiles([sampleImage], "oci-layout", "gzip");
  await mkdir(path, { recursive: true });
  await writeImageFiles(files, { path, format: "oci-layout" });
  const manifest = [...files.values()].find(
    (bytes): bytes is Uint8Array => bytes instanceof Uint8Array && descriptorsIn(bytes).blobs.length > 1,
  )!;
  return { path, blobs: descriptorsIn(manifest).blobs.map(({ digest }) => `blobs/${digest.replace(":", "/")}`) };
}

test("blobs that lie elsewhere are read where they are what their names say", async () => {
  const { path, blobs } = await layout("linked");
  for (const blob of blobs) {
    const elsewhere = join(folder, `built-${basename(blob)}`);
    await rename(join(path, blob), elsewhere);
    await symlink(elsewhere, join(path, blob));
  }
  const scan = await scanImage(path, { format: "oci-layout" });
  expect({ lines: scan.lines, problems: scan.problems }).toEqual({ lines: samplePlaces, problems: [] });
});

test("links within the layout are followed", async () => {
  const { path, blobs } = await layout("inside");
  await copyFile(join(path, blobs[1]!), join(path, "kept"));
  await rm(join(path, blobs[1]!));
  await symlink("../../kept", join(path, blobs[1]!));
  const scan = await scanImage(path, { format: "oci-layout" });
  expect({ lines: scan.lines, problems: scan.problems }).toEqual({ lines: samplePlaces, problems: [] });
});

test("files of others that a link leads to are not read, and told", async () => {
  const { path, blobs } = await layout("hostile");
  await writeFile(join(folder, "id_rsa"), `mine: ${PLANTED}`);
  const linked = blobs.at(-1)!;
  await rm(join(path, linked));
  await symlink(join(folder, "id_rsa"), join(path, linked));
  const scan = await scanImage(path, { format: "oci-layout" });
  expect(scan.problems.map(({ code, effect, subject }) => `${code} ${effect} ${subject}`)).toContain(
    `digest-mismatch incomplete ${linked}`,
  );
  expect(scan.units.map((unit) => JSON.stringify(unit)).join()).not.toContain(linked.slice(-64));
  expect(scan.lines.every((line) => samplePlaces.includes(line))).toBe(true);
  expect(scan.lines.length).toBeLessThan(samplePlaces.length);
});

test("an index that is a link to something else is not read; what lies in the layout is", async () => {
  const { path } = await layout("index");
  await rename(join(path, "index.json"), join(folder, "other.json"));
  await symlink(join(folder, "other.json"), join(path, "index.json"));
  const scan = await scanImage(path, { format: "oci-layout" });
  expect(scan.problems.map(({ subject }) => subject)).toContain("index.json");
  expect(scan.lines.length).toBeGreaterThan(0);
});
