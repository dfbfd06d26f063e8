import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FixtureCompression } from "../../../fixtures/images/compress.ts";
import { buildImage, tarOf, type FixtureFormat } from "../../../fixtures/images/build-image.ts";
import { openImage, sniffImage } from "../../../src/sources/image/index.ts";
import { testWith } from "../../require-program.ts";
import { sampleImage, samplePlaces } from "./sample-image.ts";
import { PLANTED, scanImage } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
const fresh = (): string => join(folder, `image-${count++}`);

async function built(format: FixtureFormat, compression: FixtureCompression, wrapped: FixtureCompression = "none") {
  const path = fresh();
  await buildImage(sampleImage, { path, format, compression, wrapped });
  return path;
}

describe("every form of an image tells the same", () => {
  const forms: [FixtureFormat, FixtureCompression, FixtureCompression][] = [
    ["docker-archive", "none", "none"],
    ["docker-archive", "none", "gzip"],
    ["docker-archive", "none", "zstd"],
    ["docker-hybrid", "none", "none"],
    ["docker-hybrid", "gzip", "none"],
    ["docker-hybrid", "gzip", "gzip"],
    ["oci-layout", "gzip", "none"],
    ["oci-layout", "zstd", "none"],
    ["oci-archive", "none", "none"],
    ["oci-archive", "zstd", "gzip"],
    ["oci-layout", "xz", "none"],
    ["oci-layout", "bzip2", "none"],
    ["docker-archive", "none", "xz"],
    ["docker-archive", "none", "bzip2"],
    ["docker-hybrid", "xz", "gzip"],
    ["oci-archive", "bzip2", "xz"],
  ];
  for (const [format, compression, wrapped] of forms) {
    const needed = [compression, wrapped].find((one) => one === "xz" || one === "bzip2") ?? "true";
    testWith(needed)(`${format}, layers ${compression}, archive ${wrapped}`, async () => {
      const path = await built(format, compression, wrapped);
      const scan = await scanImage(path);
      expect(scan.problems).toEqual([]);
      expect(scan.lines).toEqual(samplePlaces);
      expect(scan.units.filter((unit) => unit.kind === "layer").length).toBe(sampleImage.layers.length);
      expect(
        scan.origins.every((origin) => origin.image === `${path}:app:1.0` && origin.platform === "linux/amd64"),
      ).toBe(true);
      expect(scan.origins.every((origin) => /^sha256:[0-9a-f]{64}$/.test(origin.digest))).toBe(true);
      const layers = scan.origins.flatMap((origin) =>
        [origin.layer, origin.deletedBy].filter((layer) => layer !== undefined),
      );
      expect(layers.every((layer) => layer.digest.startsWith("sha256:") && layer.diffId.startsWith("sha256:"))).toBe(
        true,
      );
    });
  }

  test("docker-archives from before 1.10 too: instructions come from each layer's own configuration", async () => {
    const { lines, problems } = await scanImage(await built("docker-repositories", "none"));
    expect(problems).toEqual([]);
    expect(lines.map((line) => line.replace("(/bin/sh -c ", "("))).toEqual(
      samplePlaces.filter((place) => !place.includes("history")),
    );
  });

  testWith("skopeo")("also as skopeo writes it in each of its forms", async () => {
    const start = await built("docker-archive", "none");
    const forms = [
      [`oci:${fresh()}:app`, []],
      [`oci-archive:${fresh()}:app`, ["--dest-compress-format", "zstd"]],
      [`docker-archive:${fresh()}:app:1.0`, []],
      [`dir:${fresh()}`, []],
    ] as const;
    for (const [destination, options] of forms) {
      const args = ["copy", "--quiet", "--insecure-policy", ...options, `docker-archive:${start}`, destination];
      const made = spawnSync("skopeo", args, { env: { ...process.env, TMPDIR: folder } });
      expect(made.stderr.toString()).toBe("");
      const { lines, problems } = await scanImage(destination);
      expect(problems).toEqual([]);
      // The OCI configuration has no health check: skopeo drops it on the way.
      const keepsHealth = /^(?:docker|dir)/.test(destination);
      expect(lines).toEqual(samplePlaces.filter((place) => keepsHealth || !place.endsWith("Healthcheck")));
    }
  });

  testWith("skopeo")(
    "a folder of skopeo's is told by what it holds, and read with what no manifest names",
    async () => {
      const path = fresh();
      const args = ["copy", "-q", "--insecure-policy", `docker-archive:${await built("docker-archive", "none")}`];
      expect(spawnSync("skopeo", [...args, `dir:${path}`], { env: { ...process.env, TMPDIR: folder } }).status).toBe(0);
      expect(await sniffImage(path)).toBe("copied-folder");
      const left = await tarOf([{ path: "left.env", body: PLANTED }]);
      await writeFile(join(path, createHash("sha256").update(left).digest("hex")), left);
      await writeFile(join(path, "signature-1"), `{"critical": "${PLANTED}"}`);
      const { lines, problems, origins } = await scanImage(path);
      expect(problems).toEqual([]);
      const others = lines.filter((line) => !samplePlaces.includes(line));
      expect(others).toEqual([expect.stringMatching(/^file left\.env /), expect.stringMatching(/^file signature-1 /)]);
      expect(lines.length).toBe(samplePlaces.length + 2);
      expect(origins.filter(({ image }) => image === path).length).toBe(samplePlaces.length);
      await rm(join(path, "manifest.json"));
      expect((await scanImage(`dir:${path}`)).problems).toMatchObject([
        { code: "manifest-invalid", subject: "manifest.json", message: "is missing" },
      ]);
    },
  );

  testWith("umoci")("also after umoci has put a layer on it that deletes a file", async () => {
    const layout = await built("oci-layout", "gzip");
    const layer = join(folder, "umoci-layer.tar");
    await writeFile(layer, await tarOf([{ path: "srv/.wh.kept.env" }]));
    const made = spawnSync("umoci", ["raw", "add-layer", "--image", `${layout}:app:1.0`, "--tag", "next", layer]);
    // Debian's umoci takes no tag with a colon: then the layout is tagged without one first.
    if (made.status !== 0) {
      const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as {
        manifests: { annotations: object }[];
      };
      for (const manifest of index.manifests) manifest.annotations = { "org.opencontainers.image.ref.name": "plain" };
      await writeFile(join(layout, "index.json"), JSON.stringify(index));
      const again = spawnSync("umoci", ["raw", "add-layer", "--image", `${layout}:plain`, "--tag", "next", layer]);
      expect(again.stderr.toString()).toBe("");
    }
    const { lines, problems } = await scanImage(`oci:${layout}:next`);
    expect(problems).toEqual([]);
    expect(lines).toContain("file srv/kept.env layer 1 (COPY secrets /srv) deleted by 6");
    expect(lines).toContain("file var/last layer 5 (RUN |1 TOKEN=nothing /bin/sh -c true)");
  });
});

describe("what a path is", () => {
  test("is told by looking into it", async () => {
    expect(await sniffImage(await built("docker-archive", "none"))).toBe("docker-archive");
    expect(await sniffImage(await built("docker-archive", "none", "gzip"))).toBe("docker-archive");
    expect(await sniffImage(await built("docker-repositories", "none"))).toBe("docker-archive");
    expect(await sniffImage(await built("docker-hybrid", "gzip"))).toBe("docker-archive");
    expect(await sniffImage(await built("oci-archive", "gzip"))).toBe("oci-archive");
    expect(await sniffImage(await built("oci-archive", "gzip", "zstd"))).toBe("oci-archive");
    expect(await sniffImage(await built("oci-layout", "gzip"))).toBe("oci-layout");
  });

  test("an ordinary tar, file or folder is no image", async () => {
    const tar = await tarOf([
      { path: "src/main.c", body: "x" },
      { path: "index.json", body: "{}" },
    ]);
    for (const bytes of [tar, gzipSync(tar), Buffer.from("text"), Buffer.alloc(0)]) {
      const path = fresh();
      await writeFile(path, bytes);
      expect(await sniffImage(path)).toBeUndefined();
    }
    expect(await sniffImage(tmpdir())).toBeUndefined();
    expect(await sniffImage(join(folder, "nowhere"))).toBeUndefined();
  });

  test("that is no image, or a tag that is not there, stops before anything is scanned", async () => {
    const context = {
      signal: new AbortController().signal,
      claim: () => true,
      claimAt: () => true,
    };
    await expect(openImage(join(folder, "nowhere"), context)).rejects.toMatchObject({
      code: "image-not-found",
    });
    await expect(openImage("oci:/nowhere:tag", context)).rejects.toMatchObject({
      code: "image-not-found",
    });
    const text = fresh();
    await writeFile(text, "text");
    await expect(openImage(text, context)).rejects.toMatchObject({ code: "not-an-image" });
    const archive = await built("docker-archive", "none");
    expect((await scanImage(`docker-archive:${archive}`)).lines).toEqual(samplePlaces);
    await expect(openImage(`docker-archive:${archive}:app:2.0`, context)).rejects.toMatchObject({
      code: "image-not-found",
    });
    expect((await scanImage(`docker-archive:${archive}:app:1.0`)).lines).toEqual(samplePlaces);
  });
});

test("images that share layers read them once, and each image has its own sightings", async () => {
  const second = { ...sampleImage, tag: "app:2.0", layers: sampleImage.layers.slice(0, 2) };
  for (const format of ["docker-archive", "docker-hybrid", "oci-layout"] as const) {
    const path = fresh();
    await buildImage([sampleImage, second], { path, format });
    const { lines, units, problems } = await scanImage(path);
    expect(problems).toEqual([]);
    expect(units.filter((unit) => unit.kind === "layer").length).toBe(sampleImage.layers.length);
    const kept = lines.filter((line) => line.startsWith("file srv/kept.env"));
    expect(kept).toEqual(Array(2).fill("file srv/kept.env layer 1 (COPY secrets /srv)"));
    expect(lines.filter((line) => line.startsWith("file srv/removed.env"))).toEqual([
      "file srv/removed.env layer 1 (COPY secrets /srv)",
      "file srv/removed.env layer 1 (COPY secrets /srv) deleted by 2",
    ]);
  }
});
