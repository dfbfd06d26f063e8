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
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  openRegistry,
  parseMirror,
  parseReference,
  type RegistryImages,
  type RegistryOptions,
} from "../../src/registry/index.ts";
import { isPublicAddress } from "../../src/registry/addresses.ts";
import { Documents } from "../../src/registry/documents.ts";
import { parseChallenges } from "../../src/registry/challenge.ts";
import { testWith } from "../require-program.ts";
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

  test("what an index names a thousand times is asked for once, also where it is missing or too large", async () => {
    const [missing, large] = ["missing", "large"].map((text) => digestOf(text));
    const named = Array.from({ length: 1000 }, () => [{ digest: missing }, { digest: large }]).flat();
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: named }));
    await using server = await ScriptedServer.open((request, response) => {
      if (request.url?.endsWith("/manifests/v1") === true) response.end(index);
      else if (request.url?.endsWith(`/${large}`) === true && !request.url.includes("referrers"))
        response.end(Buffer.alloc((16 << 20) + 1, " "));
      else response.writeHead(404).end();
    });
    await using images = await open(`${server.host}/team/app:v1`);
    for (let i = 0; i < 3; i++) {
      expect(await images.read(`blobs/${missing!.replace(":", "/")}`)).toBe("missing");
      expect(await images.read(`blobs/${large!.replace(":", "/")}`)).toBe("too-large");
    }
    for (const digest of [missing, large])
      expect(server.asked.filter(({ path }) => path.endsWith(`manifests/${digest}`)).length).toBe(1);
  });

  test("that holds more documents than are held of one image is not read on", () => {
    const documents = new Documents();
    const bytes = Buffer.alloc(64 << 20);
    for (let i = 0; i < 8; i++) {
      documents.check();
      documents.add(digestOf(String(i)), bytes);
      documents.add(digestOf(String(i)), bytes);
    }
    expect(() => documents.check()).toThrow("more documents than are held");
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

  testWith("openssl")("one whose certificate nobody vouches for is told as that, and not asked again", async () => {
    const [key, cert] = ["key", "cert"].map((name) => join(root, `${name}.pem`));
    const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2 -keyout ${key} -out ${cert}`;
    execFileSync("openssl", request.split(" "), { stdio: "pipe" });
    const server = createTlsServer({ key: readFileSync(key!), cert: readFileSync(cert!) });
    let connections = 0;
    server.on("connection", () => connections++);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await expect(open(`127.0.0.1:${port}/team/app:v1`)).rejects.toMatchObject({
        message: expect.stringMatching(
          /the certificate of .* is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
        ) as unknown,
        hint: expect.stringContaining("NODE_EXTRA_CA_CERTS") as unknown,
      });
      // Whether it speaks TLS, and the question itself.
      expect(connections).toBe(2);
    } finally {
      server.close();
    }
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

type Handler = Parameters<typeof ScriptedServer.open>[0];

const notFound = (response: Parameters<Handler>[1]): void => void response.writeHead(404).end();
const isReferrers = (path = ""): boolean => path.includes("/referrers/");

describe("what a registry lists", () => {
  const messages = ({ faults }: RegistryImages): string[] => faults.map(({ message }) => message);
  const digestsOf = async (images: RegistryImages): Promise<string[]> => {
    const index = Buffer.from((await images.read("index.json")) as Uint8Array).toString();
    return (JSON.parse(index) as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest);
  };

  test.each([
    ["another server", "<http://registry.invalid/v2/team/app/tags/list?page=2>; rel=next", true],
    ["no page of the list", "</v2/other/catalog?page=2>; rel=next", false],
    ["a page that was read", "</v2/team/app/tags/list?n=1000>; rel=next", false],
  ])("a further page that is on %s is asked of the registry alone, or told", async (_name, link, further) => {
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/v2/team/app/tags/list"))
        response.writeHead(200, path.includes("page=2") ? {} : { link }).end(JSON.stringify({ tags: ["v1"] }));
      else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    await using images = await open(`${server.host}/team/app`, { allTags: true });
    expect(server.asked.some(({ path }) => path.includes("page=2"))).toBe(further);
    const told = "a list of the registry has a further page that is none of the list: it was not read";
    expect(messages(images).some((message) => message.includes(told))).toBe(!further);
  });

  test("a tag for an image that another tag had is asked for its head alone", async () => {
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (path.startsWith("/v2/team/app/tags/list")) response.end(JSON.stringify({ tags: ["v1", "v2", "v3"] }));
      else if (/manifests\/v[23]$/.test(path)) {
        response.setHeader("docker-content-digest", path.endsWith("v2") ? digestOf(app.manifest) : "sha256:none");
        response.end(app.manifest);
      } else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    await using images = await open(`${server.host}/team/app`, { allTags: true });
    expect(await digestsOf(images)).toEqual([1, 2, 3].map(() => digestOf(app.manifest)));
    const asked = server.asked.filter(({ path }) => /manifests\/v\d$/.test(path));
    expect(asked.map(({ method, path }) => `${method} ${path.slice(-2)}`)).toEqual([
      "GET v1",
      "HEAD v2",
      "HEAD v3",
      "GET v3",
    ]);
    expect(messages(images)).toEqual([]);
  });

  test("what refers to an image, page by page", async () => {
    const referring = ["a", "b"].map((text) => image(Buffer.from(text)));
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (!isReferrers(path)) return void (answerAsRegistry(app, request, response) || notFound(response));
      const page = path.endsWith("?page=2") ? 1 : 0;
      if (page === 0) response.setHeader("link", `<${path}?page=2>; rel="next"`);
      response.end(JSON.stringify({ manifests: [{ digest: digestOf(referring[page]!.manifest) }] }));
    });
    await using images = await open(`${server.host}/team/app:v1`);
    expect(await digestsOf(images)).toEqual([app, ...referring].map(({ manifest }) => digestOf(manifest)));
  });

  test.each<readonly [string, RegExp, Handler]>([
    [
      "refuses to say what refers to it",
      /does not tell what refers/,
      (_request, response) => response.writeHead(403).end(),
    ],
    ["says it in no words", /does not tell what refers/, (request) => request.socket.destroy()],
  ])("a registry that %s: that is a gap", async (_, message, handler) => {
    await using server = await ScriptedServer.open((request, response, body) => {
      if (isReferrers(request.url)) {
        if (handler.length === 1) response.write("{", () => setTimeout(() => request.socket.destroy(), 20));
        else handler(request, response, body);
      } else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    await using images = await open(`${server.host}/team/app:v1`);
    expect(messages(images)).toEqual([expect.stringMatching(message)]);
  });

  test("whose lists of what refers to an image go on for ever is asked for as many pages as one list may have", async () => {
    const index = Buffer.from(
      JSON.stringify({ manifests: Array.from({ length: 100 }, (_, i) => ({ digest: digestOf(String(i)) })) }),
    );
    let pages = 0;
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (path.endsWith("/manifests/v1")) response.end(index);
      else if (path.includes("/referrers/")) {
        const [list] = path.split("?");
        response.writeHead(200, { link: `<${list}?page=${pages++}>; rel="next"` }).end('{"manifests": []}');
      } else response.writeHead(404).end();
    });
    await using images = await open(`${server.host}/team/app:v1`);
    expect(pages).toBeLessThan(400);
    expect(images.faults.map(({ message }) => message)).toContain("what refers to more of its documents was not asked");
  });

  test("where tags are not listed, signatures are asked for by their tags", async () => {
    const signature = image(Buffer.from("signature"));
    const tag = `${digestOf(app.manifest).replace(":", "-")}.att`;
    await using server = await ScriptedServer.open((request, response) => {
      const path = request.url ?? "";
      if (path.includes("/tags/list")) response.writeHead(403).end();
      else if (path.endsWith(`manifests/${tag}`)) response.end(signature.manifest);
      else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    await using images = await open(`${server.host}/team/app:v1`);
    expect(await digestsOf(images)).toContain(digestOf(signature.manifest));
    expect(messages(images)).toEqual([]);
  });

  test("an image is there where the further pages of its tags, or what refers to it, are not", async () => {
    const endless = (response: Parameters<Handler>[1], to = ""): void =>
      void response.writeHead(307, { location: to }).end();
    for (const [status, told] of [
      [404, "its tags have a further page that is not given (404)"],
      [307, "a list of the registry has further pages that cannot be had: it redirects without end"],
    ] as const) {
      await using server = await ScriptedServer.open((request, response) => {
        const path = request.url ?? "";
        if (isReferrers(path)) endless(response, path);
        else if (path.includes("/tags/list?last=") && status === 307) endless(response, path);
        else if (path.includes("/tags/list?last=")) notFound(response);
        else if (path.includes("/tags/list")) {
          response.setHeader("link", "</v2/team/app/tags/list?last=v1>; rel=next");
          response.end(JSON.stringify({ tags: ["v1"] }));
        } else if (!answerAsRegistry(app, request, response)) notFound(response);
      });
      await using images = await open(`${server.host}/team/app`, { allTags: true });
      expect(await digestsOf(images)).toEqual([digestOf(app.manifest)]);
      expect(messages(images)).toEqual([told, "what refers to an image cannot be had: it redirects without end"]);
    }
  });

  test("tags that are no tags, pages that are none, and pages without end are told", async () => {
    let pages = 0;
    for (const [answer, message] of [
      [{ tags: ["v1", "../../evil", 7] }, "2 of its tags are no names of tags: they were not fetched"],
      ["nothing", "a page of its tags cannot be read"],
      ["endless", "lists of the registry have more than 200 further pages: the others were not read"],
    ] as const) {
      await using server = await ScriptedServer.open((request, response) => {
        const path = request.url ?? "";
        if (path.includes("/tags/list")) {
          const isFirst = !path.includes("last=");
          if (answer === "endless") response.setHeader("link", `</v2/team/app/tags/list?last=${pages++}>; rel=next`);
          if (answer === "nothing" && isFirst) response.setHeader("link", "</v2/team/app/tags/list?last=a>; rel=next");
          response.end(
            answer === "nothing" && !isFirst
              ? "["
              : JSON.stringify(typeof answer === "string" ? { tags: ["v1"] } : answer),
          );
        } else if (!answerAsRegistry(app, request, response)) notFound(response);
      });
      await using images = await open(`${server.host}/team/app`, { allTags: true });
      expect(messages(images)).toContain(message);
    }
  });
});

describe("a mirror", () => {
  test.each([
    ["team/app:v1=", undefined],
    ["docker.io=http://x", undefined],
    ["docker.io", undefined],
    ["docker.io=m.test=x", undefined],
    ["docker.io=m.test:5000/hub/", { of: "docker.io", host: "m.test:5000", prefix: "hub/" }],
    ["q.io=m.test", { of: "q.io", host: "m.test", prefix: "" }],
  ])("%s", (text, mirror) => expect(parseMirror(text)).toEqual(mirror));

  test("is asked first, for what it has, without the registry's credentials", async () => {
    await using mirror = await ScriptedServer.open((request, response) => {
      request.url = request.url?.replace("/v2/hub/", "/v2/") ?? "";
      if (request.url.endsWith(digestOf(layer)) || !answerAsRegistry(app, request, response)) notFound(response);
    });
    await using server = await ScriptedServer.open((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    const env = home({ auths: { [server.host]: { auth: basic("me", "secret") } } });
    const mirrors = [{ host: mirror.host, repository: "hub/team/app" }];
    await using images = await open(`${server.host}/team/app:v1`, { env, mirrors });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(mirror.asked[0]).toMatchObject({ path: "/v2/hub/team/app/manifests/v1", authorization: undefined });
    expect(mirror.asked.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(server.asked.some(({ path }) => path.endsWith("manifests/v1"))).toBe(false);
    expect(server.asked.at(-1)?.path).toBe(`/v2/team/app/blobs/${digestOf(layer)}`);
  });

  test("that does not answer is left", async () => {
    await using mirror = await ScriptedServer.open((request) => request.socket.destroy());
    await using server = await ScriptedServer.open((request, response) => {
      if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    const mirrors = [{ host: mirror.host, repository: "team/app" }];
    await using images = await open(`${server.host}/team/app:v1`, { mirrors });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(mirror.asked.length).toBeLessThan(5);
  });

  test("of a registry that does not answer: the image is read, and what nobody tells of it is a gap", async () => {
    await using mirror = await ScriptedServer.open((request, response) => {
      if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    await using server = await ScriptedServer.open((_, response) => {
      response.writeHead(503, { "retry-after": "9999" }).end();
    });
    const mirrors = [{ host: mirror.host, repository: "team/app" }];
    await using images = await open(`${server.host}/team/app:v1`, { mirrors });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    const [fault, ...more] = images.faults;
    expect(more).toEqual([]);
    expect(fault?.message).toMatch(/^what refers to an image cannot be had: .* is busy \(503\), and no mirror has it$/);
    await expect(open(`${server.host}/team/app:v2`, { mirrors })).rejects.toThrow(
      /is busy \(503\), and no mirror has it/,
    );
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

  test("comes through the user's proxy, which is asked for no name of an inner network", async () => {
    await using elsewhere = await ScriptedServer.open((_request, response) => response.end(layer));
    const tunnels: string[] = [];
    const proxy = createServer().on("connect", (request, socket) => {
      tunnels.push(request.url ?? "");
      const through = connect(elsewhere.port, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      through.pipe(socket).pipe(through);
      for (const end of [socket, through]) end.on("error", () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const before = { ...process.env };
    const { port } = proxy.address() as AddressInfo;
    Object.assign(process.env, { http_proxy: `http://127.0.0.1:${port}`, no_proxy: "127.0.0.1" });
    try {
      await using server = await serve(["http://8.8.8.8/layer"]);
      expect(await obtain(server, "public")).toBeUndefined();
      await using inner = await serve([`http://localhost:${elsewhere.port}/layer`]);
      expect((await obtain(inner, "public"))?.message).toContain("inner network");
      await using unknown = await serve(["http://name.invalid/layer"]);
      expect((await obtain(unknown, "public"))?.message).toContain("is not known by its name");
      expect(tunnels).toEqual(["8.8.8.8:80"]);
    } finally {
      process.env = before;
      proxy.closeAllConnections();
      proxy.close();
    }
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

  test("a host that it redirects to, and that wants a token, learns nothing but that somebody asks", async () => {
    await using storage: ScriptedServer = await ScriptedServer.open((request, response) => {
      if (request.url?.startsWith("/token") === true) response.end(JSON.stringify({ token: "anonymous" }));
      else if (request.headers.authorization !== "Bearer anonymous")
        response.writeHead(401, { "www-authenticate": `Bearer realm="http://${storage.host}/token"` }).end();
      else response.end(layer);
    });
    await using server: ScriptedServer = await ScriptedServer.open((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (request.url?.endsWith(digestOf(layer)) === true)
        response.writeHead(307, { location: `http://${storage.host}/v2/other/app/blobs/${digestOf(layer)}` }).end();
      else if (!answerAsRegistry(app, request, response)) notFound(response);
    });
    const env = home({
      auths: { [server.host]: { auth: basic("me", "secret") }, [storage.host]: { auth: basic("me", "other") } },
    });
    await using images = await open(`${server.host}/team/app:v1`, { env });
    expect(await images.obtain(digestOf(layer))).toBeUndefined();
    expect(storage.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined, "Bearer anonymous"]);
  });

  test("endless redirects, and those to other schemes, end", async () => {
    const clouds = ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"];
    for (const location of ["/v2/team/app/manifests/v1", "file:///etc/passwd", "ftp://x/", ...clouds]) {
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

  test("a helper that does not work is named; one that knows nothing is not", async () => {
    for (const [script, isTold] of [
      ["echo broken >&2; exit 1", true],
      ["echo credentials not found in native keychain; exit 1", false],
    ] as const) {
      await using server = await answering();
      const bin = fresh();
      writeFileSync(join(bin, "docker-credential-test"), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, "docker-credential-test"), 0o755);
      const env = { ...home({ credsStore: "test" }), PATH: `${bin}${delimiter}${process.env["PATH"]}` };
      const opening = open(`${server.host}/team/app:v1`, { env });
      const told = await opening.then(() => "", String);
      expect(told.includes("docker-credential-test did not work")).toBe(isTold);
    }
  });

  test("the file of the time before docker's folder counts last", async () => {
    await using server = await answering();
    const folder = fresh();
    writeFileSync(join(folder, ".dockercfg"), JSON.stringify({ [server.host]: { auth: basic("old", "x") } }));
    await using images = await open(`${server.host}/team/app:v1`, { env: { HOME: folder } });
    expect(images.faults).toEqual([]);
    expect(sent(server)).toBe("old:x");
  });

  test.each(["../../bin/sh", "test; touch x", "a b", ""])("a helper called %j is none", async (name) => {
    await using server = await answering();
    const env = { ...home({ credsStore: name }), PATH: process.env["PATH"] };
    await expect(open(`${server.host}/team/app:v1`, { env })).rejects.toThrow(/who asks/);
  });
});
