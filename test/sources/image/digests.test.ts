/** Digests by each registered algorithm: what they name is found, and proved. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobPath, digestOf } from "../../../src/content/digest.ts";
import { endOfTar, rawEntry } from "../../content/tar-blocks.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-digests-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** An OCI layout whose digests are all like one; `changed`: the layer is another one than its digest says. */
async function layout(name: string, like: string, changed: boolean): Promise<string> {
  const path = join(folder, name);
  const put = async (bytes: Uint8Array, stored: Uint8Array = bytes): Promise<object> => {
    const digest = digestOf(bytes, like);
    const file = join(path, blobPath(digest)!);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, stored);
    return { digest, size: bytes.length };
  };
  const tarOf = (word: string): Buffer =>
    Buffer.concat([rawEntry({ name: "app/.env" }, `A=${PLANTED} ${word}\n`), endOfTar]);
  const layer = tarOf("as told");
  const config = { os: "linux", rootfs: { diff_ids: [digestOf(layer, like)] }, history: [{ created_by: "COPY" }] };
  const manifest = {
    schemaVersion: 2,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...(await put(Buffer.from(JSON.stringify(config)))),
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        ...(await put(layer, changed ? tarOf("changed") : layer)),
      },
    ],
  };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifests = [{ mediaType, ...(await put(Buffer.from(JSON.stringify(manifest)))) }];
  await writeFile(join(path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  return path;
}

test.each([
  ["sha256", "sha256:"],
  ["sha512", "sha512:"],
  ["blake3", "blake3:"],
])("an image by %s is read, and bytes that are others are told", async (name, like) => {
  const whole = await scanImage(await layout(name, like, false));
  expect({ lines: whole.lines, problems: whole.problems }).toEqual({
    lines: ["file app/.env layer 0 (COPY)"],
    problems: [],
  });
  const changed = await scanImage(await layout(`${name}-changed`, like, true));
  expect(changed.lines).toEqual(["file app/.env layer 0 (COPY)"]);
  expect(changed.problems.map(({ code }) => code)).toContain("digest-mismatch");
});
