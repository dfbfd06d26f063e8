/** The built program and what lies in a real registry beside images: charts, WebAssembly, files, what refers to them; and every field of a configuration. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect } from "vitest";
import { digestOf } from "../../src/content/digest.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { hasProgram, testWith } from "../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
let registry: ChildProcess | undefined;
let host = "";

beforeAll(async () => {
  if (!hasProgram("docker-registry")) return;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  const config = join(folder, "registry.yml");
  const storage = `storage: {filesystem: {rootdirectory: ${join(folder, "storage")}}}`;
  writeFileSync(config, `version: 0.1\n${storage}\nhttp: {addr: "${host}"}\n`);
  registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const answers = (): Promise<boolean> =>
    fetch(`http://${host}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let i = 0; i < 100 && !(await answers()); i++) await wait(100);
});

afterAll(() => registry?.kill());

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
}

async function pushBlob(repository: string, bytes: Uint8Array): Promise<Descriptor> {
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", `http://${host}`);
  place.searchParams.set("digest", digestOf(bytes));
  expect((await fetch(place, { method: "PUT", body: Buffer.from(bytes) })).status).toBe(201);
  return { digest: digestOf(bytes), size: bytes.length };
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";

async function pushManifest(
  repository: string,
  tag: string,
  manifest: object,
  type = manifestType,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, ...manifest }));
  const headers = { "content-type": type };
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: "PUT",
    headers,
    body: bytes,
  });
  expect(answer.status).toBe(201);
  return { digest: digestOf(bytes), size: bytes.length, mediaType: type };
}

/** A tar with one file, as tar makes it. */
function tarOfFile(path: string, text: string): Buffer {
  const root = join(folder, `tar-${digestOf(Buffer.from(path + text)).slice(-8)}`);
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
  return execFileSync("tar", ["-C", root, "-cf", "-", path]);
}

/** Where each planted value was found, by what it was planted as; every one has to be found, and nothing left out. */
function placesOf(name: string, planted: readonly string[]): Record<string, string[]> {
  const ran = leaktrace(["image", `${host}/${name}`, "-c", rules, "-f", "json", "-r", "-", "--reveal", "--no-cache"]);
  expect(ran.stderr).not.toContain("not scanned");
  expect(ran.code).toBe(1);
  const entries = entriesOf(ran);
  const filesOf = (word: string): string[] =>
    entries.filter(({ Secret }) => Secret === probe(word)).map(({ File }) => File);
  expect(new Set(entries.map(({ Secret }) => Secret)).size).toBe(planted.length);
  return Object.fromEntries(planted.map((word) => [word, filesOf(word)]));
}

const test = testWith("docker-registry");
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test("a chart of Helm: its values, what describes it, and its signature", async () => {
  const config = await pushBlob("charts/app", json({ name: "app", description: probe("description") }));
  const chart = gzipSync(tarOfFile("app/values.yaml", `db:\n  password: ${probe("values")}\n`));
  const signature = Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\n${probe("signature")}\n`);
  const layers = [
    { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...(await pushBlob("charts/app", chart)) },
    { mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov", ...(await pushBlob("charts/app", signature)) },
  ];
  await pushManifest("charts/app", "1", {
    config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...config },
    layers,
  });
  expect(placesOf("charts/app:1", ["description", "values", "signature"])).toEqual({
    description: ["config!"],
    values: ["app/values.yaml"],
    signature: [""],
  });
});

test("a WebAssembly module, and what is said of it", async () => {
  const data = Buffer.from(probe("data"));
  const segment = Buffer.concat([Buffer.from([1, 0, 0x41, 0, 0x0b, data.length]), data]);
  const memory = [5, 3, 1, 0, 1];
  const module = Buffer.concat([
    Buffer.from([0, ...Buffer.from("asm"), 1, 0, 0, 0, ...memory, 11, segment.length]),
    segment,
  ]);
  expect(() => new WebAssembly.Module(module)).not.toThrow();
  const config = await pushBlob("wasm/app", json({ author: probe("author"), os: "wasip1", architecture: "wasm" }));
  await pushManifest("wasm/app", "1", {
    config: { mediaType: "application/vnd.wasm.config.v0+json", ...config },
    layers: [{ mediaType: "application/wasm", ...(await pushBlob("wasm/app", module)) }],
  });
  expect(placesOf("wasm/app:1", ["data", "author"])).toEqual({ data: [""], author: ["config!"] });
});

test("files as ORAS pushes them, a folder, and what refers to them by its subject", async () => {
  const empty = await pushBlob("oras/files", Buffer.from("{}"));
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...empty, data: "e30=" };
  const title = (name: string): object => ({ annotations: { "org.opencontainers.image.title": name } });
  const packed = gzipSync(tarOfFile("conf/inner.env", `K=${probe("inner")}\n`));
  const files = await pushManifest("oras/files", "1", {
    ...{ artifactType: "application/vnd.example", config, annotations: { note: probe("note") } },
    layers: [
      { mediaType: "text/plain", ...(await pushBlob("oras/files", Buffer.from(probe("file")))), ...title("a/b.env") },
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        ...(await pushBlob("oras/files", packed)),
        ...title("d"),
      },
    ],
  });
  const bill = await pushBlob("oras/files", json({ comment: probe("bill") }));
  const artifactType = "application/spdx+json";
  const referring = await pushManifest("oras/files", "other", {
    ...{ artifactType, config, subject: files },
    layers: [{ mediaType: artifactType, ...bill }],
  });
  // Distribution 2.8 does not know what refers to what: whoever pushes it writes it under a tag.
  const index = { manifests: [{ ...referring, artifactType }] };
  await pushManifest("oras/files", files.digest.replace(":", "-"), index, "application/vnd.oci.image.index.v1+json");
  expect(placesOf("oras/files:1", ["note", "file", "inner", "bill"])).toEqual({
    note: ["manifest!annotations[note]"],
    file: ["a/b.env"],
    inner: ["conf/inner.env"],
    bill: [""],
  });
});

test("every field of a configuration, names of its members too", async () => {
  const layer = tarOfFile("x", "x");
  const at = (word: string): string => `/${probe(word)}`;
  const masked = (word: string): string => `prb_......${probe(word).slice(-2)}`;
  const config = {
    ...{ os: "linux", architecture: "amd64", author: probe("author") },
    config: {
      Env: [`A=${probe("env")}`],
      Entrypoint: ["/x", probe("entrypoint")],
      Cmd: [probe("cmd")],
      Labels: { l: probe("label") },
      OnBuild: [`RUN login ${probe("onbuild")}`],
      Shell: ["/bin/sh", probe("shell")],
      Healthcheck: { Test: ["CMD-SHELL", `curl -H ${probe("health")} x`] },
      ...{ User: probe("user"), WorkingDir: at("folder"), StopSignal: probe("signal") },
      ...{ Volumes: { [at("volume")]: {} }, ExposedPorts: { [probe("port")]: {} } },
    },
    history: [
      { created_by: `RUN |1 TOKEN=${probe("argument")} /bin/sh -c x`, comment: probe("comment"), author: probe("by") },
    ],
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  await pushManifest("team/app", "1", {
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...(await pushBlob("team/app", json(config))) },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await pushBlob("team/app", layer)) }],
    annotations: { a: probe("annotation") },
  });
  const told = {
    author: "config!author",
    env: "config!Env[A]",
    entrypoint: "config!Entrypoint",
    cmd: "config!Cmd",
    label: "config!Labels[l]",
    onbuild: "config!OnBuild",
    shell: "config!Shell",
    health: "config!Healthcheck",
    user: "config!User",
    folder: "config!WorkingDir",
    signal: "config!StopSignal",
    volume: `config!Volumes[/${masked("volume")}]`,
    port: `config!ExposedPorts[${masked("port")}]`,
    argument: "config!history[0]",
    comment: "config!history[0].comment",
    by: "config!history[0].author",
    annotation: "manifest!annotations[a]",
  };
  const expected = Object.entries(told).map(([word, place]) => [word, [place]]);
  expect(placesOf("team/app:1", Object.keys(told))).toEqual(Object.fromEntries(expected));
});
