import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  addBlob,
  imageFiles,
  pathOf,
  tarOf,
  toJson,
  writeImageFiles,
  type FixtureFiles,
  type FixtureFormat,
} from "../../../fixtures/images/build-image.ts";
import { descriptorsIn } from "../../../src/content/descriptor.ts";
import { indexArchive } from "../../../src/content/archive-index.ts";
import { sniffImage } from "../../../src/sources/image/index.ts";
import { endOfTar, rawEntry } from "../../content/tar-blocks.ts";
import { sampleImage, samplePlaces } from "./sample-image.ts";
import { PLANTED, scanImage, type ImageScan } from "./scan-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-damage-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;

/** Builds the sample image, lets `damage` change its files, and scans what comes of it; without what nothing names any more, unless `keepsAll`. */
async function scanDamaged(
  format: FixtureFormat,
  damage: (files: FixtureFiles) => void,
  keepsAll = false,
): Promise<ImageScan> {
  const path = join(folder, `image-${count++}`);
  const files = await imageFiles([sampleImage], format, "gzip");
  damage(files);
  if (!keepsAll) dropUnnamed(files);
  await mkdir(folder, { recursive: true });
  await writeImageFiles(files, { path, format });
  return scanImage(path, {
    format: format === "oci-layout" ? "oci-layout" : format === "oci-archive" ? "oci-archive" : "docker-archive",
  });
}

function dropUnnamed(files: FixtureFiles): void {
  const named = new Set<string>();
  const visit = (path: string): void => {
    const bytes = files.get(path);
    if (named.has(path) || !(bytes instanceof Uint8Array)) return;
    named.add(path);
    const inside = descriptorsIn(bytes);
    for (const { digest } of [...inside.manifests, ...inside.blobs]) visit(pathOf(digest));
  };
  visit("index.json");
  for (const path of [...files.keys()]) if (path.startsWith("blobs/") && !named.has(path)) files.delete(path);
}

interface Manifest {
  config: { digest: string; mediaType: string };
  layers: {
    digest: string;
    mediaType: string;
    urls?: string[];
    annotations?: Record<string, string>;
  }[];
  annotations?: Record<string, string>;
  [key: string]: unknown;
}

const read = <T>(files: FixtureFiles, path: string): T =>
  JSON.parse(Buffer.from(files.get(path) as Uint8Array).toString()) as T;

function manifestPath(files: FixtureFiles): string {
  return pathOf(read<{ manifests: { digest: string }[] }>(files, "index.json").manifests[0]?.digest ?? "");
}

const manifestOf = (files: FixtureFiles): Manifest => read<Manifest>(files, manifestPath(files));

const layerPath = (files: FixtureFiles, index: number): string => pathOf(manifestOf(files).layers[index]?.digest ?? "");

/** Writes a changed manifest with its right digest. */
function changeManifest(files: FixtureFiles, change: (manifest: Manifest) => void): void {
  const manifest = manifestOf(files);
  change(manifest);
  files.set(
    "index.json",
    toJson({
      manifests: [addBlob(files, toJson(manifest), "application/vnd.oci.image.manifest.v1+json")],
    }),
  );
}

const facts = (scan: ImageScan) => scan.problems.map(({ code, effect }) => `${code} ${effect}`);
const fromLayers = samplePlaces.filter((place) => place.startsWith("file"));

for (const format of ["oci-layout", "oci-archive"] as const) {
  describe(`a damaged ${format}`, () => {
    test("with a layer missing names it; everything else is scanned", async () => {
      let missing = "";
      const scan = await scanDamaged(format, (files) => {
        missing = manifestOf(files).layers[1]?.digest ?? "";
        files.delete(layerPath(files, 1));
      });
      expect(facts(scan)).toEqual(["layer-missing incomplete"]);
      expect(scan.problems[0]?.subject).toBe(missing);
      expect(scan.lines).toEqual(samplePlaces.filter((place) => !place.includes("layer 1")));
    });

    test("with a layer that is cut off gives what is left", async () => {
      const scan = await scanDamaged(format, (files) => {
        const path = layerPath(files, 5);
        files.set(path, (files.get(path) as Uint8Array).subarray(0, 60));
      });
      expect(facts(scan)).toEqual(["layer-corrupt incomplete", "digest-mismatch incomplete"]);
      expect(scan.lines).toEqual(
        expect.arrayContaining(samplePlaces.filter((place) => !place.includes("layer 5"))) as unknown,
      );
    });

    test("with a flipped byte in a layer says so and keeps the rest", async () => {
      const scan = await scanDamaged(format, (files) => {
        const path = layerPath(files, 0);
        const bytes = Buffer.from(files.get(path) as Uint8Array);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x20;
        files.set(path, bytes);
      });
      expect(facts(scan)).toContain("digest-mismatch incomplete");
      expect(scan.lines).toEqual(samplePlaces);
    });

    test("with a configuration that does not parse scans it as text and loses no layer", async () => {
      const scan = await scanDamaged(format, (files) => {
        const config = addBlob(
          files,
          Buffer.from(`{"config": {"Env": ["TOKEN=${PLANTED}`),
          "application/vnd.oci.image.config.v1+json",
        );
        changeManifest(files, (manifest) => (manifest.config = config));
      });
      expect(facts(scan)).toEqual(["config-invalid incomplete"]);
      expect(scan.lines).toEqual(["config config!", ...fromLayers.map((place) => place.replace(/\(.*\)/, "()"))]);
    });

    test("with a configuration that names a member twice scans both, and one of a million brackets ends", async () => {
      const scan = await scanDamaged(format, (files) => {
        const twice = `{"config": {"Env": ["A=${PLANTED}"]}, "config": {"Env": []}, "rootfs": {}}`;
        const config = addBlob(files, Buffer.from(twice), "application/vnd.oci.image.config.v1+json");
        changeManifest(files, (manifest) => (manifest.config = config));
      });
      expect(scan.lines).toContain("config config!");
      const deep = await scanDamaged(format, (files) => {
        const bytes = Buffer.from(`{"config": ${"[".repeat(1 << 20)}${"]".repeat(1 << 20)}}`);
        const config = addBlob(files, bytes, "application/vnd.oci.image.config.v1+json");
        changeManifest(files, (manifest) => (manifest.config = config));
      });
      expect(deep.lines.length).toBe(fromLayers.length);
    });

    test("with a layer that lies elsewhere says so", async () => {
      const scan = await scanDamaged(format, (files) => {
        files.delete(layerPath(files, 0));
        changeManifest(files, (manifest) => {
          if (manifest.layers[0] !== undefined) manifest.layers[0].urls = ["https://example.invalid/layer"];
        });
      });
      expect(facts(scan)).toEqual(["foreign-layer incomplete"]);
    });

    test("with a layer that is no tar, or whose first header is damaged, says that it was scanned as one file", async () => {
      const manifestType = "application/vnd.oci.image.layer.v1.tar+gzip";
      const [plain, broken] = [Buffer.from(`A=${PLANTED} no tar`), rawEntry({ name: "a", checksum: 1 }, PLANTED)];
      for (const bytes of [plain, Buffer.concat([broken, endOfTar])]) {
        const scan = await scanDamaged(format, (files) => {
          const layer = addBlob(files, gzipSync(bytes), manifestType);
          changeManifest(files, ({ layers }) => (layers[0] = layer));
        });
        expect(facts(scan)).toEqual(["diff-id-mismatch note", "unsupported incomplete"]);
        expect(scan.lines).toContain("file  layer 0 (ADD rootfs.tar /)");
      }
    });

    test("with a layer that is encrypted says so", async () => {
      const scan = await scanDamaged(format, (files) => {
        const sealed = addBlob(files, randomBytes(2000), "application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
        changeManifest(files, ({ layers }) => (layers[0] = sealed));
      });
      expect(facts(scan)).toEqual(["encrypted incomplete", "diff-id-mismatch note"]);
      expect(scan.lines).toEqual(samplePlaces);
    });

    test("with digests that are paths opens none of them", async () => {
      const scan = await scanDamaged(format, (files) => {
        changeManifest(files, (manifest) => {
          if (manifest.layers[0] !== undefined) manifest.layers[0].digest = "sha256:../../index.json";
        });
      });
      expect(facts(scan)).toEqual(["manifest-invalid incomplete"]);
      expect(scan.lines).toEqual(samplePlaces);
    });

    test("with an index or a manifest that does not parse is incomplete", async () => {
      expect(facts(await scanDamaged(format, (files) => files.set("index.json", Buffer.from("{"))))).toEqual([
        "manifest-invalid incomplete",
      ]);
      const scan = await scanDamaged(format, (files) => files.set(manifestPath(files), Buffer.from("{")));
      expect(facts(scan)).toEqual(["digest-mismatch incomplete", "manifest-invalid incomplete"]);
      expect(facts(await scanDamaged(format, (files) => files.delete(manifestPath(files))))).toEqual([
        "manifest-invalid incomplete",
      ]);
    });

    test("whose history does not fit its layers names no instruction", async () => {
      const scan = await scanDamaged(format, (files) => {
        const manifest = manifestOf(files);
        const config = read<{ history: unknown[] }>(files, pathOf(manifest.config.digest));
        config.history = config.history.slice(1);
        const blob = addBlob(files, toJson(config), "application/vnd.oci.image.config.v1+json");
        changeManifest(files, (changed) => (changed.config = blob));
      });
      expect(scan.problems).toEqual([]);
      expect(scan.origins.flatMap((origin) => origin.layer?.createdBy ?? [])).toEqual(Array(9).fill(""));
    });

    test("with indexes that name each other ends", async () => {
      const scan = await scanDamaged(format, (files) => {
        const manifests = [{ digest: `sha256:${"0".repeat(64)}` }];
        for (let i = 0; i < 20; i++) {
          const nested = addBlob(files, toJson({ level: i, manifests }), "application/vnd.oci.image.index.v1+json");
          manifests.splice(0, 1, nested);
        }
        files.set("index.json", toJson({ manifests }));
      });
      expect(new Set(facts(scan))).toEqual(new Set(["unsupported incomplete"]));
    });
  });
}

describe("an OCI layout", () => {
  test("gives every platform of a nested index, and says of platforms that were never put into it that they are not there", async () => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const manifest = manifestOf(files);
      const type = "application/vnd.oci.image.manifest.v1+json";
      const descriptors = ["amd64", "arm64"].map((architecture) => ({
        ...addBlob(files, toJson({ ...manifest, annotations: { for: architecture } }), type),
        platform: {
          os: "linux",
          architecture,
          ...(architecture === "arm64" ? { variant: "v8" } : {}),
        },
      }));
      const absent = {
        mediaType: type,
        digest: `sha256:${"a".repeat(64)}`,
        size: 1,
        platform: { os: "linux", architecture: "s390x" },
      };
      const nested = addBlob(
        files,
        toJson({ manifests: [...descriptors, absent] }),
        "application/vnd.oci.image.index.v1+json",
      );
      files.set("index.json", toJson({ manifests: [nested] }));
    });
    expect(facts(scan)).toEqual(["manifest-invalid note"]);
    expect(scan.lines.length).toBe(samplePlaces.length * 2);
    expect(new Set(scan.origins.map((origin) => origin.digest)).size).toBe(2);
  });

  test("with an artifact scans its files and annotations; its configuration is not taken for an image's", async () => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const statement = addBlob(files, Buffer.from(`{"predicate": "${PLANTED}"}`), "application/vnd.in-toto+json");
      const packed = addBlob(files, gzipSync(`value: ${PLANTED}`), "text/plain");
      const config = addBlob(
        files,
        toJson({ config: { Env: [`A=${PLANTED}`] } }),
        "application/vnd.example.config.v1+json",
      );
      const layers = [{ ...statement, annotations: { "org.opencontainers.image.title": "statement.json" } }, packed];
      const manifest = addBlob(
        files,
        toJson({ config, layers, annotations: { note: PLANTED } }),
        "application/vnd.oci.image.manifest.v1+json",
      );
      files.set("index.json", toJson({ manifests: [manifest] }));
    });
    expect(scan.problems).toEqual([]);
    expect(scan.lines).toEqual([
      "config config!",
      "config manifest!annotations[note]",
      "file  layer 1 ()",
      "file statement.json layer 0 ()",
    ]);
  });
});

describe("an OCI layout of other kinds", () => {
  const gzipType = "application/vnd.oci.image.layer.v1.tar+gzip";

  test("with a manifest of schema 1: layers from the top down, each with a configuration of its own", async () => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const sums = manifestOf(files).layers.map(({ digest }) => ({ blobSum: digest }));
      const history = sums.map((_, i) => ({
        v1Compatibility: JSON.stringify({
          os: "linux",
          container_config: { Cmd: [`step ${i}`] },
          ...(i === 0 ? { config: { Env: [`A=${PLANTED}`] } } : {}),
        }),
      }));
      const manifest = toJson({
        schemaVersion: 1,
        architecture: "arm64",
        fsLayers: sums.toReversed(),
        history: history.toReversed(),
      });
      const type = "application/vnd.docker.distribution.manifest.v1+json";
      files.set("index.json", toJson({ manifests: [addBlob(files, manifest, type)] }));
    });
    expect(scan.problems).toEqual([]);
    expect(scan.origins.every(({ platform }) => platform === "linux/arm64")).toBe(true);
    expect(scan.lines).toContain("config config!Env[A]");
    expect(scan.lines).toContain("file srv/removed.env layer 1 (step 1) deleted by 2");
    expect(scan.lines.length).toBe(fromLayers.length + 1);
  });

  test("with a signed manifest proves what was signed", async () => {
    const plain = Buffer.from(`{\n   "schemaVersion": 1,\n   "fsLayers": [],\n   "history": []\n}`);
    const header = { formatLength: plain.length - 2, formatTail: Buffer.from("\n}").toString("base64url") };
    const signature = { protected: Buffer.from(JSON.stringify(header)).toString("base64url") };
    const signed = Buffer.concat([
      plain.subarray(0, -2),
      Buffer.from(`,\n   "signatures": [${JSON.stringify(signature)}]\n}`),
    ]);
    // Its signature says that something else was signed: by that anything could pass for any image.
    const other = { formatLength: 1, formatTail: plain.subarray(1).toString("base64url") };
    const forged = { protected: Buffer.from(JSON.stringify(other)).toString("base64url") };
    const pretender = JSON.stringify({ schemaVersion: 1, fsLayers: [], history: [], x: 1, signatures: [forged] });
    for (const [bytes, problems] of [
      [signed, []],
      [Buffer.from(pretender), ["digest-mismatch incomplete"]],
      [Buffer.concat([signed, Buffer.from(" ")]), []],
      [Buffer.from(signed.toString().replace("schemaVersion", "schemaversion")), ["digest-mismatch incomplete"]],
    ] as const) {
      const scan = await scanDamaged("oci-layout", (files) => {
        const named = addBlob(files, plain, "application/vnd.docker.distribution.manifest.v1+prettyjws");
        files.set(pathOf(named.digest), bytes);
        files.set("index.json", toJson({ manifests: [named] }));
      });
      expect(facts(scan)).toEqual(problems);
    }
  });

  test("with the cache of a build, or an artifact of the older kind, scans its layers", async () => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const [first, second] = manifestOf(files).layers;
      const cache = addBlob(files, toJson({ note: PLANTED }), "application/vnd.buildkit.cacheconfig.v0");
      const index = { manifests: [{ ...second!, mediaType: gzipType }, cache] };
      const artifact = { blobs: [{ ...first!, mediaType: gzipType }], annotations: { note: PLANTED } };
      const manifests = [
        addBlob(files, toJson(index), "application/vnd.oci.image.index.v1+json"),
        addBlob(files, toJson(artifact), "application/vnd.oci.artifact.manifest.v1+json"),
      ];
      files.set("index.json", toJson({ manifests }));
    });
    expect(scan.problems).toEqual([]);
    expect(scan.lines).toContain("file srv/kept.env layer 0 ()");
    expect(scan.lines).toContain("file  layer 1 ()");
    expect(scan.lines).toContain("config manifest!annotations[note]");
    expect(scan.units.filter(({ kind }) => kind === "layer").length).toBe(3);
  });
});

describe("what no index leads to", () => {
  for (const format of ["oci-layout", "oci-archive", "docker-hybrid"] as const) {
    test(`is scanned in an ${format}: an image that lost its tag, what lies there besides`, async () => {
      const scan = await scanDamaged(
        format,
        (files) => {
          addBlob(files, Buffer.from(`KEY=${PLANTED} orphan`), "text/plain");
          const stepOf = { container_config: { Cmd: ["sh", "-c", `echo ${PLANTED} step`] } };
          addBlob(files, toJson({ id: "0", os: "linux", ...stepOf, config: { Env: [`TOKEN=${PLANTED} env`] } }), "");
          files.set("index.json", toJson({ manifests: [] }));
          if (format === "docker-hybrid") files.set("manifest.json", toJson([]));
        },
        true,
      );
      expect(scan.problems).toEqual([]);
      const more = ["config config!container_config.Cmd", "file  layer 0 ()"];
      const twice = "config config!Env[TOKEN]";
      expect(scan.lines).toEqual([...samplePlaces, ...more, twice].sort());
      const images = new Set(scan.origins.map(({ image }) => image.replace(/^.*:(?=in no image|sha256:)/, "")));
      expect([...images].sort()).toEqual(["in no image", expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
    });
  }

  test("is left where one image is named", async () => {
    const path = join(folder, "tagged");
    const files = await imageFiles([sampleImage], "oci-layout", "gzip");
    addBlob(files, Buffer.from(`KEY=${PLANTED} orphan`), "text/plain");
    await writeImageFiles(files, { path, format: "oci-layout" });
    expect((await scanImage(`oci:${path}:app:1.0`)).lines).toEqual(samplePlaces);
    expect((await scanImage(path)).lines).toEqual([...samplePlaces, "file  layer 0 ()"].sort());
  });

  test("is scanned in an archive that has a file twice, or two ends: extraction takes one of them", async () => {
    const path = join(folder, "twice.tar");
    const files = await imageFiles([sampleImage], "docker-archive", "none");
    await writeImageFiles(files, { path, format: "docker-archive" });
    const layer = (read<{ Layers: string[] }[]>(files, "manifest.json")[0]?.Layers ?? [])[1] ?? "";
    await writeFile(path, Buffer.concat([await readFile(path), await tarOf([{ path: layer, body: "nothing" }])]));
    const { lines, problems } = await scanImage(path);
    expect(lines).toContain("file srv/kept.env layer 0 ()");
    // What extraction leaves is no layer.
    expect(problems.map(({ code }) => code)).toEqual(["diff-id-mismatch", "unsupported"]);
  });
});

describe("a document that is read in two ways", () => {
  test.each([
    ["has its layers twice", (text: string) => text.replace('"layers":', '"layers":[],"layers":')],
    ["has them in other letters too", (text: string) => text.replace('"layers":', '"Layers":[],"layers":')],
    ["has letters that only look different", (text: string) => text.replace('"layers":', '"layer\u017f":[],"layers":')],
  ])("%s: that is told, as engines may take the other one", async (_, change) => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const bytes = Buffer.from(change(Buffer.from(files.get(manifestPath(files)) as Uint8Array).toString()));
      files.set("index.json", toJson({ manifests: [addBlob(files, bytes, "")] }));
    });
    expect(facts(scan)).toEqual(["manifest-invalid incomplete"]);
    expect(scan.lines).toEqual(samplePlaces);
  });

  test("is index and manifest at once: both are read", async () => {
    const scan = await scanDamaged("oci-layout", (files) => {
      const manifest = addBlob(files, toJson(manifestOf(files)), "");
      const other = addBlob(files, Buffer.from(`A=${PLANTED} other`), "");
      const both = addBlob(files, toJson({ manifests: [manifest], layers: [other] }), "");
      files.set("index.json", toJson({ manifests: [both] }));
    });
    expect(scan.lines.filter((line) => !samplePlaces.includes(line))).toEqual(["file  layer 0 ()"]);
  });

  test("nests deeper than any: it is scanned as text as well", async () => {
    const nested = (depth: number): unknown => (depth === 0 ? `A=${PLANTED}` : [nested(depth - 1)]);
    const scan = await scanDamaged("oci-layout", (files) => {
      const config = addBlob(files, toJson({ config: { Extra: nested(40) } }), "");
      changeManifest(files, (manifest) => (manifest.config = config));
    });
    expect(scan.lines).toContain("config config!");
  });
});

test("annotations of indexes and of what they name are scanned, at every level", async () => {
  const note = { annotations: { note: `A=${PLANTED} note` } };
  const scan = await scanDamaged("oci-layout", (files) => {
    const manifest = manifestOf(files);
    Object.assign(manifest.layers[0]!, { annotations: { "layer.note": `A=${PLANTED} layer` } });
    const inner = {
      ...addBlob(files, toJson(manifest), ""),
      ...{ annotations: { "inner.note": `A=${PLANTED} inner` } },
    };
    const index = addBlob(files, toJson({ manifests: [inner], ...note }), "");
    files.set("index.json", toJson({ manifests: [{ ...index, annotations: { top: `A=${PLANTED} top` } }] }));
  });
  expect(scan.lines.filter((line) => !samplePlaces.includes(line))).toEqual([
    "config index!annotations[note]",
    "config index!manifests[0][annotations][inner.note]",
    "config index!manifests[0][annotations][top]",
    "config manifest!layers[0][annotations][layer.note]",
  ]);
});

describe("an archive that was cut off between two files", () => {
  for (const format of ["oci-archive", "docker-archive"] as const) {
    test(`${format}: is known for an image wherever it ends, its blobs are scanned, and the gap is told`, async () => {
      const path = join(folder, `cut-${format}.tar`);
      const files = [...(await imageFiles([sampleImage], format, "gzip"))];
      // As most programs write them: blobs first, documents last.
      const isBlob = ([name]: readonly [string, unknown]): boolean => /^blobs\/|layer\.tar$/.test(name);
      const sorted = [...files.filter(isBlob), ...files.filter((file) => !isBlob(file))];
      await writeImageFiles(new Map(sorted), { path, format });
      const { entries } = await indexArchive(path);
      const bytes = await readFile(path);
      const ends = [...entries.values()].map(({ offset, length }) => offset + Math.ceil(length / 512) * 512);
      for (const end of ends.slice(0, -1)) {
        const cut = join(folder, `cut-${format}-${end}.tar`);
        await writeFile(cut, bytes.subarray(0, end));
        expect(await sniffImage(cut)).toBe(format);
        const scan = await scanImage(cut);
        // Nothing is needed behind the first of these.
        const needed = sorted.findIndex(([name]) => /^(?:index\.json|manifest\.json|repositories)$/.test(name));
        const isIncomplete = scan.problems.some(({ effect }) => effect === "incomplete");
        if (ends.indexOf(end) < needed) expect(isIncomplete).toBe(true);
        if (ends.indexOf(end) >= sorted.filter(isBlob).length - 1) expect(scan.files).toContain("srv/kept.env");
      }
    });
  }
});

describe("a damaged docker-archive", () => {
  test("with a layer or a configuration missing scans the rest", async () => {
    const scan = await scanDamaged("docker-archive", (files) => {
      const [image] = read<{ Config: string; Layers: string[] }[]>(files, "manifest.json");
      files.delete(image?.Layers[5] ?? "");
      files.delete(image?.Config ?? "");
    });
    expect(facts(scan)).toEqual(["config-invalid incomplete", "layer-missing incomplete"]);
    expect(scan.lines.filter((line) => line.startsWith("file")).length).toBe(fromLayers.length - 1);
    // Layers have a configuration of their own beside them.
    expect(scan.lines).toContain("config config!Env[TOKEN]");
  });

  test("with a manifest that does not parse, or none at all, is incomplete", async () => {
    expect(
      facts(await scanDamaged("docker-archive", (files) => files.set("manifest.json", Buffer.from("[{")))),
    ).toEqual(["manifest-invalid incomplete"]);
    const none = await scanDamaged("docker-archive", (files) => {
      files.delete("manifest.json");
      files.delete("repositories");
    });
    expect(facts(none)).toEqual(["manifest-invalid incomplete"]);
  });

  test("with links in a circle, or out of the archive, finds no layer there", async () => {
    const scan = await scanDamaged("docker-archive", (files) => {
      const [image] = read<{ Layers: string[] }[]>(files, "manifest.json");
      files.set(image?.Layers[4] ?? "", { linkTo: `../${image?.Layers[4]}` });
      files.set(image?.Layers[5] ?? "", { linkTo: "/etc/passwd" });
    });
    expect(facts(scan)).toEqual(["layer-missing incomplete", "layer-missing incomplete"]);
    expect(scan.lines).toEqual(samplePlaces.filter((place) => !place.includes("layer 5")));
  });

  test("with a repeated layer as a link reads it once", async () => {
    const scan = await scanDamaged("docker-archive", (files) => {
      const [image] = read<{ Layers: string[] }[]>(files, "manifest.json");
      files.set(image?.Layers[5] ?? "", { linkTo: `../${image?.Layers[1]}` });
    });
    expect(facts(scan)).toEqual(["diff-id-mismatch note"].slice(1));
    expect(scan.lines.filter((line) => line.startsWith("file srv/kept.env"))).toEqual([
      "file srv/kept.env layer 1 (COPY secrets /srv) deleted by 5",
      "file srv/kept.env layer 5 (RUN |1 TOKEN=nothing /bin/sh -c true)",
    ]);
  });
});
