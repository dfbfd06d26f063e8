import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRegistry, parseReference, type RegistryImages, type RegistryOptions } from "../../src/registry/index.ts";
import { isPublicAddress } from "../../src/registry/foreign.ts";
import { parseChallenges } from "../../src/registry/challenge.ts";
import { answerAsRegistry, digestOf, image, ScriptedServer } from "./scripted-registry.ts";

const root = mkdtempSync(join(realpathSync(tmpdir()), "leaktrace-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function fresh(): string {
  const folder = join(root, `f${folders++}`);
  mkdirSync(folder);
  return folder;
}

/** As a caller gives it; these are looked at after they were let go. */
function folderAt(path: string): RegistryOptions["folder"] {
  return { path, [Symbol.dispose]: () => {} };
}

const layer = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251));
const app = image(layer);

/** Opens what a scripted registry holds. No file of the real user is looked at. */
function open(name: string, options: Partial<RegistryOptions> = {}): Promise<RegistryImages> {
  const reference = parseReference(name);
  if (reference === undefined) throw new Error(`no reference: ${name}`);
  return openRegistry(reference, {
    folder: folderAt(fresh()),
    allTags: false,
    plainHttp: false,
    env: { HOME: fresh() },
    signal: new AbortController().signal,
    onReceived: () => {},
    ...options,
  });
}

function home(config: object): Record<string, string> {
  const folder = fresh();
  mkdirSync(join(folder, ".docker"));
  writeFileSync(join(folder, ".docker", "config.json"), JSON.stringify(config));
  return { HOME: folder };
}

const basic = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString("base64");

describe("references", () => {
  test.each([
    ["alpine", "docker.io", "library/alpine", "latest", false],
    ["team/app:1", "docker.io", "team/app", "1", false],
    ["docker://alpine", "docker.io", "library/alpine", "latest", true],
    ["ghcr.io/team/app:v1.2", "ghcr.io", "team/app", "v1.2", true],
    ["localhost/app:x", "localhost", "app", "x", true],
    ["[::1]:5000/a/b/c:x", "[::1]:5000", "a/b/c", "x", true],
    ["registry:5000/app", "registry:5000", "app", "latest", false],
  ])("%s", (text, host, repository, tag, isExplicit) => {
    expect(parseReference(text)).toEqual({ host, repository, tag, digest: "", isExplicit });
  });

  test("a digest counts before a tag", () => {
    const digest = digestOf("x");
    expect(parseReference(`quay.io/a/b:t@${digest}`)).toMatchObject({ tag: "t", digest, isExplicit: true });
    expect(parseReference(`quay.io/a/b@${digest}`)).toMatchObject({ tag: "", digest });
  });

  test.each([
    "",
    "UPPER/case",
    "../etc/passwd",
    "a//b",
    "a/b:",
    "host.io/a@sha256:12",
    "a b",
    "-x",
    "http://h/a",
    `a/${"b".repeat(300)}`,
    "h.io/a:t/../x",
  ])("%j is none", (text) => expect(parseReference(text)).toBeUndefined());
});

test("challenges: several in one field, quoted commas, no parameters", () => {
  expect(
    parseChallenges([
      'Bearer realm="https://a.test/t?x=\\"1\\"",service="s",scope="repository:a:pull,push"',
      "Basic realm=plain, Negotiate",
    ]),
  ).toEqual([
    {
      scheme: "bearer",
      parameters: { realm: 'https://a.test/t?x="1"', service: "s", scope: "repository:a:pull,push" },
    },
    { scheme: "basic", parameters: { realm: "plain" } },
    { scheme: "negotiate", parameters: {} },
  ]);
});

describe("a registry that asks nothing", () => {
  test("gives documents and layers, each once, and is asked for every kind of manifest", async () => {
    await using server = await ScriptedServer.open((request, response) => {
      if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    const folder = fresh();
    await using images = await open(`${server.host}/team/app:v1`, { folder: folderAt(folder) });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    const place = await images.find(`blobs/sha256/${digestOf(layer).slice(7)}`);
    expect(readFileSync(place?.file ?? "").equals(layer)).toBe(true);
    expect(place?.length).toBe(layer.length);
    await images.release(digestOf(layer));
    expect(readdirSync(join(folder, "blobs", "sha256"))).toEqual([]);
    const paths = server.asked.map(({ path }) => path);
    expect(paths.filter((path) => path.includes(digestOf(layer)))).toHaveLength(1);
    expect(server.asked.find(({ path }) => path.endsWith("manifests/v1"))?.accept).toMatch(
      /oci\.image\.index.*manifest\.list.*manifest\.v1/,
    );
    expect(server.asked.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test("a connection that drops is taken up where it broke, and a server that begins again is believed", async () => {
    for (const knowsRanges of [true, false]) {
      let drops = 0;
      await using server = await ScriptedServer.open((request, response) => {
        const isLayer = request.url?.endsWith(digestOf(layer)) === true;
        if (isLayer && !knowsRanges) delete request.headers.range;
        if (isLayer && drops++ < 2) {
          const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
          if (from > 0)
            response.writeHead(206, {
              "content-range": `bytes ${from}-${layer.length - 1}/${layer.length}`,
              "content-length": layer.length - from,
            });
          else response.writeHead(200, { "content-length": layer.length });
          response.write(layer.subarray(from, from + 50_000), () => setTimeout(() => request.socket.destroy(), 20));
        } else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
      });
      await using images = await open(`${server.host}/team/app:v1`);
      expect(await images.obtain(digestOf(layer))).toBeUndefined();
      const ranges = server.asked.filter(({ path }) => path.endsWith(digestOf(layer))).map(({ range }) => range);
      expect(ranges[0]).toBeUndefined();
      expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    }
  });

  test("bytes that are not those of the digest are no layer, nor are more than the manifest says", async () => {
    for (const bytes of [Buffer.alloc(layer.length), Buffer.concat([layer, layer])]) {
      await using server = await ScriptedServer.open((request, response) => {
        if (request.url?.endsWith(digestOf(layer)) === true) response.end(bytes);
        else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
      });
      const folder = fresh();
      await using images = await open(`${server.host}/team/app:v1`, { folder: folderAt(folder) });
      expect((await images.obtain(digestOf(layer)))?.message).toMatch(/not those of its digest|larger than/);
      expect(readdirSync(join(folder, "blobs", "sha256")).filter((name) => !name.endsWith(".part"))).toEqual([]);
    }
  });

  test("one that is busy is asked again when it says, and given up when it says much later", async () => {
    let busy = 2;
    await using server = await ScriptedServer.open((request, response) => {
      if (busy-- > 0) response.writeHead(429, { "retry-after": "1" }).end();
      else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    await using images = await open(`${server.host}/team/app:v1`, { plainHttp: true });
    expect(images.faults).toEqual([]);
    await using closed = await ScriptedServer.open((_request, response) =>
      response.writeHead(503, { "retry-after": "7200" }).end(),
    );
    await expect(open(`${closed.host}/team/app:v1`, { plainHttp: true })).rejects.toThrow(/is busy/);
  });

  test.each([
    [404, /holds no such image/],
    [403, /does not allow it/],
    [418, /answers 418/],
  ])("status %d is told", async (status, message) => {
    await using server = await ScriptedServer.open((_request, response) => response.writeHead(status).end("\x1b[2J"));
    await expect(open(`${server.host}/team/app:v1`)).rejects.toThrow(message);
  });

  test("all tags, page by page, within the registry; what refers to an image, by its tags", async () => {
    const signature = image(Buffer.from("signature"));
    const tag = `${digestOf(app.manifest).replace(":", "-")}.sig`;
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (path === "/v2/team/app/tags/list?n=1000")
        response
          .writeHead(200, { link: '</v2/team/app/tags/list?n=1000&last=v1>; rel="next"' })
          .end(JSON.stringify({ tags: ["v1", "../../evil"] }));
      else if (path.startsWith("/v2/team/app/tags/list"))
        response
          .writeHead(200, { link: '<http://169.254.169.254/latest>; rel="next"' })
          .end(JSON.stringify({ tags: [tag] }));
      else if (path.endsWith(`manifests/${tag}`)) response.end(signature.manifest);
      else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    await using one = await open(`${server.host}/team/app:v1`);
    const index = JSON.parse(Buffer.from((await one.read("index.json")) as Uint8Array).toString()) as {
      manifests: { digest: string }[];
    };
    expect(index.manifests.map(({ digest }) => digest)).toEqual([digestOf(app.manifest), digestOf(signature.manifest)]);
    await using all = await open(`${server.host}/team/app`, { allTags: true });
    expect(Buffer.from((await all.read("index.json")) as Uint8Array).toString()).toContain(
      '"org.opencontainers.image.ref.name":"v1"',
    );
    expect(server.asked.some(({ path }) => path.includes("evil") || path.includes("latest"))).toBe(false);
  });
});

describe("a layer that lies on a server which the manifest names", () => {
  /** The image, whose registry holds no layer, and asks who is there. */
  const foreign = (urls: readonly string[]): ReturnType<typeof image> => {
    const manifest = JSON.parse(app.manifest.toString()) as { layers: object[] };
    manifest.layers = manifest.layers.map((descriptor) => ({ ...descriptor, urls }));
    const bytes = Buffer.from(JSON.stringify(manifest));
    const documents = new Map([...app.documents].filter(([digest]) => digest !== digestOf(layer)));
    return { manifest: bytes, documents: documents.set(digestOf(bytes), bytes) };
  };
  const serve = (urls: readonly string[]): Promise<ScriptedServer> =>
    ScriptedServer.open((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (!answerAsRegistry(foreign(urls), request, response)) response.writeHead(404).end();
    });
  const obtain = async (
    server: ScriptedServer,
    foreignLayers?: "public" | "any",
  ): Promise<Awaited<ReturnType<RegistryImages["obtain"]>>> => {
    const env = home({ auths: { [server.host]: { auth: basic("me", "secret") } } });
    const wish = foreignLayers === undefined ? {} : { foreignLayers };
    await using images = await open(`${server.host}/team/app:v1`, { env, ...wish });
    return await images.obtain(digestOf(layer));
  };

  test("is not fetched unless that is asked for, and never from an inner network without a further word", async () => {
    await using elsewhere = await ScriptedServer.open((_request, response) => response.end(layer));
    for (const host of [elsewhere.host, `localhost:${elsewhere.port}`, `[::ffff:127.0.0.1]:${elsewhere.port}`]) {
      await using server = await serve([`http://${host}/layer`]);
      expect(await obtain(server)).toMatchObject({ isForeign: true });
      const told = await obtain(server, "public");
      expect(told?.message).toBe("a layer lies on a server of an inner network, which is not asked");
    }
    expect(elsewhere.asked).toEqual([]);
  });

  test("comes without credentials, over redirects, and only if its bytes are those of its digest", async () => {
    await using elsewhere: ScriptedServer = await ScriptedServer.open((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/layer" }).end();
      else response.end(request.url === "/layer" ? layer : Buffer.alloc(layer.length));
    });
    await using moved = await serve(["file:///etc/passwd", `http://me:word@${elsewhere.host}/moved`]);
    expect(await obtain(moved, "any")).toBeUndefined();
    await using other = await serve([`http://${elsewhere.host}/other`]);
    expect(await obtain(other, "any")).toMatchObject({ message: "the bytes of a blob are not those of its digest" });
    expect(elsewhere.asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/moved", undefined],
      ["/layer", undefined],
      ["/other", undefined],
    ]);
  });

  test("of all addresses those of inner networks are known", () => {
    const inner = [
      "10.1.2.3",
      "172.31.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "127.0.0.2",
      "0.0.0.0",
      "100.100.100.200",
    ];
    const innerToo = ["::1", "::", "fd00::1", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "224.0.0.1", "x"];
    expect([...inner, ...innerToo].filter(isPublicAddress)).toEqual([]);
    expect(["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"].every(isPublicAddress)).toBe(true);
  });
});

describe("a registry that wants to know who asks", () => {
  function guarded(realm: () => string, token: () => string) {
    return ScriptedServer.open((request, response) => {
      if (request.url?.startsWith("/token") === true)
        return void response.end(JSON.stringify({ token: token(), expires_in: 300 }));
      if (request.headers.authorization !== `Bearer ${token()}`)
        return void response.writeHead(401, { "www-authenticate": `Bearer realm="${realm()}",service="reg"` }).end();
      if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
  }

  test("a token by name and password, for this repository, once", async () => {
    await using server: ScriptedServer = await guarded(
      () => `http://${server.host}/token`,
      () => "t1",
    );
    const env = home({ auths: { [server.host]: { auth: basic("me", "pass:word") } } });
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    const tokens = server.asked.filter(({ path }) => path.startsWith("/token"));
    expect(tokens).toHaveLength(1);
    expect(tokens[0]?.path).toBe("/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull&account=me");
    expect(tokens[0]?.authorization).toBe(`Basic ${basic("me", "pass:word")}`);
    expect(
      server.asked.some(({ path, authorization }) => path.startsWith("/v2") && authorization?.startsWith("Basic")),
    ).toBe(false);
  });

  test("a token that ends midway is renewed", async () => {
    let current = "t1";
    await using server: ScriptedServer = await guarded(
      () => `http://${server.host}/token`,
      () => current,
    );
    await using images = await open(`${server.host}/team/app:v1`);
    current = "t2";
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(server.asked.at(-1)?.authorization).toBe("Bearer t2");
  });

  test("an identity token is exchanged, and never sent to the registry", async () => {
    await using server: ScriptedServer = await guarded(
      () => `http://${server.host}/token`,
      () => "t1",
    );
    const env = home({ auths: { [`https://${server.host}/v2/`]: { identitytoken: "identity" } } });
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(images.faults).toEqual([]);
    const exchange = server.asked.find(({ method }) => method === "POST");
    expect(new URLSearchParams(exchange?.body).get("refresh_token")).toBe("identity");
    expect(server.asked.some(({ authorization }) => authorization?.includes("identity"))).toBe(false);
  });

  test("a token server on another host gets no credentials", async () => {
    await using other = await ScriptedServer.open((_request, response) =>
      response.end(JSON.stringify({ access_token: "t1" })),
    );
    await using server: ScriptedServer = await guarded(
      () => `http://localhost:${other.port}/token`,
      () => "t1",
    );
    const env = home({ auths: { [server.host]: { auth: basic("me", "secret") } } });
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(images.faults).toEqual([]);
    expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test("a redirect to another host goes without authorization", async () => {
    await using storage = await ScriptedServer.open((_request, response) => response.end(layer));
    await using server: ScriptedServer = await ScriptedServer.open((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (request.url?.endsWith(digestOf(layer)) === true)
        response.writeHead(307, { location: `http://localhost:${storage.port}/blob?sig=1` }).end();
      else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    const env = home({ auths: { [server.host]: { auth: basic("me", "secret") } } });
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(storage.asked.map(({ authorization, path }) => [authorization, path])).toEqual([[undefined, "/blob?sig=1"]]);
  });

  test("endless redirects, and those to other schemes, end", async () => {
    for (const location of ["/v2/team/app/manifests/v1", "file:///etc/passwd", "ftp://x/"]) {
      await using server = await ScriptedServer.open((_request, response) =>
        response.writeHead(302, { location }).end(),
      );
      await expect(open(`${server.host}/team/app:v1`, { plainHttp: true })).rejects.toThrow(/redirects/);
    }
  });

  test("without credentials, and with wrong ones, it is told how to log in", async () => {
    await using server = await ScriptedServer.open((_request, response) =>
      response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end(),
    );
    await expect(open(`${server.host}/team/app:v1`)).rejects.toMatchObject({
      hint: expect.stringContaining("docker login") as string,
    });
    const env = home({ auths: { [server.host]: { auth: basic("me", "wrong") } } });
    const failure = await open(`${server.host}/team/app:v1`, { env }).catch((error: unknown) => error);
    expect(String(failure)).not.toContain("wrong");
    expect(failure).toMatchObject({ code: "registry" });
  });
});

describe("credentials", () => {
  const answering = (): Promise<ScriptedServer> =>
    ScriptedServer.open((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
  const sent = (server: ScriptedServer): string =>
    Buffer.from(
      (server.asked.find(({ authorization }) => authorization !== undefined)?.authorization ?? "").replace(
        "Basic ",
        "",
      ),
      "base64",
    ).toString();

  test("the most special entry of podman's file counts before docker's", async () => {
    await using server = await answering();
    const env = home({ auths: { [server.host]: { auth: basic("docker", "x") } } });
    const file = join(fresh(), "auth.json");
    writeFileSync(
      file,
      JSON.stringify({
        auths: { [server.host]: { auth: basic("host", "x") }, [`${server.host}/team`]: { auth: basic("team", "x") } },
      }),
    );
    await using images = await open(`${server.host}/team/app:v1`, { env: { ...env, REGISTRY_AUTH_FILE: file } });
    expect(images.faults).toEqual([]);
    expect(sent(server)).toBe("team:x");
  });

  test("a helper is asked, by its name alone and without a shell", async () => {
    await using server = await answering();
    const bin = fresh();
    const helper = join(bin, "docker-credential-test");
    writeFileSync(helper, `#!/bin/sh\nread host\necho "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"$host\\"}"\n`);
    chmodSync(helper, 0o755);
    const env = {
      ...home({ credHelpers: { [server.host]: "test" } }),
      PATH: `${bin}${delimiter}${process.env["PATH"]}`,
    };
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(images.faults).toEqual([]);
    expect(sent(server)).toBe(`get:${server.host}`);
  });

  test.each(["../../bin/sh", "test; touch x", "a b", ""])("a helper called %j is none", async (name) => {
    await using server = await answering();
    const env = { ...home({ credsStore: name }), PATH: process.env["PATH"] };
    await expect(open(`${server.host}/team/app:v1`, { env })).rejects.toThrow(/who asks/);
  });
});
