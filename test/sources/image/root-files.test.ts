/** The files of a container, unpacked or as `docker export` gives them: an image of one layer. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tarOf } from "../../../fixtures/images/build-image.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

const files = {
  "app/.env": `A=${PLANTED}\n`,
  "etc/passwd": "root:x:0:0::/:/bin/sh\n",
  "usr/bin/tool": "x",
  "var/lib/empty": "x",
};
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-root-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, "root", path)), { recursive: true });
    await writeFile(join(folder, "root", path), text);
  }
  // Nothing outside is followed to.
  await symlink("/etc", join(folder, "root/outside"));
  await mkdir(join(folder, "project/bin"), { recursive: true });
  await writeFile(join(folder, "project/bin/a"), PLANTED);
  const entries = Object.entries(files).map(([path, body]) => ({ path, body }));
  await writeFile(join(folder, "root.tar"), await tarOf(entries));
  await writeFile(join(folder, "root.tar.gz"), gzipSync(Buffer.from(await tarOf(entries))));
  await writeFile(join(folder, "project.tar"), await tarOf([{ path: "bin/a", body: PLANTED }]));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(["root", "root.tar", "root.tar.gz"])("%s is known by the folders in it", async (name) => {
  const scan = await scanImage(join(folder, name));
  expect(scan.lines).toEqual(["file app/.env layer 0 ()"]);
  expect(scan.files).toEqual(Object.keys(files).sort());
  expect(scan.problems).toEqual([]);
});

test.each(["project", "project.tar"])("%s is taken for one only where that is said", async (name) => {
  await expect(scanImage(join(folder, name))).rejects.toThrow("not an image");
  const scan = await scanImage(`rootfs:${join(folder, name)}`);
  expect(scan.lines).toEqual(["file bin/a layer 0 ()"]);
});
