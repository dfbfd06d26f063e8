/** The built program and containerd: the real one, and others that answer on its socket as tests want it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp1 } from "node:http";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { Server } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { findContainerd } from "../../src/engine/address.ts";
import { bytesIn, fieldsOf, messageOf, numberIn, ProtobufFault, textIn } from "../../src/engine/protobuf.ts";
import { parseEngineTarget } from "../../src/engine/target.ts";
import { digestOf } from "../../src/content/digest.ts";
import { entriesOf, leaktraceAside, probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
/** Where the program puts what it brings here: nothing may be left there. */
const temporary = join(folder, "tmp");
mkdirSync(temporary);

async function ask(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const ran = await leaktraceAside([...args, "-c", rules, "--no-cache"], {
    ...process.env,
    HOME: folder,
    TMPDIR: temporary,
    ...env,
  });
  expect(readdirSync(temporary)).toEqual([]);
  expect(ran.stderr).not.toContain("this is a bug");
  return ran;
}

const json = ["-f", "json", "-r", "-"];
const filesOf = (ran: Ran): string[] => [...new Set(entriesOf(ran).map(({ File }) => File))].sort();

test("names tell what is meant of containerd; what looks like a path is its folder", () => {
  expect(parseEngineTarget("containerd:app:1.0")).toEqual({ engine: "containerd", kind: "image", name: "app:1.0" });
  expect(parseEngineTarget("containerd-container:box")).toEqual({
    engine: "containerd",
    kind: "container",
    name: "box",
  });
  for (const path of ["containerd:/var/lib/containerd", "containerd:./store"])
    expect(parseEngineTarget(path)).toBeUndefined();
  const named = { socket: "/x/y.sock", isNamed: true };
  for (const address of ["/x/y.sock", "unix:///x/y.sock"])
    expect(findContainerd({ CONTAINERD_ADDRESS: address })).toEqual(named);
  for (const address of ["x.sock", "tcp://10.0.0.1:1", "unix://x"])
    expect(() => findContainerd({ CONTAINERD_ADDRESS: address })).toThrow("names no socket");
});

test("messages are read as they are written; bytes that are none are refused, whatever they say of their length", () => {
  const message = messageOf({ 1: "digest", 2: 2 ** 40 + 3, 300: "later" });
  expect([textIn(message, 1), numberIn(message, 2), textIn(message, 300)]).toEqual(["digest", 2 ** 40 + 3, "later"]);
  expect([textIn(message, 7), numberIn(message, 7), bytesIn(message, 7).length]).toEqual(["", 0, 0]);
  const fixed = Buffer.from([0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 5]);
  expect(numberIn(fixed, 3)).toBe(5);
  expect(numberIn(Buffer.from([0x08, ...Array<number>(9).fill(0xff), 1]), 1)).toBe(Infinity);
  for (const bytes of [[0x0a], [0x0a, 5, 1], [0x08], [0x08, ...Array<number>(12).fill(0xff)], [0x0b], [0x0d, 1]])
    expect(() => [...fieldsOf(Buffer.from(bytes))]).toThrow(ProtobufFault);
});

describe("what answers on the socket", () => {
  let count = 0;

  async function listen(server: Server): Promise<string> {
    const socket = join(folder, `fake-${count++}.sock`);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return socket;
  }

  /** Answers each method with messages; the last word is a status, or what to do with the stream. */
  async function serve(answers: (method: string, stream: ServerHttp2Stream) => readonly Uint8Array[] | undefined) {
    const server = createServer();
    const sessions = new Set<{ destroy: () => void }>();
    server.on("session", (session) => sessions.add(session));
    server.on("sessionError", () => {});
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.on("error", () => {});
      const method = String(headers[":path"]).split("/").pop()!;
      const service = String(headers[":path"]).split(".").at(-1)!.split("/")[0]!;
      const messages = answers(`${service}/${method}`, stream);
      if (messages === undefined) return;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat(messages.map(frame)));
    });
    const socket = await listen(server);
    return {
      socket,
      async [Symbol.asyncDispose]() {
        for (const session of sessions) session.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  const frame = (message: Uint8Array): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, message]);
  };
  /** A message in a field. */
  const inside = (number: number, message: Buffer): Buffer => messageOf({ [number]: message.toString("latin1") });
  const layer = Buffer.from(`KEY=${probe("layer")}\n`);
  const config = Buffer.from(JSON.stringify({ config: { Env: [`TOKEN=${probe("env")}`] } }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: { digest: digestOf(config), size: config.length },
      layers: [{ digest: digestOf(layer), size: layer.length }],
    }),
  );
  const blobs = new Map([layer, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  const lists: Readonly<Record<string, readonly Buffer[]>> = {
    "Namespaces/List": [inside(1, messageOf({ 1: "default" })), inside(1, messageOf({ 1: "../\u001b[31m" }))],
    "Images/List": [
      inside(1, Buffer.concat([messageOf({ 1: "app:1" }), inside(3, messageOf({ 2: digestOf(manifest) }))])),
    ],
    "Content/List": [...blobs].map(([digest, { length }]) => inside(1, messageOf({ 1: digest, 2: length }))),
    "Containers/List": [],
  };
  /** As containerd would; `read` changes the bytes of a content. */
  const honest =
    (read: (digest: string, bytes: Buffer) => readonly Uint8Array[] | undefined) =>
    (method: string, stream: ServerHttp2Stream): readonly Uint8Array[] | undefined => {
      if (method !== "Content/Read") return lists[method] ?? [];
      stream.on("data", (chunk: Buffer) => {
        const digest = textIn(chunk.subarray(5), 1);
        const parts = read(digest, blobs.get(digest) ?? Buffer.alloc(0));
        if (parts === undefined) return stream.close(2);
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.concat(parts.map((part) => frame(inside(2, Buffer.from(part))))));
      });
      return undefined;
    };

  test("gives contents in parts; what is missing, longer than was said or not what its digest says is told", async () => {
    const halves = (bytes: Buffer): Buffer[] => [bytes.subarray(0, 9), bytes.subarray(9)];
    await using whole = await serve(honest((_, bytes) => halves(bytes)));
    const ran = await ask(["image", "containerd:app:1", ...json], { CONTAINERD_ADDRESS: whole.socket });
    expect([ran.code, filesOf(ran).length]).toEqual([1, 2]);
    const isLayer = (digest: string): boolean => digest === digestOf(layer);
    for (const [read, message] of [
      [(digest: string, bytes: Buffer) => (isLayer(digest) ? undefined : halves(bytes)), "does not answer"],
      [(digest: string, bytes: Buffer) => (isLayer(digest) ? [bytes, bytes] : [bytes]), "more than it says"],
      [(digest: string, bytes: Buffer) => (isLayer(digest) ? [Buffer.alloc(bytes.length)] : [bytes]), "digest"],
      [(digest: string, bytes: Buffer) => (isLayer(digest) ? [bytes.subarray(4)] : [bytes]), "digest"],
    ] as const) {
      await using engine = await serve(honest(read));
      const ran = await ask(["image", "containerd:app:1", ...json], { CONTAINERD_ADDRESS: engine.socket });
      expect([ran.code, filesOf(ran)]).toEqual([1, ["config!Env[TOKEN]"]]);
      expect(ran.stderr).toContain(message);
    }
  });

  test("and is not containerd, or breaks off, ends the run with its reason", async () => {
    const raw = (bytes: Uint8Array) => (_: string, stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200 });
      stream.end(bytes);
      return undefined;
    };
    const hangUp = (_: string, stream: ServerHttp2Stream): undefined => {
      stream.session?.destroy();
    };
    const status = (code: string) => (_: string, stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200, "grpc-status": code, "grpc-message": "\u001b%1b[31m" }, { endStream: true });
      return undefined;
    };
    for (const [answer, message] of [
      [raw(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1])), "its answer breaks off"],
      [raw(Buffer.from([1, 0, 0, 0, 0])), "its answer breaks off"],
      [raw(frame(Buffer.from([0x0a, 200, 1]))), "does not answer as containerd does"],
      [raw(frame(Buffer.alloc(0))), "its answer breaks off"],
      [status("7"), "status 7"],
      [status("12"), "is not containerd"],
      [hangUp, "containerd"],
    ] as const) {
      await using engine = await serve(answer);
      const ran = await ask(["image", "containerd:app:1"], { CONTAINERD_ADDRESS: engine.socket });
      expect([ran.code, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toContain(message);
      expect(ran.stderr).not.toContain("\u001b");
    }
    const docker = createHttp1((_, response) => response.end("{}"));
    const socket = await listen(docker);
    const ran = await ask(["image", "containerd:"], { CONTAINERD_ADDRESS: socket });
    docker.closeAllConnections();
    docker.close();
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain("containerd cannot be asked");
    const gone = await ask(["image", "containerd:"], { CONTAINERD_ADDRESS: join(folder, "nowhere.sock") });
    expect([gone.code, gone.stderr.includes("(ENOENT)")]).toEqual([2, true]);
  });
});

interface Told {
  readonly sightings: readonly { content: string; origin: { path: string; proof?: string } }[];
}

const isRoot = process.getuid?.() === 0;

// It mounts what it unpacks.
(isRoot ? testWith("containerd") : test.skip)(
  "images and containers of the real one, from its socket",
  { timeout: 120_000 },
  async () => {
    const root = join(folder, "root");
    const socket = join(folder, "containerd.sock");
    const settings = [
      'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      `root = "${root}"\nstate = "${join(folder, "state")}"`,
      `[grpc]\naddress = "${socket}"\n[ttrpc]\naddress = "${socket}.ttrpc"`,
    ];
    writeFileSync(join(folder, "containerd.toml"), settings.join("\n"));
    const engine = spawn("containerd", ["-c", join(folder, "containerd.toml")], { stdio: "ignore" });
    const ctr = (...args: string[]): string =>
      execFileSync("ctr", ["-a", socket, ...args], { encoding: "utf8", stdio: "pipe" });
    try {
      for (let i = 0; i < 200 && !existsSync(socket); i++) await wait(100);
      for (const [tag, compression] of [
        ["app:1.0", "gzip"],
        ["other:1.0", "zstd"],
      ] as const) {
        const path = join(folder, `${compression}.tar`);
        const layers = [
          { files: { "app/config.env": `KEY=${probe(tag)}\n` }, compression },
          { files: { "app/main.txt": "main\n" }, whiteouts: ["app/config.env"], compression },
        ];
        await buildImage({ tag, layers, env: [`TOKEN=${probe("env")}`] }, { path, format: "oci-archive" });
        ctr(
          "-n",
          tag === "app:1.0" ? "default" : "k8s.io",
          "images",
          "import",
          "--index-name",
          `example.org/${tag}`,
          path,
        );
      }
      const [image = ""] = ctr("images", "ls", "-q").trim().split("\n");
      ctr("containers", "create", "--env", `RUNTIME=${probe("runtime")}`, image, "box", "/bin/true");
      const upper = /upperdir=([^,\s]+)/.exec(ctr("snapshots", "mounts", "/mnt", "box"))?.[1] ?? "";
      writeFileSync(join(upper, "written.env"), `K=${probe("written")}\n`);
      const env = { CONTAINERD_ADDRESS: socket };

      const one = await ask(["image", `containerd:${image}`, ...json], env);
      expect([one.code, filesOf(one)]).toEqual([1, ["app/config.env", "config!Env[TOKEN]"]]);
      expect(one.stdout).toContain('"Deleted": true');
      const box = await ask(["scan", "containerd-container:box", ...json], env);
      const inBox = ["config!process[env][0]", "config!process[env][1]", "written.env"];
      expect([box.code, filesOf(box)]).toEqual([1, inBox]);
      const all = await ask(["image", "containerd:", ...json], env);
      expect(filesOf(all)).toEqual([...filesOf(one), ...inBox].sort());
      expect(new Set(entriesOf(all).map(({ Secret }) => Secret)).size).toBe(5);
      const space = await ask(["image", "containerd:", ...json], { ...env, CONTAINERD_NAMESPACE: "k8s.io" });
      expect(filesOf(space)).toEqual(filesOf(one));
      // The folder says the same.
      const stored = await ask(["image", `containerd:${root}`, ...json], {});
      expect(filesOf(stored)).toEqual(filesOf(all));

      const told = await ask(["image", "containerd:", "-f", "jsonl", "-r", "-"], env);
      const places = told.stdout
        .split("\n")
        .flatMap((line) => (line.includes("sightings") ? (JSON.parse(line) as Told).sightings : []));
      const proved = places.flatMap(({ content, origin }) =>
        origin.proof === undefined
          ? []
          : [[content, spawnSync("sh", ["-c", origin.proof], { encoding: "utf8" }).stdout.trim()]],
      );
      expect(proved.length).toBeGreaterThanOrEqual(5);
      for (const [content, printed] of proved) expect(printed).toBe(content);

      const none = await ask(["image", "containerd:none"], env);
      expect([none.code, none.stderr.includes("containerd has no image none")]).toEqual([2, true]);
      // A content that was changed on the disk is not taken for the layer.
      const digests = ctr("content", "ls", "-q").trim().split("\n");
      const blobs = digests.map((digest) =>
        join(root, "io.containerd.content.v1.content/blobs", digest.replace(":", "/")),
      );
      const gzip = blobs.filter((path) => readFileSync(path)[0] === 0x1f);
      for (const path of gzip) writeFileSync(path, Buffer.alloc(readFileSync(path).length));
      const changed = await ask(["image", `containerd:${image}`, ...json], env);
      expect(filesOf(changed)).toEqual(["config!Env[TOKEN]"]);
      expect(changed.stderr).toContain("are not those of its digest");
    } finally {
      engine.kill();
      await new Promise((resolve) => engine.on("exit", resolve));
    }
  },
);
