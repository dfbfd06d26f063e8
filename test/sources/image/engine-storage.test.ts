/** What engines keep on their disk, read without them: layers are put together again as the bytes that they were unpacked from. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage, hexOf, tarOf } from "../../../fixtures/images/build-image.ts";
import { assembleTar, folderAsTar } from "../../../src/content/assembled-tar.ts";
import { boltOf, type Buckets } from "../../content/made-bolt.ts";
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

  test("tells what the system does not let this user read", async () => {
    const files = join(folder, "refused");
    await mkdir(files);
    await writeFile(join(files, "a"), "text", { mode: 0 });
    const split = join(folder, "refused.gz");
    await writeFile(split, splitOf([{ name: "a", size: 4 }]));
    const messages: string[] = [];
    // Root may read anything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await chmod(folder, 0o755);
    if (isRoot) process.seteuid?.("nobody");
    try {
      for await (const _ of assembleTar(split, files, ({ message }) => messages.push(message)));
      for await (const _ of folderAsTar(files, ({ message }) => messages.push(message)));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    expect(messages.every((message) => message.includes("denied to 1 of them"))).toBe(true);
    expect(messages).toHaveLength(2);
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

describe("the folder of containerd", () => {
  /** Images `a` (file `one`), `b` (`two`) and an index `nested` of one that calls itself `inner` (`three`), as containerd keeps them; gives their digests and those of their layers. */
  async function made(root: string): Promise<{ digests: string[]; layers: string[] }> {
    const store = join(root, "io.containerd.content.v1.content");
    const image = (tag: string, file: string) => ({ tag, layers: [{ files: { [file]: `A=${PLANTED}` } }] });
    await buildImage([image("a", "one"), image("b", "two"), image("inner", "three")], {
      path: store,
      format: "oci-layout",
      compression: "none",
    });
    const index = JSON.parse(await readFile(join(store, "index.json"), "utf8")) as { manifests: { digest: string }[] };
    const nested = Buffer.from(JSON.stringify({ manifests: [index.manifests[2]] }));
    const hex = createHash("sha256").update(nested).digest("hex");
    await writeFile(join(store, "blobs/sha256", hex), nested);
    for (const file of ["index.json", "oci-layout"]) await rm(join(store, file));
    await mkdir(join(store, "ingest"));
    const digests = index.manifests.map(({ digest }) => digest);
    const layers: string[] = [];
    for (const digest of digests) {
      const manifest = await readFile(join(store, "blobs", digest.replace(":", "/")), "utf8");
      layers.push((JSON.parse(manifest) as { layers: [{ digest: string }] }).layers[0].digest);
    }
    return { digests: [...digests, `sha256:${hex}`], layers };
  }

  async function putDatabase(root: string, name: string, buckets: Buckets): Promise<void> {
    await mkdir(join(root, name.slice(0, name.lastIndexOf("/"))), { recursive: true });
    await writeFile(join(root, name), boltOf(buckets));
  }

  test("has images under the names that it gave them, whatever they call themselves; what has none has its digest", async () => {
    const root = join(folder, "containerd");
    const { digests } = await made(root);
    const images = {
      "docker.io/library/app:1": { createdat: "x", target: { digest: digests[0]!, mediatype: "x" } },
      "example.org/nested:1": { target: { digest: digests[3]! } },
      "": {},
      "bad:1": { target: { digest: "../x" } },
    };
    await putDatabase(root, "io.containerd.metadata.v1.bolt/meta.db", {
      v1: { default: { images }, "k8s.io": { content: {} } },
    });
    const names = { one: "docker.io/library/app:1", two: digests[1], three: "example.org/nested:1" };
    for (const target of [root, `containerd:${root}`, `containerd:${join(root, "io.containerd.content.v1.content")}`]) {
      const { origins, problems } = await scanImage(target);
      expect(problems).toEqual([]);
      const found = origins.map(({ path, image }) => [path, image.slice(target.length + 1)]);
      expect(Object.fromEntries(found)).toEqual(names);
    }
    const { lines } = await scanImage(`containerd:${root}:example.org/nested:1`);
    expect(lines).toEqual(["file three layer 0 ()"]);
  });

  test("has containers, and layers of which only the unpacked files are left", async () => {
    const root = join(folder, "containerd-unpacked");
    const { digests, layers } = await made(root);
    const snapshots = join(root, "io.containerd.snapshotter.v1.overlayfs");
    for (const [place, file, text] of [
      ["7/fs/etc", "run.env", "in the container"],
      ["200/fs", "one", "unpacked"],
    ] as const) {
      await mkdir(join(snapshots, "snapshots", place), { recursive: true });
      await writeFile(join(snapshots, "snapshots", place, file), `A=${PLANTED} ${text}`);
    }
    for (const digest of [layers[0]!, layers[1]!])
      await rm(join(root, "io.containerd.content.v1.content/blobs", digest.replace(":", "/")));
    const spec = `\n\u0003x/y\u0012\u0001${JSON.stringify({ process: { env: [`T=${PLANTED} env`] } })}`;
    const settled = {
      images: { "app:1": { target: { digest: digests[0]! } } },
      // Stored as they are, plain layers have one name for both.
      snapshots: { overlayfs: { [layers[0]!]: { name: "ns/1/x" }, web: { name: "ns/2/web" } } },
      containers: {
        web: { snapshotKey: "web", snapshotter: "overlayfs", spec },
        lost: { snapshotKey: "../..", snapshotter: "../..", spec: "{" },
      },
    };
    await putDatabase(root, "io.containerd.metadata.v1.bolt/meta.db", { v1: { ns: settled } });
    // 200, as Go writes such numbers: in latin1 its first byte is a character of its own.
    const places = { "ns/1/x": { id: Buffer.from([0xc8, 1]) }, "ns/2/web": { id: Buffer.from([7]) } };
    await putDatabase(root, "io.containerd.snapshotter.v1.overlayfs/metadata.db", { v1: { snapshots: places } });
    const { lines, problems } = await scanImage(root);
    expect(lines).toEqual([
      "config config!process[env][0]",
      "file etc/run.env layer 0 (written in the container)",
      "file one layer 0 ()",
      "file three layer 0 ()",
    ]);
    expect(problems.map(({ effect, subject, message }) => [effect, subject, message.slice(0, 48)])).toEqual([
      ["incomplete", layers[1], "the layer is not in the image store"],
      ["note", root, "of 1 layers only the unpacked files are left: th"],
      ["incomplete", "container lost", "what was written in it does not lie in a folder "],
    ]);
  });
});

test("a folder that is said to be a storage, and is none, is not called clean", async () => {
  for (const prefix of ["containerd:", "containers-storage:", "docker-storage:"])
    await expect(scanImage(`${prefix}${folder}`)).rejects.toThrow(/not such a storage/);
});

test("how podman runs its containers is a part of its storage, whether they ever ran or not", async () => {
  const root = join(folder, "podman");
  await mkdir(join(root, "overlay-images"), { recursive: true });
  await writeFile(join(root, "overlay-images/images.json"), "[]");
  await mkdir(join(root, "libpod"));
  await writeFile(join(root, "libpod/bolt_state.db"), boltOf({ ctr: { id: { config: `{"env":"${PLANTED}"}` } } }));
  const { lines } = await scanImage(root);
  expect(lines).toEqual(["file libpod/bolt_state.db layer 0 ()"]);
});
