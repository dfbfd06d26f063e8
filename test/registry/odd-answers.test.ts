/** Answers that registries, and what stands in front of them, give against the letter of their specification; and those that only look like it. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openRegistry, parseReference, type RegistryImages, type RegistryOptions } from "../../src/registry/index.ts";
import { answerAsRegistry, digestOf, image, ScriptedServer } from "./scripted-registry.ts";

const root = mkdtempSync(join(realpathSync(tmpdir()), "leaktrace-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
function fresh(): string {
  const folder = join(root, `f${folders++}`);
  mkdirSync(folder);
  return folder;
}

const layer = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251));
const app = image(layer);
const layerPath = `/v2/team/app/blobs/${digestOf(layer)}`;

function open(host: string, options: Partial<RegistryOptions> = {}): Promise<RegistryImages> {
  const path = fresh();
  return openRegistry(parseReference(`${host}/team/app:v1`)!, {
    folder: { path, [Symbol.dispose]: () => {} },
    ...{ allTags: false, plainHttp: true, env: { HOME: fresh() } },
    ...{ signal: new AbortController().signal, onReceived: () => {} },
    ...options,
  });
}

/** A home whose owner has logged in. */
function home(host: string): { HOME: string } {
  const folder = fresh();
  mkdirSync(join(folder, ".docker"));
  const auths = { [host]: { auth: Buffer.from("me:word").toString("base64") } };
  writeFileSync(join(folder, ".docker", "config.json"), JSON.stringify({ auths }));
  return { HOME: folder };
}

/** Has a registry whose answers to the layer are `answer`'s, or nobody's where that says false. */
function servingLayer(answer: (request: IncomingMessage, response: ServerResponse, times: number) => boolean) {
  let times = 0;
  return ScriptedServer.open((request, response) => {
    if (request.url === layerPath && answer(request, response, ++times)) return;
    if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
  });
}

/** The layer as it came. */
async function fetched(server: { readonly host: string }, options: Partial<RegistryOptions> = {}): Promise<unknown> {
  const path = fresh();
  await using images = await open(server.host, { folder: { path, [Symbol.dispose]: () => {} }, ...options });
  const fault = await images.obtain(digestOf(layer));
  return fault?.message ?? readFileSync(join(path, "blobs", digestOf(layer).replace(":", "/"))).equals(layer);
}

/** A server that says the same bytes to whoever asks, and closes. */
async function rawServer(answer: (path: string) => string | Buffer): Promise<AsyncDisposable & { host: string }> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => socket.end(answer(request.toString().split(" ", 2)[1] ?? "")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

describe("a layer", () => {
  test("whose rest comes as another part, or is refused, is asked for as a whole", async () => {
    for (const status of [206, 416]) {
      await using server = await servingLayer((request, response, times) => {
        if (times === 1) {
          response.writeHead(200, { "content-length": layer.length });
          response.write(layer.subarray(0, 100_000), () => response.destroy());
          return true;
        }
        if (request.headers.range === undefined) return false;
        const part = status === 206 ? { "content-range": `bytes 5-9/${layer.length}` } : {};
        response.writeHead(status, part).end(status === 206 ? layer.subarray(5, 10) : "");
        return true;
      });
      expect(await fetched(server)).toBe(true);
    }
  });

  test("that comes in parts nobody asked for is put together", async () => {
    await using server = await servingLayer((request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const to = Math.min(layer.length, from + 70_000);
      response.writeHead(206, { "content-range": `bytes ${from}-${to - 1}/${layer.length}` });
      response.end(layer.subarray(from, to));
      return true;
    });
    expect(await fetched(server)).toBe(true);
  });

  test("is whole where it is, though its server promised more", async () => {
    await using server = await servingLayer((request, response) => {
      if (request.headers.range !== undefined) response.writeHead(416).end();
      else {
        response.writeHead(200, { "content-length": layer.length + 7 });
        response.write(layer, () => setTimeout(() => response.destroy(), 20));
      }
      return true;
    });
    expect(await fetched(server)).toBe(true);
    expect(server.asked.filter(({ path }) => path === layerPath)).toHaveLength(1);
  });

  test("comes by HTTP/1.0, to the end of the connection", async () => {
    const names: Readonly<Record<string, Buffer>> = Object.fromEntries(app.documents);
    await using server = await rawServer((path) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const bytes = name === "v1" ? app.manifest : names[name];
      if (bytes === undefined) return "HTTP/1.0 404 Not Found\r\n\r\n";
      return Buffer.concat([Buffer.from("HTTP/1.0 200 OK\r\n\r\n"), bytes]);
    });
    expect(await fetched(server)).toBe(true);
  });
});

describe("documents", () => {
  test.each([
    ["gzip", gzipSync],
    ["BR", brotliCompressSync],
    ["gzip", (bytes: Buffer) => bytes],
  ])("that come packed (%s), though nobody asked for that, are unpacked where they are", async (coding, pack) => {
    await using server = await ScriptedServer.open((request, response) => {
      const whole = response.end.bind(response) as (bytes: Buffer) => ServerResponse;
      response.setHeader("content-encoding", coding);
      response.end = ((bytes?: Buffer | string) => whole(pack(Buffer.from(bytes ?? "")))) as typeof response.end;
      if (request.url === layerPath || !answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    await using images = await open(server.host);
    expect(images.faults).toEqual([]);
    expect(await images.read(`blobs/${digestOf(app.manifest).replace(":", "/")}`)).toEqual(app.manifest);
  });

  test("that would fill memory once they are unpacked are too large", async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20, 32), { level: 9 });
    await using server = await ScriptedServer.open((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(open(server.host)).rejects.toThrow("a manifest is too large");
  });

  test("that break off are asked for again", async () => {
    let broken = 0;
    await using server = await ScriptedServer.open((request, response) => {
      if (request.url?.endsWith("/manifests/v1") === true && broken++ < 2) {
        response.writeHead(200, { "content-length": app.manifest.length });
        response.write(app.manifest.subarray(0, 50), () => response.destroy());
      } else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    expect(await fetched(server)).toBe(true);
  });

  test("whose digests are in upper case are told, not guessed", async () => {
    const manifest = Buffer.from(
      app.manifest.toString().replaceAll(digestOf(layer), digestOf(layer).toUpperCase().replace("SHA", "sha")),
    );
    const documents = new Map([...app.documents, [digestOf(manifest), manifest]]);
    await using server = await ScriptedServer.open((request, response) => {
      if (!answerAsRegistry({ manifest, documents }, request, response)) response.writeHead(404).end();
    });
    await using images = await open(server.host);
    expect(await images.find(`blobs/${digestOf(layer).replace(":", "/").toUpperCase()}`)).toBeUndefined();
    expect(server.asked.map(({ path }) => path)).not.toContain(layerPath);
  });

  test("of more than four megabytes are read", async () => {
    const padded = Buffer.from(
      JSON.stringify({ ...(JSON.parse(app.manifest.toString()) as object), annotations: { a: "x".repeat(5 << 20) } }),
    );
    const documents = new Map([...app.documents, [digestOf(padded), padded]]);
    await using server = await ScriptedServer.open((request, response) => {
      if (!answerAsRegistry({ manifest: padded, documents }, request, response)) response.writeHead(404).end();
    });
    expect(await fetched(server)).toBe(true);
  });
});

describe("whoever wants to know who asks", () => {
  /** A registry that takes one authorization, and says `challenge` to all others; `token` answers for its tokens. */
  function guarded(
    wanted: string,
    challenge: (host: string) => Record<string, string | string[]>,
    token: (response: ServerResponse, times: number) => void = (response) => void response.writeHead(404).end(),
  ): Promise<ScriptedServer> {
    let times = 0;
    return ScriptedServer.open((request, response) => {
      if (request.url?.startsWith("/token") === true) return token(response, ++times);
      if (request.headers.authorization !== wanted)
        return void response.writeHead(401, challenge(request.headers.host ?? "")).end();
      if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
  }
  const basic = `Basic ${Buffer.from("me:word").toString("base64")}`;

  test.each([
    [
      "both ways, and whose tokens cannot be had",
      (host: string) => ({ "www-authenticate": [`Bearer realm="http://${host}/token"`, 'BASIC realm="x"'] }),
    ],
    [
      "the other way round",
      (host: string) => ({ "www-authenticate": `basic realm=x, BEARER realm="http://${host}/token",service="a,b"` }),
    ],
    ["no way at all", () => ({})],
  ])("by name and password: one that offers %s", async (_name, challenge) => {
    await using server = await guarded(basic, challenge);
    expect(await fetched(server, { env: home(server.host) })).toBe(true);
    await expect(open(server.host)).rejects.toThrow("wants to know who asks");
  });

  test.each([
    ["token", { token: "t", expires_in: -5 }],
    ["access_token", { access_token: "t", expires_in: "soon" }],
    ["both, with a life without end", { token: "t", access_token: "other", expires_in: 1e300, issued_at: "yesterday" }],
  ])("a token server that gives %s", async (_name, given) => {
    const challenge = (host: string) => ({ "WWW-Authenticate": `bEaReR SERVICE=reg , Realm="http://${host}/token"` });
    await using server = await guarded("Bearer t", challenge, (response) => void response.end(JSON.stringify(given)));
    expect(await fetched(server)).toBe(true);
  });

  test("a token server that is busy is asked again; one that gives nothing, or no text of a header, is told", async () => {
    const challenge = (host: string) => ({ "www-authenticate": `Bearer realm="http://${host}/token"` });
    await using server = await guarded("Bearer t", challenge, (response, times) => {
      if (times < 3) response.writeHead(times === 1 ? 429 : 503, { "retry-after": "0" }).end();
      else response.end('{"token":"t"}');
    });
    expect(await fetched(server)).toBe(true);
    for (const given of ["{}", '{"token":"a\\r\\nb: c"}', "[]", "no JSON", '{"token":7}']) {
      await using bad = await guarded("Bearer t", challenge, (response) => void response.end(given));
      await expect(open(bad.host)).rejects.toThrow("its token server gives no token");
    }
    await using later = await guarded("Bearer t", challenge, (response) => {
      response.writeHead(429, { "retry-after": "3600" }).end();
    });
    await expect(open(later.host)).rejects.toThrow("the token server of");
  });
});
