/** `--triage`: a first look at layers that can be fetched file by file. eStargz is made here, zstd:chunked by skopeo; both from the disk and from a server that counts bytes. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRandom } from "../../src/rules/random.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { hasProgram, testWith } from "../require-program.ts";
import { entriesOf, leaktraceAside, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const digest = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const noise = (seed: string, bytes: number): Buffer =>
  Buffer.from(createRandom(seed).chars("0123456789abcdef \n", bytes));

/** `library.so` is no likely file, `.env` is one; so is `settings.json`, which spans two chunks. */
const files: Readonly<Record<string, Buffer>> = {
  "opt/library.so": Buffer.concat([noise("so", 3_000_000), Buffer.from(` ${probe("in a library")} `)]),
  "app/.env": Buffer.from(`TOKEN=${probe("env file")}\n`),
  "app/settings.json": Buffer.concat([noise("json", 150_000), Buffer.from(`\n"${probe("settings")}"\n`)]),
  "opt/other.so": noise("other", 500_000),
};

/** eStargz as its writer lays it out: the bytes of each chunk are a gzip member of their own, headers and padding lie before it. */
function stargz(told: (name: string, body: Buffer) => Buffer = (_name, body) => body): Buffer {
  const chunkBytes = 100_000;
  const stored: Buffer[] = [];
  const at = (): number => stored.reduce((sum, { length }) => sum + length, 0);
  const entries: object[] = [{ type: "dir", name: "app/" }];
  for (const [name, body] of Object.entries(files)) {
    const whole = rawEntry({ name }, body);
    stored.push(gzipSync(whole.subarray(0, 512)));
    for (let from = 0; from < body.length; from += chunkBytes) {
      const chunk = body.subarray(from, from + chunkBytes);
      const facts = { offset: at(), chunkOffset: from, chunkSize: chunk.length };
      const own = from === 0 ? { type: "reg", size: body.length, digest: digest(body) } : { type: "chunk" };
      entries.push({ ...own, name, ...facts, chunkDigest: digest(told(name, chunk)) });
      stored.push(gzipSync(chunk));
    }
    stored.push(gzipSync(whole.subarray(512 + body.length)));
  }
  return withTable(stored, entries);
}

/** A layer of these members, with a table of contents and what says where it is. */
function withTable(members: readonly Buffer[], entries: readonly object[]): Buffer {
  const stored = [...members];
  const tableAt = stored.reduce((sum, { length }) => sum + length, 0);
  const json = Buffer.from(JSON.stringify({ version: 1, entries }));
  stored.push(gzipSync(Buffer.concat([rawEntry({ name: "stargz.index.json" }, json), endOfTar])));
  const extra = Buffer.from(`SG\u0016\0${tableAt.toString(16).padStart(16, "0")}STARGZ`, "latin1");
  stored.push(Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, extra.length, 0]), extra);
  stored.push(Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]));
  return Buffer.concat(stored);
}

/** An OCI layout of one image with these layers. */
function layout(name: string, layers: readonly Buffer[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, "blobs/sha256"), { recursive: true });
  const put = (bytes: Uint8Array): { digest: string; size: number } => {
    writeFileSync(join(path, "blobs", digest(bytes).replace(":", "/")), bytes);
    return { digest: digest(bytes), size: bytes.length };
  };
  const diffIds = layers.map((_, i) => `sha256:${String(i).repeat(64)}`);
  const history = layers.map((_, i) => ({ created_by: `COPY ${i} /` }));
  const config = put(
    Buffer.from(JSON.stringify({ os: "linux", rootfs: { type: "layers", diff_ids: diffIds }, history })),
  );
  const manifest = put(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
        layers: layers.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...put(layer) })),
      }),
    ),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  writeFileSync(
    join(path, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, ...manifest }] }),
  );
  writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  return path;
}

/** A registry of one layout. */
async function serve(
  path: string,
): Promise<{ server: Server; host: string; sent: () => number; requests: () => number }> {
  let [bytes, count] = [0, 0];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url === "/v2/") return void response.end("{}");
    const isTop = url.endsWith("/manifests/one");
    const hex = isTop
      ? (
          JSON.parse(readFileSync(join(path, "index.json"), "utf8")) as { manifests: { digest: string }[] }
        ).manifests[0]!.digest.slice(7)
      : /sha256:([0-9a-f]{64})$/.exec(url)?.[1];
    if (hex === undefined || !readdirSync(join(path, "blobs/sha256")).includes(hex) || url.includes("/referrers/"))
      return void response.writeHead(404).end();
    const blob = readFileSync(join(path, "blobs/sha256", hex));
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const [from, to] = range === null ? [0, blob.length] : [Number(range[1]), Number(range[2]) + 1];
    if (range !== null) response.writeHead(206, { "content-range": `bytes ${from}-${to - 1}/${blob.length}` });
    bytes += to - from;
    count++;
    response.end(blob.subarray(from, to));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, host, sent: () => bytes, requests: () => count };
}

const scan = (target: string, ...more: string[]) =>
  leaktraceAside(["image", target, "-c", rules, "-f", "json", "--reveal", "--no-cache", ...more]);
const found = (ran: Awaited<ReturnType<typeof scan>>): string[][] =>
  entriesOf(ran)
    .map(({ File, Secret }) => [File, Secret])
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
const likely = [
  ["app/.env", probe("env file")],
  ["app/settings.json", probe("settings")],
];

describe("a first look at an eStargz image", () => {
  test("reads likely files, proves them, tells where they stand and what was left", async () => {
    const ran = await scan(layout("disk", [stargz()]), "--triage");
    expect(found(ran)).toEqual(likely);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/sha256:\w+: 2 of its files were not read, \d+ of its \d+ bytes \[triage\]/);
    expect(ran.stderr).toContain("incomplete");
    expect(ran.stdout).toContain('"CreatedBy": "COPY 0 /"');
  });

  test("from a registry fetches a small part of it", async () => {
    const path = layout("remote", [stargz()]);
    const { server, host, sent, requests } = await serve(path);
    try {
      const ran = await scan(`${host}/team/app:one`, "--triage");
      expect(found(ran)).toEqual(likely);
      expect(sent()).toBeLessThan(stargz().length / 8);
      // Manifest, configuration, the end of the layer, its table, and two files that lie beside each other.
      expect(requests()).toBeLessThanOrEqual(5);
    } finally {
      server.close();
    }
  });

  test("that shows nothing is incomplete, not clean", async () => {
    const plain = gzipSync(Buffer.concat([rawEntry({ name: "app/.env" }, files["app/.env"]!), endOfTar]));
    const ran = await scan(layout("plain", [plain]), "--triage");
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`nothing of its ${plain.length} bytes was read: it has no table of contents [triage]`);
  });

  test("takes no bytes that are not those of the table", async () => {
    const lying = stargz((name, chunk) => (name === "app/.env" ? Buffer.from("TOKEN=none") : chunk));
    const ran = await scan(layout("lying", [lying]), "--triage");
    expect(found(ran)).toEqual(likely.slice(1));
    expect(ran.stderr).toContain("; 1 of them are not as the table says [triage]");
  });

  test("that would have gigabytes expanded is told, and soon", async () => {
    // Each of a thousand files lies behind, or in, the same megabytes of zeros.
    const zeros = gzipSync(Buffer.alloc(200 << 20), { level: 9 });
    const file = (i: number): object => {
      const facts = { offset: 0, chunkSize: 10, chunkDigest: digest(Buffer.alloc(10)) };
      return { type: "reg", name: `app/${i}.env`, size: 10, innerOffset: i % 2 === 0 ? 2 ** 40 : 0, ...facts };
    };
    const bomb = withTable(
      [zeros],
      Array.from({ length: 1000 }, (_, i) => file(i)),
    );
    const ran = await scan(layout("bomb", [bomb]), "--triage");
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/1000 of its files were not read, .* are not as the table says \[triage\]/);
  });

  test("and a whole scan finds the rest", async () => {
    const ran = await scan(layout("whole", [stargz()]));
    expect(found(ran)).toHaveLength(3);
  });
});

describe("a first look at zstd:chunked, as skopeo writes it", () => {
  const path = join(folder, "chunked");
  beforeAll(async () => {
    if (!hasProgram("skopeo")) return;
    const from = join(folder, "chunked-from");
    const layers = [
      { files, instruction: "COPY all /" },
      { files: {}, whiteouts: ["app/.env"] },
    ];
    await buildImage({ tag: "x", layers }, { path: from, format: "oci-layout", compression: "gzip" });
    const options = ["--insecure-policy", "copy", "-q", "--dest-compress-format", "zstd:chunked"];
    execFileSync("skopeo", [...options, `oci:${from}:x`, `oci:${path}:x`], { stdio: "pipe" });
  });

  testWith("skopeo")("reads the same files, and knows from the tables what upper layers delete", async () => {
    const ran = await scan(path, "--triage");
    expect(found(ran)).toEqual(likely);
    expect(entriesOf(ran).find(({ File }) => File === "app/.env")?.Deleted).toBe(true);
    expect(entriesOf(ran).find(({ File }) => File === "app/settings.json")?.Deleted).toBe(false);
    expect(ran.stderr).toMatch(/2 of its files were not read/);
  });

  testWith("skopeo")("and a whole scan finds its tables to be as the tar is", async () => {
    const ran = await scan(path);
    expect(found(ran)).toHaveLength(3);
    expect(ran.stderr).not.toContain("table of contents");
  });

  testWith("skopeo")("the last file of a layer, behind which its table lies, is read as well", async () => {
    const [from, to] = [join(folder, "last-from"), join(folder, "last")];
    const layers = [{ files: { "app/last.env": `A=${probe("last")}\n` } }];
    await buildImage({ tag: "x", layers }, { path: from, format: "oci-layout", compression: "gzip" });
    const options = ["--insecure-policy", "copy", "-q", "--dest-compress-format", "zstd:chunked"];
    execFileSync("skopeo", [...options, `oci:${from}:x`, `oci:${to}:x`], { stdio: "pipe" });
    const ran = await scan(to, "--triage");
    expect(entriesOf(ran).map(({ File }) => File)).toEqual(["app/last.env"]);
    expect(ran.stderr).not.toContain("not as the table says");
  });
});
