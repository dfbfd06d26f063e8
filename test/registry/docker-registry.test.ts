/** The built program and a real registry (docker-registry, distribution 2.8) on this machine; images are pushed by skopeo. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { buildImage, hexOf, tarOfLayer, toJson } from "../../fixtures/images/build-image.ts";
import { createRepository } from "../../fixtures/git/workshop.ts";
import type { Lifetime } from "../../src/findings/index.ts";
import {
  entriesOf,
  leaktrace,
  leaktraceAside,
  probe,
  probeRules,
  program,
  scratch,
  type Ran,
} from "../cli/scan-program.ts";
import { hasProgram, testWith } from "../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const log = join(folder, "access.log");
/** Where the program puts what it fetches: nothing may be left there. */
const temporary = join(folder, "tmp");
mkdirSync(temporary);
const env = { ...process.env, TMPDIR: temporary, HOME: folder };
let registry: ChildProcess | undefined;
let host = "";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const layers = (count: number): { files: Record<string, string> }[] =>
  Array.from({ length: count }, (_, i) => ({
    files: { [`shared/${i}.txt`]: `layer ${i}\n${"text\n".repeat(5_000)}` },
  }));

beforeAll(async () => {
  if (!hasProgram("docker-registry") || !hasProgram("skopeo")) return;
  host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, "registry.yml");
  writeFileSync(
    config,
    `version: 0.1\nlog: {accesslog: {disabled: false}}\nstorage: {filesystem: {rootdirectory: ${join(folder, "storage")}}}\nhttp: {addr: "${host}"}\ncompatibility: {schema1: {enabled: true}}\n`,
  );
  registry = spawn("sh", ["-c", 'exec docker-registry serve "$1" >"$2" 2>&1', "sh", config, log], { stdio: "ignore" });
  for (let i = 0; i < 100; i++) {
    if (
      await fetch(`http://${host}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await wait(100);
  }
  for (let tag = 0; tag < 5; tag++) {
    const path = join(folder, `image-${tag}`);
    const own = { files: { "app/config.env": `KEY=${probe(`tag ${tag}`)}\n` }, instruction: "COPY config.env /app/" };
    const last = { files: { "app/main.txt": "main\n" }, whiteouts: ["app/config.env"] };
    await buildImage(
      { tag: "x", layers: [...layers(4), own, last], env: [`TOKEN=${probe("env")}`] },
      { path, format: "oci-layout", compression: "gzip" },
    );
    execFileSync(
      "skopeo",
      [
        "--insecure-policy",
        "copy",
        "-q",
        "--dest-tls-verify=false",
        `oci:${path}:x`,
        `docker://${host}/team/app:v${tag}`,
      ],
      { stdio: "pipe" },
    );
  }
}, 60_000);

afterAll(() => registry?.kill());

/** Requests that the registry answered since the log had so many characters. */
function requests(since: number): string[] {
  return (
    readFileSync(log, "utf8")
      .slice(since)
      .match(/"(?:GET|HEAD) \/v2\/[^"]*"/g) ?? []
  );
}

const test = testWith("docker-registry");

test("an image is scanned as the same image on the disk, and nothing is left behind", () => {
  const remote = leaktrace(["image", `${host}/team/app:v0`, "-c", rules, "-f", "json"], { env });
  expect(remote.stderr).toContain("2 secrets");
  expect(remote.code).toBe(1);
  const local = leaktrace(["image", `oci:${join(folder, "image-0")}:x`, "-c", rules, "-f", "json"]);
  const places = (ran: typeof remote): unknown[] =>
    entriesOf(ran).map(({ Secret, File, StartLine, Image }) => [
      Secret,
      File,
      StartLine,
      Image?.replace(/^.*[:/](?=v0|x)/, ""),
    ]);
  expect(places(remote).map((place) => (place as string[]).slice(0, 3))).toEqual(
    places(local).map((place) => (place as string[]).slice(0, 3)),
  );
  expect(remote.stdout).toContain('"Deleted": true');
  expect(readdirSync(temporary)).toEqual([]);
});

test("what is told to prove a secret is there does prove it", () => {
  const ran = leaktrace(["image", `${host}/team/app:v0`, "-c", rules, "-f", "jsonl", "-r", "-"], { env });
  const proofs = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { sightings?: { content: string; origin: { path: string; proof?: string } }[] })
    .flatMap(({ sightings = [] }) => sightings.map(({ content, origin }) => ({ content, ...origin })));
  expect(proofs.map(({ path }) => path).sort()).toEqual(["app/config.env", "config!Env[TOKEN]"]);
  for (const { content, proof } of proofs) {
    const shown = spawnSync("sh", ["-c", proof ?? ""], { cwd: mkdtempSync(join(folder, "proof-")), encoding: "utf8" });
    expect(shown.stdout.trim()).toBe(content);
  }
});

test("all tags: layers that they share are fetched once", () => {
  const before = readFileSync(log, "utf8").length;
  const ran = leaktrace(["image", `${host}/team/app`, "--all-tags", "-c", rules, "-f", "json"], { env });
  expect(new Set(entriesOf(ran).map(({ Secret }) => Secret)).size).toBe(6);
  expect(entriesOf(ran).some(({ Image }) => Image === `${host}/team/app:v3`)).toBe(true);
  const blobs = requests(before).filter((line) => line.includes("/blobs/"));
  expect(blobs.length).toBeGreaterThan(10);
  expect(new Set(blobs).size).toBe(blobs.length);
});

test("tags in a list fetch what they share once; a second sweep fetches layers with secrets alone, and says the same", () => {
  const list = join(folder, "tags");
  writeFileSync(list, [0, 1, 2, 3, 4].map((tag) => `${host}/team/app:v${tag}\n`).join(""));
  const args = ["scan", "--targets", list, "-c", rules, "-f", "jsonl", "--cache-dir", join(folder, "cache")];
  const layersIn = (since: number): string[] => requests(since).filter((line) => line.includes("/blobs/"));
  const start = readFileSync(log, "utf8").length;
  const first = leaktrace(args, { env });
  const fetched = layersIn(start);
  expect(fetched.length).toBeGreaterThan(10);
  // Configurations are documents of each image; layers are fetched once.
  expect(new Set(fetched).size).toBe(fetched.length);
  const between = readFileSync(log, "utf8").length;
  const second = leaktrace(args, { env });
  const secretLayers = 5;
  const configs = 5;
  expect(layersIn(between).length).toBe(secretLayers + configs);
  const told = ({ stdout }: typeof first): string[] => stdout.split("\n").filter((line) => !line.includes('"bytes"'));
  expect(told(second)).toEqual(told(first));
  expect([first.code, second.code]).toEqual([1, 1]);
});

/** Pushes a layout of one image, as clients do: blobs that are not there, then the manifest. */
async function push(layout: string, name: string, tag: string): Promise<void> {
  const read = (digest: string): Buffer => readFileSync(join(layout, "blobs", digest.replace(":", "/")));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  const bytes = read(index.manifests[0]!.digest);
  const manifest = JSON.parse(bytes.toString()) as Record<"config", { digest: string }> & {
    layers: { digest: string }[];
    mediaType?: string;
  };
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const has = await fetch(`http://${host}/v2/${name}/blobs/${digest}`, { method: "HEAD" });
    if (has.ok) continue;
    const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: "POST" });
    const to = new URL(begun.headers.get("location") ?? "", `http://${host}`);
    to.searchParams.set("digest", digest);
    expect((await fetch(to, { method: "PUT", body: new Uint8Array(read(digest)) })).status).toBe(201);
  }
  const headers = { "content-type": manifest.mediaType ?? "application/vnd.oci.image.manifest.v1+json" };
  const put = { method: "PUT", headers, body: new Uint8Array(bytes) };
  expect((await fetch(`http://${host}/v2/${name}/manifests/${tag}`, put)).status).toBe(201);
}

test("thirty tags that share nine of ten layers fetch each blob once; a second sweep fetches no layer", async () => {
  const list = join(folder, "thirty");
  const tags = Array.from({ length: 30 }, (_, i) => `t${i}`);
  for (const tag of tags) {
    const path = join(folder, `thirty-${tag}`);
    const own = { files: { "app/version": `${tag}\n` } };
    await buildImage({ tag: "x", layers: [...layers(9), own] }, { path, format: "oci-layout", compression: "gzip" });
    await push(path, "team/thirty", tag);
  }
  writeFileSync(list, tags.map((tag) => `${host}/team/thirty:${tag}\n`).join(""));
  const sweep = async (): Promise<{ ran: Ran; blobs: string[]; manifests: string[] }> => {
    const before = readFileSync(log, "utf8").length;
    const args = ["scan", "--targets", list, "-c", rules, "-f", "jsonl", "--cache-dir", join(folder, "thirty-cache")];
    const ran = await leaktraceAside(args, env);
    const asked = (kind: string): string[] => requests(before).filter((line) => line.includes(`/${kind}/`));
    return { ran, blobs: asked("blobs"), manifests: asked("manifests") };
  };
  const first = await sweep();
  expect(first.ran).toMatchObject({ code: 0 });
  expect(first.blobs.length).toBe(9 + 30 + 30);
  expect(new Set(first.blobs).size).toBe(first.blobs.length);
  const second = await sweep();
  // Nor does it read a document: heads tell that each tag stands for what it stood for.
  expect(second.blobs).toEqual([]);
  expect(second.manifests.map((line) => line.slice(0, 5))).toEqual(Array.from({ length: 30 }, () => '"HEAD'));
  expect(second.ran.code).toBe(0);
  const told = ({ stdout }: Ran): string[] => stdout.split("\n").filter((line) => !line.includes('"bytes"'));
  expect(told(second.ran)).toEqual(told(first.ran));
});

test("a repository inside of an image is read, though its layer had gone by when it is", async () => {
  const shop = createRepository(join(folder, "inner"));
  shop.commit("One", { "a.txt": `${probe("inner history")}\n` });
  shop.git("rm", "-q", "a.txt");
  shop.git("commit", "-q", "-m", "Two");
  const below = readdirSync(join(folder, "inner/.git"), { recursive: true, withFileTypes: true });
  const files = Object.fromEntries(
    below.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? [[path.slice(join(folder, "inner/").length), readFileSync(path)]] : [];
    }),
  );
  const path = join(folder, "with-history");
  await buildImage({ tag: "x", layers: [{ files }, { files: { b: "b" } }] }, { path, format: "oci-layout" });
  await push(path, "team/history", "v1");
  const before = readFileSync(log, "utf8").length;
  const ran = leaktrace(["image", `${host}/team/history:v1`, "-c", rules, "-f", "json", "--no-cache"], { env });
  expect(entriesOf(ran).map(({ Secret, File }) => [Secret, File])).toEqual([[expect.any(String), "a.txt"]]);
  expect(ran.stderr).not.toContain("incomplete");
  // Both layers and the configuration, and the layer with the repository once more.
  expect(requests(before).filter((line) => line.includes("/blobs/")).length).toBe(4);
  expect(readdirSync(temporary)).toEqual([]);
});

test("an image with a manifest of schema 1, as skopeo makes it and the registry signs it", () => {
  const copy = ["--insecure-policy", "copy", "-q", "--format", "v2s1", "--dest-tls-verify=false"];
  execFileSync("skopeo", [...copy, `oci:${join(folder, "image-1")}:x`, `docker://${host}/team/old:v1`], {
    stdio: "pipe",
  });
  const ran = leaktrace(["image", `${host}/team/old:v1`, "-c", rules, "-f", "json"], { env });
  expect(ran.stderr).not.toContain("incomplete");
  const files = entriesOf(ran).map(({ File }) => File);
  expect(files).toEqual(expect.arrayContaining(["app/config.env", "config!Env[TOKEN]"]) as unknown);
  expect(ran.stdout).toContain('"Deleted": true');
  expect(ran.stdout).toContain("COPY config.env /app/");
  // The registry signs it anew each time: what it is known by stays.
  const lines = ["image", `${host}/team/old:v1`, "-c", rules, "-f", "jsonl"];
  const [one, two] = [leaktrace(lines, { env }), leaktrace(lines, { env })];
  expect(two.stdout).toBe(one.stdout);
  expect(one.stdout).toContain("@sha256:");
});

test("its folder on the disk: tags, what lost its tag, and blobs that nothing names", async () => {
  const storage = join(folder, "storage");
  for (const seed of ["first", "second"]) {
    const path = join(folder, `pushed-${seed}`);
    const layers = [{ files: { [`app/${seed}.env`]: `KEY=${probe(`${seed} push`)}\n` } }];
    await buildImage({ tag: "x", layers }, { path, format: "oci-layout" });
    const copy = ["--insecure-policy", "copy", "-q", "--dest-tls-verify=false"];
    execFileSync("skopeo", [...copy, `oci:${path}:x`, `docker://${host}/deep/er/moved:v1`], { stdio: "pipe" });
  }
  const orphan = Buffer.from(`KEY=${probe("orphan")}\n`);
  const hex = hexOf(orphan);
  const place = join(storage, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "data"), orphan);
  const ran = leaktrace(["scan", storage, "-c", rules, "-f", "json"], { env });
  const places = entriesOf(ran).map(({ File, Image }) => [File, Image?.slice(storage.length + 1)] as const);
  const imageOf = (file: string): string => places.find(([path]) => path === file)?.[1] ?? "";
  expect(imageOf("app/second.env")).toBe("deep/er/moved:v1");
  expect(imageOf("app/first.env")).toMatch(/^deep\/er\/moved@sha256:[0-9a-f]{64}$/);
  expect(places.filter(([, image]) => image === "in no image").length).toBe(1);
  expect(places.some(([, image]) => image?.includes("team/app:v3") === true)).toBe(true);
  expect(ran.stderr).not.toContain("incomplete");
  const sub = leaktrace(["image", join(storage, "docker/registry/v2"), "-c", rules, "-f", "json"], { env });
  expect(entriesOf(sub).length).toBe(places.length);
});

/** Stores a document or a layer in the registry; gives its descriptor. */
async function put(name: string, bytes: Uint8Array, mediaType: string): Promise<{ digest: string }> {
  const digest = `sha256:${hexOf(bytes)}`;
  const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location")!, `http://${host}`);
  place.searchParams.set("digest", digest);
  expect((await fetch(place, { method: "PUT", body: Buffer.from(bytes) })).status).toBe(201);
  return { mediaType, digest, size: bytes.length } as { digest: string };
}

async function putManifest(name: string, tag: string, manifest: { mediaType: string }): Promise<{ digest: string }> {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }));
  const digest = `sha256:${hexOf(body)}`;
  const headers = { "content-type": manifest.mediaType };
  const sent = await fetch(`http://${host}/v2/${name}/manifests/${tag || digest}`, { method: "PUT", body, headers });
  expect(sent.status).toBe(201);
  return { mediaType: manifest.mediaType, digest, size: body.length } as { digest: string };
}

test("provenance in mode max: build arguments, environments and the Dockerfile of a build are scanned, and its base is told", async () => {
  const name = "team/attested";
  const oci = (kind: string): string => `application/vnd.oci.image.${kind}.v1+json`;
  const tar = async (files: Record<string, string>): Promise<Uint8Array> => tarOfLayer({ files });
  const layers = [
    await put(name, await tar({ "etc/os": "base\n" }), "application/vnd.oci.image.layer.v1.tar"),
    await put(name, await tar({ "app/x.env": `A=${probe("in a layer")}\n` }), "application/vnd.oci.image.layer.v1.tar"),
  ];
  const config = await put(name, toJson({ architecture: "amd64", os: "linux", config: {} }), oci("config"));
  const image = await putManifest(name, "", { mediaType: oci("manifest"), config, layers } as { mediaType: string });
  const dockerfile = `FROM debian:12\nARG KEY=${probe("in the Dockerfile")}\n`;
  const source = { identifier: `docker-image://docker.io/library/debian:12@sha256:${"a".repeat(64)}` };
  const run = { meta: { args: ["/bin/sh", "-c", "make"], env: [`TOKEN=${probe("in an environment")}`] } };
  const steps = [
    { id: "step0", op: { Op: { source } } },
    { id: "step1", op: { Op: { exec: run } } },
  ];
  // As BuildKit writes it for `--provenance=mode=max` (SLSA 0.2, with what it adds under its own key).
  const predicate = {
    buildType: "https://mobyproject.org/buildkit@v1",
    invocation: { parameters: { frontend: "dockerfile.v0", args: { "build-arg:NPM": probe("in an argument") } } },
    buildConfig: { llbDefinition: steps },
    metadata: {
      "https://mobyproject.org/buildkit@v1#metadata": {
        source: { infos: [{ filename: "Dockerfile", data: Buffer.from(dockerfile).toString("base64") }] },
        layers: { "step0:0": [[layers[0]]], "step1:0": [layers] },
      },
    },
  };
  const predicateType = "https://slsa.dev/provenance/v0.2";
  const statement = { _type: "https://in-toto.io/Statement/v0.1", predicateType, subject: [], predicate };
  const stated = await put(name, toJson(statement), "application/vnd.in-toto+json");
  const attestation = await putManifest(name, "", {
    mediaType: oci("manifest"),
    config: await put(name, toJson({ architecture: "unknown", os: "unknown" }), oci("config")),
    layers: [{ ...stated, annotations: { "in-toto.io/predicate-type": predicateType } }],
  } as { mediaType: string });
  const about = { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest };
  await putManifest(name, "v1", {
    mediaType: oci("index"),
    manifests: [
      { ...image, platform: { architecture: "amd64", os: "linux" } },
      { ...attestation, platform: { architecture: "unknown", os: "unknown" }, annotations: about },
    ],
  } as { mediaType: string });
  const ran = leaktrace(["image", `${host}/${name}:v1`, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal"], { env });
  const found = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { secret?: string; lifetimes?: Lifetime[] })
    .filter(({ secret }) => secret !== undefined);
  const places = ["in a layer", "in an argument", "in an environment", "in the Dockerfile"];
  expect(new Set(found.map(({ secret }) => secret))).toEqual(new Set(places.map(probe)));
  const layer = found.find(({ secret }) => secret === probe("in a layer"))?.lifetimes?.[0]?.steps[0]?.layer;
  expect(layer?.owner).toEqual({ part: "application", image: "docker.io/library/debian:12" });
  expect(readdirSync(temporary)).toEqual([]);
});

(hasProgram("docker-registry") ? testWith("curl") : test)(
  "what no copy of an image brings is proved as well: a cache's layer, an artifact's configuration",
  async () => {
    const oci = (kind: string): string => `application/vnd.oci.image.${kind}.v1+json`;
    const layer = gzipSync(await tarOfLayer({ files: { "root/.npmrc": `T=${probe("in a cache")}\n` } }));
    await putManifest("team/cache", "latest", {
      mediaType: oci("index"),
      manifests: [await put("team/cache", layer, "application/vnd.oci.image.layer.v1.tar+gzip")],
    } as { mediaType: string });
    const chart = { name: "chart", annotations: { token: probe("in a chart") } };
    await putManifest("team/chart", "1.0", {
      mediaType: oci("manifest"),
      config: await put("team/chart", toJson(chart), "application/vnd.cncf.helm.config.v1+json"),
      layers: [],
    } as { mediaType: string });
    for (const [image, place] of [
      ["team/cache:latest", "root/.npmrc"],
      ["team/chart:1.0", "config!"],
    ]) {
      const ran = leaktrace(["image", `${host}/${image}`, "-c", rules, "-f", "jsonl", "-r", "-"], { env });
      const { sightings } = JSON.parse(ran.stdout.split("\n", 1)[0]!) as {
        sightings: { content: string; origin: { path: string; proof?: string } }[];
      };
      const [{ content, origin } = { content: "", origin: { path: "" } }] = sightings;
      const shown = spawnSync("sh", ["-c", origin.proof ?? ""], {
        cwd: mkdtempSync(join(folder, "proof-")),
        encoding: "utf8",
      });
      expect([origin.path, shown.stdout.trim()]).toEqual([place, content]);
    }
  },
);

test("scan takes a reference that is spelled out, also in a list; a tag that is not there is told", () => {
  const list = join(folder, "list");
  writeFileSync(list, `${host}/team/app:v1\n${host}/team/app:v2\n${host}/team/app:none\n`);
  const ran = leaktrace(["scan", "--targets", list, "-c", rules, "-f", "json"], { env });
  expect(ran.code).toBe(1);
  expect(new Set(entriesOf(ran).map(({ Secret }) => Secret)).size).toBe(3);
  expect(ran.stderr).toContain("holds no such image");
  const missing = leaktrace(["image", `${host}/team/app:none`], { env });
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(readdirSync(temporary)).toEqual([]);
});

test("an interruption leaves nothing behind", async () => {
  const child = spawn(process.execPath, [program, "image", `${host}/team/app`, "--all-tags", "--workers", "1"], {
    env,
    stdio: "ignore",
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  for (let i = 0; i < 200 && readdirSync(temporary).length === 0; i++) await wait(10);
  child.kill("SIGINT");
  await gone;
  expect(existsSync(temporary)).toBe(true);
  expect(readdirSync(temporary)).toEqual([]);
});
