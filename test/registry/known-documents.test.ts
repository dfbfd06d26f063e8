/** What earlier scans have read of registries is not asked for again, where it is what its digest says and holds nothing. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toJson } from "../../fixtures/images/build-image.ts";
import { openRegistry, parseReference, type KnownDocuments } from "../../src/registry/index.ts";
import { DocumentMemory, Store } from "../../src/store/index.ts";
import { leaktraceAside, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { digestOf, image, ScriptedServer } from "./scripted-registry.ts";

const folder = scratch();
const rules = probeRules(folder);
const v1 = image(Buffer.from("first layer\n".repeat(100)));
const v2 = image(Buffer.from("second layer\n".repeat(100)));
let folders = 0;

/** A registry that holds one image under `team/app:v1`, and says so to heads. */
function serve(held: () => ReturnType<typeof image>, headStatus = 200): Promise<ScriptedServer> {
  return ScriptedServer.open(({ url = "", method }, response) => {
    const { manifest, documents } = held();
    const name = /^\/v2\/team\/app\/(?:manifests|blobs)\/(.+)$/.exec(url)?.[1] ?? "";
    const bytes = name === "v1" ? manifest : documents.get(name);
    if (bytes === undefined || (method === "HEAD" && headStatus !== 200))
      return response.writeHead(bytes === undefined ? 404 : headStatus).end();
    response.setHeader("docker-content-digest", digestOf(bytes));
    response.end(method === "HEAD" ? undefined : bytes);
  });
}

/** Opens `team/app:v1`, reads its documents, and says which of them hold nothing. Gives what was asked of documents. */
async function look(server: ScriptedServer, known: KnownDocuments, clean: readonly string[]): Promise<string[]> {
  const path = join(folder, `f${folders++}`);
  mkdirSync(path);
  const reference = parseReference(`${server.host}/team/app:v1`)!;
  const before = server.asked.length;
  await using images = await openRegistry(reference, {
    ...{ folder: { path, [Symbol.dispose]: () => {} }, allTags: false, plainHttp: false, env: { HOME: path } },
    ...{ signal: new AbortController().signal, onReceived: () => {}, known },
  });
  const index = JSON.parse(Buffer.from((await images.read("index.json")) as Uint8Array).toString()) as {
    manifests: { digest: string }[];
  };
  for (const { digest } of index.manifests) {
    const bytes = await images.read(`blobs/${digest.replace(":", "/")}`);
    const { config } = JSON.parse(Buffer.from(bytes as Uint8Array).toString()) as { config: { digest: string } };
    expect(await images.read(`blobs/${config.digest.replace(":", "/")}`)).toBeInstanceOf(Uint8Array);
  }
  images.settle(new Set(clean));
  const isOfDocument = /\/(?:manifests|blobs)\/(?:v1$|sha256:)/;
  return server.asked.slice(before).flatMap(({ method, path }) => {
    const name = isOfDocument.test(path) ? path.slice(path.lastIndexOf("/") + 1) : "";
    return name === "" ? [] : [`${method} ${name}`];
  });
}

const digestsOf = ({ manifest }: typeof v1): { manifest: string; config: string } => ({
  manifest: digestOf(manifest),
  config: (JSON.parse(manifest.toString()) as { config: { digest: string } }).config.digest,
});

async function openStore(name: string): Promise<Store> {
  const store = await Store.open(join(folder, name));
  if (typeof store === "string") throw new Error(store);
  return store;
}

test("what is known is not asked for again; what moved is, and what holds something", async () => {
  let held = v1;
  await using server = await serve(() => held);
  using store = await openStore("store");
  const { manifest, config } = digestsOf(v1);
  const run = async (clean: readonly string[]): Promise<string[]> => {
    const memory = new DocumentMemory(store);
    const asked = await look(server, memory, clean);
    memory.keep();
    return asked;
  };
  expect(await run([manifest])).toEqual(["HEAD v1", "GET v1", `GET ${config}`]);
  expect(await run([manifest, config])).toEqual(["HEAD v1", `GET ${config}`]);
  expect(await run([manifest, config])).toEqual(["HEAD v1"]);
  held = v2;
  // It has the same configuration.
  expect(await run([config])).toEqual(["HEAD v1", "GET v1"]);
  held = v1;
  // By now something is found in it.
  expect(await run([config])).toEqual(["HEAD v1"]);
  expect(await run([])).toEqual(["HEAD v1", "GET v1"]);
  expect(await run([])).toEqual(["HEAD v1", "GET v1", `GET ${config}`]);
});

test("bytes that are not what their digest says are not believed, and a registry without heads is asked as ever", async () => {
  const forged: KnownDocuments = { get: () => Buffer.from(v2.manifest), learn() {}, forget() {} };
  await using server = await serve(() => v1);
  expect(await look(server, forged, [])).toEqual(["HEAD v1", "GET v1", `GET ${digestsOf(v1).config}`]);
  await using headless = await serve(() => v1, 405);
  expect(await look(headless, { ...forged, get: () => undefined }, [])).toContain("GET v1");
});

test("the file of the cache tells nobody what it holds", async () => {
  {
    using store = await openStore("sealed");
    const memory = new DocumentMemory(store);
    memory.learn(digestOf(v1.manifest), v1.manifest);
    memory.learn(digestOf("long"), Buffer.alloc(2 << 20));
    memory.keep();
    expect(store.facts().entries.document).toBe(1);
    expect(new DocumentMemory(store).get(digestOf(v1.manifest))).toEqual(v1.manifest);
    expect(new DocumentMemory(store).get(digestOf("other"))).toBeUndefined();
  }
  const all = Buffer.concat(
    readdirSync(join(folder, "sealed")).map((name) => readFileSync(join(folder, "sealed", name))),
  );
  const digest = digestOf(v1.manifest).slice(7);
  for (const part of [digest, Buffer.from(digest, "hex"), "schemaVersion"]) expect(all.includes(part)).toBe(false);
});

test("a configuration with a secret is read each time; one in which rules that are new find something is kept no longer", async () => {
  const config = Buffer.from(
    toJson({ os: "linux", architecture: "amd64", config: { Env: [`T=${probe("set")}`] }, rootfs: {} }),
  );
  const { manifest: _, documents } = v1;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
      layers: [],
    }),
  );
  const set = {
    manifest,
    documents: new Map([...documents, [digestOf(manifest), manifest], [digestOf(config), config]]),
  };
  await using server = await serve(() => set);
  const other = join(folder, "other.toml");
  writeFileSync(other, `[[rules]]\nid = "other"\nregex = '''never-[0-9]{30}'''\nkeywords = ["never-"]\n`);
  const scan = async (config: string): Promise<{ code: number | null; asked: string[] }> => {
    const before = server.asked.length;
    const args = ["image", `${server.host}/team/app:v1`, "-c", config, "--cache-dir", join(folder, "cache")];
    const { code } = await leaktraceAside(args, { ...process.env, HOME: folder });
    const asked = server.asked
      .slice(before)
      .filter(({ path }) => /\/(?:v1|sha256:\w+)$/.test(path) && !path.includes("referrers"));
    return { code, asked: asked.map(({ method, path }) => `${method} ${path.slice(path.lastIndexOf("/") + 1)}`) };
  };
  expect(await scan(other)).toEqual({ code: 0, asked: ["HEAD v1", "GET v1", `GET ${digestOf(config)}`] });
  expect(await scan(other)).toEqual({ code: 0, asked: ["HEAD v1"] });
  expect(await scan(rules)).toEqual({ code: 1, asked: ["HEAD v1"] });
  expect(await scan(rules)).toEqual({ code: 1, asked: ["HEAD v1", `GET ${digestOf(config)}`] });
  expect(await scan(rules)).toEqual({ code: 1, asked: ["HEAD v1", `GET ${digestOf(config)}`] });
});
