/** What engines keep on their disk, read without them: layers are put together again as the bytes that they were unpacked from. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, hexOf, tarOf } from "../../../fixtures/images/build-image.ts";
import { assembleTar, folderAsTar } from "../../../src/content/assembled-tar.ts";
import { boltOf } from "../../content/made-bolt.ts";
import { gather } from "../../content/streams.ts";
import { testWith } from "../../require-program.ts";
import { sampleImage, samplePlaces } from "./sample-image.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-storage-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A list as tar-split keeps it, of entries that are each a header and a body. */
function splitOf(entries: readonly { readonly header?: Uint8Array; readonly name?: string; readonly size?: number }[]) {
  const lines = entries.flatMap(({ header, name, size }) => [
    ...(header === undefined ? [] : [{ type: 2, payload: Buffer.from(header).toString("base64") }]),
    ...(name === undefined ? [] : [{ type: 1, name, size, payload: "AAAA" }]),
  ]);
  return gzipSync(lines.map((line) => JSON.stringify(line)).join("\n"));
}

describe("a layer that lies unpacked", () => {
  test("is the tar that it was, and what is missing of its files is told", async () => {
    const body = Buffer.alloc(3000, "text ");
    const tar = Buffer.from(await tarOf([{ path: "a/b.txt", body }]));
    const files = join(folder, "diff");
    await mkdir(join(files, "a"), { recursive: true });
    await writeFile(join(files, "a/b.txt"), body);
    const split = join(folder, "split.gz");
    const rest = { header: tar.subarray(512 + 3000) };
    await writeFile(split, splitOf([{ header: tar.subarray(0, 512), name: "a/b.txt", size: 3000 }, rest]));
    const whole = await gather((report) => assembleTar(split, files, report));
    expect([hexOf(whole.bytes), whole.damage]).toEqual([hexOf(tar), []]);
    await writeFile(join(files, "a/b.txt"), body.subarray(0, 100));
    const short = await gather((report) => assembleTar(split, files, report));
    expect([short.bytes.length, short.damage]).toEqual([tar.length, ["truncated"]]);
  });

  test("gives nothing of what lies outside of it, whatever names and links say", async () => {
    const files = join(folder, "outside/diff");
    await mkdir(files, { recursive: true });
    await writeFile(join(folder, "outside/secret"), PLANTED);
    await symlink("../secret", join(files, "link"));
    await symlink("..", join(files, "up"));
    const split = join(folder, "outside.gz");
    const names = ["../secret", "link", "up/secret", "/../secret"];
    await writeFile(split, splitOf(names.map((name) => ({ name, size: 12 }))));
    const { bytes, damage } = await gather((report) => assembleTar(split, files, report));
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect([bytes.length, damage]).toEqual([12 * names.length, ["truncated"]]);
  });

  test("a list that is damaged, or one line without end, ends", async () => {
    const split = join(folder, "endless.gz");
    for (const [text, kind] of [
      ["{".repeat(20 << 20), "corrupt"],
      ["no json\n[]\n{}\n", undefined],
    ] as const) {
      await writeFile(split, gzipSync(text));
      const { damage } = await gather((report) => assembleTar(split, folder, report));
      expect(damage).toEqual(kind === undefined ? [] : [kind]);
    }
  });

  testWith("tar")("a folder becomes a tar as tar reads it", async () => {
    const root = join(folder, "container");
    const long = `${"n".repeat(120)}/${"m".repeat(120)}`;
    await mkdir(join(root, "n".repeat(120)), { recursive: true });
    await writeFile(join(root, long), "deep");
    await writeFile(join(root, "a.txt"), "text");
    await symlink("/etc/passwd", join(root, "link"));
    const { bytes, damage } = await gather((report) => folderAsTar(root, report));
    expect(damage).toEqual([]);
    const listed = execFileSync("tar", ["-tf", "-"], { input: bytes, encoding: "utf8" }).trim().split("\n");
    expect(listed).toEqual(["a.txt", "link", `${"n".repeat(120)}/`, long]);
    expect(execFileSync("tar", ["-xOf", "-", "a.txt", long], { input: bytes, encoding: "utf8" })).toBe("textdeep");
  });
});

testWith("buildah")(
  "the storage that buildah made tells what the image told, and its containers",
  { timeout: 120_000 },
  async () => {
    const root = join(folder, "root");
    const own = ["--root", root, "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
    const buildah = (...args: string[]): string =>
      execFileSync("buildah", [...own, ...args], { encoding: "utf8", stdio: "pipe" });
    const archive = join(folder, "image.tar");
    await buildImage(sampleImage, { path: archive, format: "docker-archive" });
    const id = buildah("pull", "-q", `docker-archive:${archive}`).trim();
    const { lines, problems } = await scanImage(root);
    expect(problems).toEqual([]);
    expect(lines).toEqual(samplePlaces);
    buildah("from", "--name", "working", id);
    const written = join(folder, "written.env");
    await writeFile(written, `A=${PLANTED} in the container`);
    buildah("copy", "working", written, "/srv/written.env");
    const after = await scanImage(`containers-storage:${root}`);
    expect(after.lines).toContain("file srv/written.env layer 0 (written in the container)");
    // A file that is gone is a gap.
    const layers = JSON.parse(await readFile(join(root, "vfs-layers/layers.json"), "utf8")) as { id: string }[];
    for (const layer of layers) await rm(join(root, "vfs/dir", layer.id, "srv/kept.env"), { force: true });
    const damaged = await scanImage(root);
    expect(damaged.problems.map(({ code }) => code)).toContain("layer-corrupt");
  },
);

test("containerd's images have the names that it gave them; what has none has its digest", async () => {
  const store = join(folder, "io.containerd.content.v1.content");
  const image = (tag: string, file: string) => ({ tag, layers: [{ files: { [file]: `A=${PLANTED}` } }] });
  await buildImage([image("a", "one"), image("b", "two")], { path: store, format: "oci-layout" });
  const index = JSON.parse(await readFile(join(store, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  await rm(join(store, "index.json"));
  await rm(join(store, "oci-layout"));
  await mkdir(join(store, "ingest"));
  const [first, second] = index.manifests.map(({ digest }) => digest);
  const target = { digest: first!, mediatype: "x" };
  const images = {
    "docker.io/library/app:1": { createdat: "x", target },
    "": {},
    "bad:1": { target: { digest: "../x" } },
  };
  const database = join(folder, "io.containerd.metadata.v1.bolt");
  await mkdir(database);
  await writeFile(join(database, "meta.db"), boltOf({ v1: { default: { images }, "k8s.io": { content: {} } } }));
  const { origins, problems } = await scanImage(`containerd:${store}`);
  expect(problems).toEqual([]);
  const names = Object.fromEntries(
    origins.map(({ path, image: name }) => [path, name.slice(name.indexOf(store) + store.length + 1)]),
  );
  expect(names).toEqual({ one: "docker.io/library/app:1", two: second });
});
