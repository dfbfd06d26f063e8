import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tarOf } from "../../../fixtures/images/build-image.ts";
import { gitFoldersIn } from "../../../src/sources/image/git-folders.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-git-folders-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("repositories of one image are brought out many at a time, each into its own folder", async () => {
  const repositories = Array.from({ length: 300 }, (_, i) => `srv/r${i}/.git`);
  const tar = await tarOf([
    { path: "HEAD", body: "ref: refs/heads/bare\n" },
    ...repositories.flatMap((path, i) => [
      { path: `${path}/refs/heads/main`, body: `${String(i).padStart(40, "0")}\n` },
      {
        path: `${path}/config`,
        body: "[core]\n\tsshCommand = touch /tmp/never\n[extensions]\n\tobjectFormat = sha256\n",
      },
      { path: `${path}/hooks/post-checkout`, body: "#!/bin/sh\n" },
    ]),
  ]);
  const file = join(folder, "layer.tar");
  writeFileSync(file, tar);
  let reads = 0;
  const layer = {
    unit: { kind: "layer", target: "t", weight: 0, file, offset: 0, length: tar.length, digest: "", diffId: "" },
    obtain: async () => void reads++,
    release: async () => {},
  } as const;
  const folders = ["", ...repositories];
  const lots = gitFoldersIn("app.tar", folders, [layer], "t");
  expect(lots.flatMap(({ names }) => names)).toEqual(folders.map((path) => `app.tar!${path}`));
  let number = 0;
  for (const { names, layOut } of lots) {
    const into = names.map(() => join(folder, `out-${number++}`));
    for (const path of into) mkdirSync(path);
    expect(await layOut(into)).toEqual([]);
  }
  expect(reads).toBe(2);
  expect(readFileSync(join(folder, "out-0", "HEAD"), "utf8")).toBe("ref: refs/heads/bare\n");
  for (let i = 0; i < repositories.length; i++) {
    const into = join(folder, `out-${i + 1}`);
    expect(readFileSync(join(into, "refs/heads/main"), "utf8")).toBe(`${String(i).padStart(40, "0")}\n`);
    expect(readFileSync(join(into, "config"), "utf8")).not.toContain("sshCommand");
    expect(readFileSync(join(into, "config"), "utf8")).toContain("objectFormat = sha256");
    expect(existsSync(join(into, "hooks"))).toBe(false);
  }
});
