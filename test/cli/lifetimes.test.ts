import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  addBlob,
  buildImage,
  imageFiles,
  pathOf,
  tarOf,
  toJson,
  writeImageFiles,
  type FixtureFormat,
  type FixtureImage,
} from "../../fixtures/images/build-image.ts";
import type { FixtureCompression } from "../../fixtures/images/compress.ts";
import { stepText, type Lifetime } from "../../src/findings/index.ts";
import { endOfTar, pax, rawEntry, rawHeader } from "../content/tar-blocks.ts";
import { testWith } from "../require-program.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Told {
  readonly lifetimes: readonly Lifetime[];
  readonly sightings: readonly { origin: { path: string; proof?: string }; content: string }[];
}

/** Scans with the probe rule; gives what is told of each probe by the seed it was made of. */
function scan(targets: readonly string[], seeds: readonly string[]): (seed: string) => Told {
  const ran = leaktrace(["scan", ...targets, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal", "--no-cache"], {
    cwd: folder,
  });
  const lines = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Told & { kind: string; secret?: string });
  const found = new Map(lines.flatMap((line) => (line.secret === undefined ? [] : [[line.secret, line] as const])));
  expect([...found.keys()].sort()).toEqual(seeds.map(probe).sort());
  return (seed) => found.get(probe(seed))!;
}

const story = (told: Told): readonly string[] =>
  told.lifetimes.flatMap(({ steps, isVisible }) => [
    ...steps.map((step) => stepText(step)),
    isVisible ? "visible" : "hidden",
  ]);

/** Every proof, carried out by a shell, prints the id of the content it speaks of. */
function expectProved(told: Told): void {
  for (const { origin, content } of told.sightings) {
    const ran = spawnSync("sh", ["-c", origin.proof ?? "exit 9"], { cwd: folder, encoding: "utf8" });
    // What tar says on stderr is about ends of archives that some tools leave out.
    expect([origin.path, ran.stdout.trim()]).toEqual([origin.path, content]);
  }
}

const env = (seed: string, more = ""): string => `A=${probe(seed)}\n${more}`;

/** Everything that can happen to a file, each with a secret of its own. */
const image: FixtureImage = {
  tag: "app:1.0",
  env: [`TOKEN=${probe("config")}`],
  labels: { "a.label": probe("label") },
  layers: [
    {
      instruction: "COPY . /srv",
      files: {
        "srv/kept.env": env("kept"),
        "srv/changed.env": env("changed"),
        "srv/rewritten.env": env("rewritten"),
        "srv/old-name.env": env("moved"),
        "srv/copied.env": env("copied"),
        "srv/opaque/x": env("opaque"),
        "srv/turned/x": env("covered"),
        "srv/linked.env": env("linked"),
        "srv/lower.env": env("link below"),
        "srv/it's $HOME.env": env("quoted"),
        "srv/twice.env": env("shadowed"),
        "srv/renamed-and-edited": env("edited"),
      },
      entries: [
        { path: "srv/link.env", type: "link", target: "srv/linked.env" },
        { path: "srv/twice.env", body: env("last") },
      ],
    },
    {
      instruction: "RUN change",
      files: {
        "srv/changed.env": env("changed", "more\n"),
        "srv/rewritten.env": env("rewritten"),
        "srv/new-name.env": env("moved"),
        "srv/copy.env": env("copied"),
        "srv/turned": "a file now",
        "srv/edited": env("edited", "more\n"),
      },
      whiteouts: ["srv/old-name.env", "srv/linked.env", "srv/it's $HOME.env", "srv/renamed-and-edited"],
      opaques: ["srv/opaque"],
      entries: [{ path: "srv/link-below.env", type: "link", target: "srv/lower.env" }],
    },
    { instruction: "RUN rm", whiteouts: ["srv/changed.env", "srv/lower.env", "srv/twice.env"] },
  ],
};
const seeds = [
  ...["kept", "changed", "rewritten", "moved", "copied", "opaque", "covered", "linked", "link below"],
  ...["quoted", "shadowed", "last", "edited", "config", "label"],
];

const stories: Readonly<Record<string, readonly string[]>> = {
  kept: ["srv/kept.env introduced in layer 0", "visible"],
  changed: [
    "srv/changed.env introduced in layer 0",
    "srv/changed.env changed in layer 1, the secret is still in it",
    "srv/changed.env deleted in layer 2",
    "hidden",
  ],
  rewritten: ["srv/rewritten.env introduced in layer 0", "srv/rewritten.env written again in layer 1", "visible"],
  moved: [
    "srv/old-name.env introduced in layer 0",
    "srv/new-name.env moved from srv/old-name.env in layer 1",
    "visible",
  ],
  edited: [
    "srv/renamed-and-edited introduced in layer 0",
    "srv/edited moved from srv/renamed-and-edited in layer 1",
    "visible",
  ],
  copied: ["srv/copied.env introduced in layer 0", "srv/copy.env copied from srv/copied.env in layer 1", "visible"],
  opaque: ["srv/opaque/x introduced in layer 0", "srv/opaque/x deleted with its folder in layer 1", "hidden"],
  covered: ["srv/turned/x introduced in layer 0", "srv/turned/x replaced with its folder in layer 1", "hidden"],
  linked: [
    "srv/linked.env introduced in layer 0",
    "srv/link.env copied from srv/linked.env in layer 0",
    "srv/linked.env deleted in layer 1",
    "visible",
  ],
  "link below": [
    "srv/lower.env introduced in layer 0",
    "srv/link-below.env copied from srv/lower.env in layer 1",
    "srv/lower.env deleted in layer 2",
    "visible",
  ],
  quoted: ["srv/it's $HOME.env introduced in layer 0", "srv/it's $HOME.env deleted in layer 1", "hidden"],
  shadowed: ["srv/twice.env introduced in layer 0", "srv/twice.env overwritten in layer 0", "hidden"],
  last: ["srv/twice.env introduced in layer 0", "srv/twice.env deleted in layer 2", "hidden"],
  config: ["config!Env[TOKEN] in the configuration", "visible"],
  label: ["config!Labels[a.label] in the configuration", "visible"],
};

describe("the lifetime of a secret in an image", () => {
  const forms: [FixtureFormat, FixtureCompression, FixtureCompression][] = [
    ["docker-archive", "none", "none"],
    ["docker-hybrid", "gzip", "gzip"],
    ["oci-layout", "gzip", "none"],
    ["oci-archive", "gzip", "none"],
    ["oci-archive", "zstd", "xz"],
  ];
  for (const [format, compression, wrapped] of forms) {
    testWith(wrapped === "xz" ? "zstd" : "jq")(
      `is told and proved: ${format}, layers ${compression}, archive ${wrapped}`,
      { timeout: 120_000 },
      async () => {
        const path = join(folder, `it's ${format}`);
        await buildImage(image, { path, format, compression, wrapped });
        const told = scan([path], seeds);
        for (const seed of seeds) expect([seed, ...story(told(seed))]).toEqual([seed, ...stories[seed]!]);
        for (const seed of seeds) expectProved(told(seed));
      },
    );
  }

  test("is told for each platform, and names whose layer it is", { timeout: 120_000 }, async () => {
    const base = { instruction: "ADD base /", files: { "etc/base.env": env("base") } };
    const own = { instruction: "COPY . /", files: { "etc/own.env": env("own") } };
    const path = join(folder, "several.tar");
    await buildImage(
      [
        { tag: "base:1", layers: [base] },
        { tag: "app:1", layers: [base, own] },
        { tag: "app:2", layers: [base, own], architecture: "arm64" },
      ],
      { path, format: "oci-archive" },
    );
    const told = scan([path], ["base", "own"]);
    expect(
      told("own").lifetimes.map(({ image: name, platform }) => `${name.split(":").slice(1).join(":")} ${platform}`),
    ).toEqual(["app:1 linux/amd64", "app:2 linux/arm64"]);
    const owners = (seed: string) =>
      told(seed).lifetimes.map(({ steps }) => steps[0]?.layer?.owner?.image.replace(path, ""));
    expect(owners("own")).toEqual([undefined, undefined]);
    expect(owners("base")).toEqual([":base:1", ":base:1", undefined]);
  });

  test("names the base that the provenance of its build tells of, and how many layers are the base's", async () => {
    const layers = [{ files: { "etc/base.env": env("base") } }, { files: { "etc/own.env": env("own") } }];
    for (const [version, wrapped] of [
      [
        "v0.2",
        (step: object, of: object) => ({
          buildConfig: step,
          metadata: { "https://mobyproject.org/buildkit@v1#metadata": of },
        }),
      ],
      [
        "v1",
        (step: object, of: object) => ({
          buildDefinition: { internalParameters: { buildConfig: step } },
          runDetails: { metadata: { buildkit_metadata: of } },
        }),
      ],
    ] as const) {
      const path = join(folder, `provenance-${version}`);
      const files = await imageFiles([{ tag: "app:1", layers }], "oci-layout", "gzip");
      const parse = <T>(name: string): T => JSON.parse(Buffer.from(files.get(name) as Uint8Array).toString()) as T;
      const { manifests } = parse<{ manifests: { digest: string }[] }>("index.json");
      const [image] = manifests;
      const [lowest] = parse<{ layers: object[] }>(pathOf(image!.digest)).layers;
      const source = (name: string): object => ({
        Op: { source: { identifier: `docker-image://docker.io/library/${name}@sha256:${"a".repeat(64)}` } },
      });
      const steps = [
        { id: "step0", op: source("builder:1") },
        { id: "step1", op: source("debian:12") },
      ];
      const predicate = wrapped({ llbDefinition: steps }, { layers: { "step0:0": [[image]], "step1:0": [[lowest]] } });
      const predicateType = `https://slsa.dev/provenance/${version}`;
      const statement = addBlob(files, toJson({ predicateType, predicate }), "application/vnd.in-toto+json");
      const config = addBlob(files, toJson({}), "application/vnd.oci.image.config.v1+json");
      const stated = { ...statement, annotations: { "in-toto.io/predicate-type": predicateType } };
      const attestation = addBlob(
        files,
        toJson({ config, layers: [stated] }),
        "application/vnd.oci.image.manifest.v1+json",
      );
      const about = { annotations: { "vnd.docker.reference.digest": image!.digest } };
      files.set("index.json", toJson({ manifests: [...manifests, { ...attestation, ...about }] }));
      await writeImageFiles(files, { path, format: "oci-layout" });
      const told = scan([path], ["base", "own"]);
      const owner = (seed: string) => told(seed).lifetimes[0]?.steps[0]?.layer?.owner;
      expect(owner("base")).toEqual({ part: "base", image: "docker.io/library/debian:12" });
      expect(owner("own")).toEqual({ part: "application", image: "docker.io/library/debian:12" });
    }
  });

  testWith("tar")(
    "ends where the tar does: what stands behind is hidden, and does nothing",
    { timeout: 120_000 },
    async () => {
      const entry = (path: string, body = ""): Buffer => rawEntry({ name: path }, body);
      const behind = [
        ...[entry("srv/behind.env", env("behind")), entry("srv/twice.env", env("twice"))],
        ...[entry("srv/.wh.kept.env"), entry("srv/below.env"), rawHeader({ name: "srv/opaque", type: "5" })],
        ...[entry("srv/.wh..wh..opq"), entry("srv/again.env", env("again")), entry("srv/again.env", env("again last"))],
      ];
      const top = Buffer.concat([entry("srv/twice.env", env("seen")), endOfTar, ...behind, endOfTar]);
      const below = { files: { "srv/kept.env": env("kept"), "srv/below.env": env("below") } };
      const path = join(folder, "behind.tar");
      await buildImage({ tag: "app:1.0", layers: [below, { raw: top }] }, { path, format: "docker-hybrid" });
      const of = scan([path], ["behind", "twice", "seen", "kept", "below", "again", "again last"]);
      expect(story(of("kept"))).toEqual(["srv/kept.env introduced in layer 0", "visible"]);
      expect(story(of("below"))).toEqual(["srv/below.env introduced in layer 0", "visible"]);
      expect(story(of("seen"))).toEqual(["srv/twice.env introduced in layer 1", "visible"]);
      for (const [seed, name] of [
        ["behind", "behind"],
        ["twice", "twice"],
        ["again", "again"],
        ["again last", "again"],
      ] as const) {
        const told = of(seed);
        expect(story(told)).toEqual([
          `srv/${name}.env introduced in layer 1`,
          `srv/${name}.env hidden behind the end of the tar in layer 1`,
          "hidden",
        ]);
        expectProved(told);
      }
      expectProved(of("seen"));
    },
  );

  test("is told of names, of what links lead to, and of attributes", async () => {
    const seeds = ["name", "folder", "target", "comment", "attribute", "archive", "gone"];
    const hash = "0123456789abcdef".repeat(4);
    const raw = Buffer.concat([
      pax("g", { comment: `whole ${probe("archive")}` }),
      rawEntry({ name: `srv/${probe("name")}.txt` }, "text"),
      rawHeader({ name: `srv/${probe("folder")}/`, type: "5" }),
      rawEntry({ name: `srv/${probe("folder")}/again` }, "text"),
      rawHeader({ name: "srv/link", type: "2", linkName: `/x?t=${probe("target")}` }),
      pax("x", { comment: probe("comment") }),
      rawEntry({ name: "srv/commented" }, "text"),
      pax("x", { "SCHILY.xattr.user.key": probe("attribute"), mtime: "1" }),
      rawEntry({ name: `srv/${hash}` }, "text"),
      rawEntry({ name: `srv/${probe("gone")}` }, "text"),
      endOfTar,
    ]);
    const masked = (seed: string): string => `srv/prb_......${probe(seed).slice(-2)}`;
    const path = join(folder, "names.tar");
    const layers = [{ raw }, { whiteouts: [`srv/${probe("gone")}`] }];
    await buildImage({ tag: "app:1.0", layers }, { path, format: "docker-archive" });
    const of = scan([path], seeds);
    expect(seeds.map((seed) => of(seed).sightings.map(({ origin }) => [origin.path, origin.proof]))).toEqual([
      [[`${masked("name")}.txt`, undefined]],
      [[`${masked("folder")}/`, undefined]],
      [["srv/link", undefined]],
      [["srv/commented", undefined]],
      [[`srv/${hash}`, undefined]],
      [[`${masked("name")}.txt`, undefined]],
      [[masked("gone"), undefined]],
    ]);
    expect(seeds.map((seed) => story(of(seed)).at(-1))).toEqual([...seeds.slice(1).map(() => "visible"), "hidden"]);
  });

  test("knows the marks of an overlay: attributes of emptied folders, devices for removed files", async () => {
    const marks = [
      pax("x", { "SCHILY.xattr.trusted.overlay.opaque": "y" }),
      rawHeader({ name: "srv/one/", type: "5" }),
      pax("x", { "SCHILY.xattr.user.overlay.opaque": "y" }),
      rawHeader({ name: "srv/two/", type: "5" }),
      pax("x", { "SCHILY.xattr.user.overlay.opaque": "n" }),
      rawHeader({ name: "srv/kept/", type: "5" }),
      rawHeader({ name: "srv/gone.env", type: "3" }),
    ];
    const seeds = ["one", "two", "kept", "gone"];
    const files = Object.fromEntries(seeds.map((seed) => [`srv/${seed}${seed === "gone" ? "" : "/x"}.env`, env(seed)]));
    const path = join(folder, "overlay.tar");
    const layers = [{ files }, { raw: Buffer.concat([...marks, endOfTar]) }];
    await buildImage({ tag: "app:1.0", layers }, { path, format: "docker-archive" });
    const of = scan([path], seeds);
    const ends = seeds.map((seed) => story(of(seed)).slice(1));
    const gone = (words: string): string[] => [words, "hidden"];
    expect(ends).toEqual([
      gone("srv/one/x.env deleted with its folder in layer 1"),
      gone("srv/two/x.env deleted with its folder in layer 1"),
      ["visible"],
      gone("srv/gone.env deleted in layer 1"),
    ]);
  });

  testWith("umoci")("is told and proved of an image that umoci made", { timeout: 120_000 }, () => {
    const run = (...command: string[]): void => {
      const ran = spawnSync(command[0]!, command.slice(1), { cwd: folder, encoding: "utf8" });
      expect([command.join(" "), ran.status, ran.stderr]).toEqual([command.join(" "), 0, ran.stderr]);
    };
    run("umoci", "init", "--layout", "umoci");
    run("umoci", "new", "--image", "umoci:v1");
    mkdirSync(join(folder, "rootfs/app/folder"), { recursive: true });
    writeFileSync(join(folder, "rootfs/app/a.env"), env("umoci"));
    writeFileSync(join(folder, "rootfs/app/folder/b.env"), env("umoci folder"));
    run("umoci", "insert", "--rootless", "--image", "umoci:v1", "rootfs/app", "/app");
    run("umoci", "insert", "--rootless", "--image", "umoci:v1", "--whiteout", "/app/a.env");
    run("umoci", "insert", "--rootless", "--image", "umoci:v1", "--opaque", "rootfs/app/folder", "/app");
    const told = scan([`oci:${join(folder, "umoci")}:v1`], ["umoci", "umoci folder"]);
    expect(story(told("umoci"))).toEqual(["app/a.env introduced in layer 0", "app/a.env deleted in layer 1", "hidden"]);
    expect(story(told("umoci folder"))).toEqual([
      "app/folder/b.env introduced in layer 0",
      "app/b.env moved from app/folder/b.env in layer 2",
      "visible",
    ]);
    expectProved(told("umoci"));
    expectProved(told("umoci folder"));
  });

  testWith("tar")("is proved where a tar spells its names with ./ in front", { timeout: 120_000 }, async () => {
    const path = join(folder, "dotted.tar");
    const dotted = {
      entries: [
        { path: "./app/", type: "directory" },
        { path: "./app/a.env", body: env("dotted") },
      ],
    } as const;
    await buildImage({ tag: "app:1", layers: [dotted] }, { path, format: "oci-archive" });
    expectProved(scan([path], ["dotted"])("dotted"));
    expect(Buffer.from(await tarOf(dotted.entries)).includes("./app/a.env")).toBe(true);
  });
});
