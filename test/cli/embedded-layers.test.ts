/** Layers whose bytes stand in the manifest itself, as the OCI specification allows for anything small. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Blob {
  digest: string;
  size: number;
  data?: string;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const blobOf = ({ digest }: Blob): string => join(folder, "image/blobs", digest.replace(":", "/"));

test("are opened, and missing only where the bytes are others", async () => {
  const layers = [{ files: { "app/.env": `KEY=${probe("embedded")}\n` } }];
  await buildImage(
    { tag: "app:1", layers },
    { path: join(folder, "image"), format: "oci-layout", compression: "gzip" },
  );
  const index = JSON.parse(readFileSync(join(folder, "image/index.json"), "utf8")) as { manifests: Blob[] };
  const [entry] = index.manifests;
  const manifest = JSON.parse(readFileSync(blobOf(entry!), "utf8")) as { layers: Blob[] };
  const [layer] = manifest.layers;
  const bytes = readFileSync(blobOf(layer!));
  rmSync(blobOf(layer!));
  const scan = (data: Buffer): ReturnType<typeof leaktrace> => {
    layer!.data = data.toString("base64");
    const text = Buffer.from(JSON.stringify(manifest));
    Object.assign(entry!, { digest: `sha256:${sha256(text)}`, size: text.length });
    writeFileSync(blobOf(entry!), text);
    writeFileSync(join(folder, "image/index.json"), JSON.stringify(index));
    return leaktrace(["image", "oci:image:app:1", "-c", rules, "-f", "json", "-r", "-"], { cwd: folder });
  };
  const found = scan(bytes);
  expect(found.stderr).not.toContain("not scanned");
  expect(entriesOf(found).map(({ File }) => File)).toEqual(["manifest!layers[0][data]!app/.env"]);
  const other = Buffer.from(bytes);
  other[bytes.length - 1]! ^= 1;
  expect(scan(other).stderr).toContain("the layer is not in the image store");
});
