/** Storages of podman whose images are built on those of others (`additionalimagestores`). */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { hexOf, tarOf } from "../../../fixtures/images/build-image.ts";
import { readStorageConf } from "../../../src/sources/image/storage-conf.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-stores-"));
  const below = await store("shared", { layer: "a", file: "below.env", parent: "" });
  await store("own", { layer: "b", file: "above.env", parent: below });
  await writeFile(
    join(folder, "storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/own"\n[storage.options]\nadditionalimagestores = ["${folder}/shared"]\n`,
  );
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** Writes a storage of one image, named as its folder is, whose layer has one file; gives the layer's id. */
async function store(name: string, { layer, file, parent }: Record<"layer" | "file" | "parent", string>) {
  const root = join(folder, name);
  const [id, image] = [layer.repeat(64), hexOf(Buffer.from(name))];
  const body = Buffer.from(`A=${PLANTED}\n`);
  const tar = Buffer.from(await tarOf([{ path: file, body }]));
  const split = [
    { type: 2, payload: tar.subarray(0, 512).toString("base64") },
    { type: 1, name: file, size: body.length, payload: "AAAA" },
    { type: 2, payload: tar.subarray(512 + body.length).toString("base64") },
  ];
  for (const path of [`vfs/dir/${id}`, "vfs-images", "vfs-layers"]) await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, `vfs/dir/${id}`, file), body);
  await writeFile(
    join(root, `vfs-layers/${id}.tar-split.gz`),
    gzipSync(split.map((entry) => JSON.stringify(entry)).join("\n")),
  );
  const facts = { id, "diff-digest": `sha256:${hexOf(tar)}`, "diff-size": tar.length };
  await writeFile(join(root, "vfs-layers/layers.json"), JSON.stringify([parent === "" ? facts : { ...facts, parent }]));
  const names = [`localhost/${name}:1`];
  await writeFile(join(root, "vfs-images/images.json"), JSON.stringify([{ id: image, names, layer: id }]));
  return id;
}

/** The files of what a target scans, and what is wrong with layers. */
async function scanned(target: string): Promise<{ files: string[]; codes: string[] }> {
  const { origins, problems } = await scanImage(target);
  return {
    files: origins.map(({ image, path }) => `${image.slice(image.lastIndexOf("/") + 1)} ${path}`).sort(),
    // The images of this test have no configuration.
    codes: problems.map(({ code }) => code).filter((code) => code !== "config-invalid"),
  };
}

test("layers of other storages are read where the settings name these, and missed where nobody does", async () => {
  vi.stubEnv("CONTAINERS_STORAGE_CONF", join(folder, "storage.conf"));
  const ofOwn = ["own:1 above.env", "own:1 below.env"];
  expect(await scanned("containers-storage:localhost/own:1")).toEqual({ files: ofOwn, codes: [] });
  expect(await scanned(`containers-storage:${folder}/own`)).toMatchObject({ codes: [] });
  expect(await scanned("containers-storage:")).toEqual({ files: [...ofOwn, "shared:1 below.env"], codes: [] });
  vi.stubEnv("CONTAINERS_STORAGE_CONF", join(folder, "none.conf"));
  expect(await scanned(`containers-storage:${folder}/own`)).toEqual({
    ...{ files: ["own:1 above.env"], codes: ["layer-missing"] },
  });
});

test("settings are those of the user, or what the machine says of users' storages", async () => {
  const read = async (text: string, uid: number) => {
    const home = await mkdtemp(join(folder, "home-"));
    await mkdir(join(home, "containers"));
    await writeFile(join(home, "containers/storage.conf"), text);
    return readStorageConf({ XDG_CONFIG_HOME: home }, uid);
  };
  const text = `[storage]\ngraphroot = "$HOME/images"\n[storage.options]\nadditionalimagestores = ["/srv/$UID", "below", 7]\n`;
  expect(await read(text, 1000)).toEqual({ root: join(homedir(), "images"), imageStores: ["/srv/1000"] });
  const named = { CONTAINERS_STORAGE_CONF: join(folder, "broken.conf") };
  await writeFile(named.CONTAINERS_STORAGE_CONF, "[storage");
  expect(await readStorageConf(named, 0)).toEqual({ root: "", imageStores: [] });
});
