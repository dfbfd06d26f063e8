/** The built program and an engine: podman where it is installed, and one that answers as tests want it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { buildImage, tarOf } from "../../fixtures/images/build-image.ts";
import { compress } from "../../fixtures/images/compress.ts";
import { findEngine } from "../../src/engine/address.ts";
import { isEngineName, parseEngineTarget } from "../../src/engine/target.ts";
import { entriesOf, leaktrace, probe, probeRules, program, scratch, type Ran } from "../cli/scan-program.ts";
import { testWith } from "../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
/** Where the program puts what it brings here: nothing may be left there. */
const temporary = join(folder, "tmp");
mkdirSync(temporary);

const image = {
  tag: "app:1.0",
  layers: [
    { files: { "app/config.env": `KEY=${probe("layer")}\n` }, instruction: "COPY config.env /app/" },
    { files: { "app/main.txt": "main\n" }, whiteouts: ["app/config.env"] },
  ],
  env: [`TOKEN=${probe("env")}`],
};

interface Told {
  readonly sightings: readonly { content: string; origin: { path: string; proof?: string } }[];
}

let count = 0;

/** The program, while this process serves it. */
async function ask(args: readonly string[], env: NodeJS.ProcessEnv, input?: Uint8Array): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args, "-c", rules, "-f", "json"], {
    env: { ...process.env, HOME: folder, TMPDIR: temporary, ...env },
  });
  child.stdin.on("error", () => {}).end(input ?? "");
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (part: string) => (text[name] += part));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  expect(readdirSync(temporary)).toEqual([]);
  return { code, ...text };
}

interface Engine extends AsyncDisposable {
  readonly socket: string;
  readonly asked: string[];
}

/** An engine that answers by `answer`. */
async function serve(
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void,
): Promise<Engine> {
  const socket = join(folder, `engine-${count++}.sock`);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request.url ?? "", response, request);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    ...{ socket, asked },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const secrets = (ran: Ran): string[] => [...new Set(entriesOf(ran).map(({ File }) => File))].sort();

test("names tell the engine and what is meant of it; references stay references", () => {
  expect(parseEngineTarget("docker:app:1.0")).toEqual({ engine: "docker", kind: "image", name: "app:1.0" });
  expect(parseEngineTarget("podman-container:box")).toEqual({ engine: "podman", kind: "container", name: "box" });
  expect(parseEngineTarget("docker:")).toEqual({ engine: "docker", kind: "image", name: "" });
  for (const text of ["docker://registry.example.org/app:1.0", "docker", "docker-archive:x.tar", "oci:x"])
    expect(parseEngineTarget(text)).toBeUndefined();
  expect(["a", "localhost/app:1.0", `app@sha256:${"0".repeat(64)}`].every(isEngineName)).toBe(true);
  expect(["", "../x", "a/../b", "a?b", "a b", "/a", "a//b", "\u001b[31m"].some(isEngineName)).toBe(false);
});

test("an engine is found by its variable, its context or its usual socket; the network only when that is asked for", () => {
  expect(findEngine("docker", { DOCKER_HOST: "unix:///x/y.sock" }, false)).toEqual({
    kind: "socket",
    path: "/x/y.sock",
  });
  const network = { DOCKER_HOST: "tcp://10.0.0.1:2375" };
  expect(() => findEngine("docker", network, false)).toThrow("DOCKER_HOST names a host on the network");
  expect(findEngine("docker", network, true)).toEqual({ kind: "host", origin: "http://10.0.0.1:2375" });
  for (const host of ["ssh://me@there", "tcp://a@b", "tcp://a/b", "npipe://x"])
    expect(() => findEngine("docker", { DOCKER_HOST: host }, true)).toThrow("names no socket");
  const nowhere = { HOME: folder, XDG_RUNTIME_DIR: folder };
  expect(() => findEngine("podman", nowhere, false)).toThrow("podman does not listen on this machine");
});

describe("an engine", () => {
  test("gives an image as docker save does; a container's own settings and what was written in it", async () => {
    const path = join(folder, "image.tar");
    await buildImage(image, { path, format: "docker-archive" });
    const files = await tarOf([
      { path: "etc/from-image.env", body: `KEY=${probe("of the image")}\n` },
      { path: "run/token", body: `KEY=${probe("written")}\n` },
    ]);
    const inspect = {
      Id: "a".repeat(64),
      Args: [`--key=${probe("argument")}`],
      Config: { Env: [`TOKEN=${probe("runtime")}`] },
      Mounts: [{ Destination: "/var/lib/data" }],
    };
    await using engine = await serve((url, response) => {
      if (url === "/images/json") response.end(JSON.stringify([{ Id: "sha256:x", RepoTags: ["app:1.0"] }]));
      else if (url === "/images/app:1.0/get") response.end(readFileSync(path));
      else if (url === "/containers/box/json") response.end(JSON.stringify(inspect));
      else if (url === "/containers/box/changes")
        response.end(
          JSON.stringify([
            { Path: "/run/token", Kind: 1 },
            { Path: "/etc/gone", Kind: 2 },
          ]),
        );
      else if (url === "/containers/box/export") response.end(files);
      else response.writeHead(404).end();
    });
    const env = { DOCKER_HOST: `unix://${engine.socket}` };
    const whole = await ask(["image", "docker:app:1.0"], env);
    expect(whole.code).toBe(1);
    expect(secrets(whole)).toEqual(["app/config.env", "config!Env[TOKEN]"]);
    expect(entriesOf(whole)[0]?.Image).toBe("docker:app:1.0");
    expect(secrets(await ask(["scan", "docker:"], env))).toEqual(secrets(whole));
    const container = await ask(["image", "docker-container:box"], env);
    expect(secrets(container)).toEqual(["config!Args[0]", "config!Env[TOKEN]", "run/token"]);
    expect(container.stderr).toContain("var/lib/data");
    const none = await ask(["image", "docker:none"], env);
    expect(none).toMatchObject({ code: 2, stdout: "" });
    expect(none.stderr).toContain("docker has no image none");
    expect(none.stderr).toContain("containers docker-container:NAME");
    expect(engine.asked.every((line) => line.startsWith("GET /"))).toBe(true);
  });

  test("that drops the connection, gives no archive or cannot be asked ends the run with its reason", async () => {
    await using engine = await serve((url, response) => {
      if (url.includes("/dropped/")) {
        response.write(Buffer.alloc(1 << 16));
        setTimeout(() => response.destroy(), 20);
      } else if (url.includes("/text/")) response.end("no archive");
      else response.writeHead(500).end("fault \u001b[31m");
    });
    const env = { DOCKER_HOST: `unix://${engine.socket}` };
    for (const [name, message] of [
      ["dropped", "docker cannot be asked"],
      ["text", ""],
      ["fault", "docker does not give image fault (500)"],
      ["a/../b", "docker has no image of that name"],
    ] as const) {
      const ran = await ask(["image", `docker:${name}`], env);
      expect([2, 3]).toContain(ran.code);
      expect(ran.stderr).toContain(message);
      expect(ran.stderr).not.toContain("\u001b");
    }
    const hint = await ask(["image", "docker:dind"], { DOCKER_HOST: "ssh://me@there", HOME: folder });
    expect(hint.code).toBe(2);
    expect(hint.stderr).toContain("The image docker of Docker Hub is docker.io/library/docker:dind");
    const gone = await ask(["image", "docker:app"], { DOCKER_HOST: `unix://${folder}/nowhere.sock` });
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain("docker cannot be asked (ENOENT)");
  });
});

describe("an archive on standard input", () => {
  test("is an image for the command image, compressed or not; what is none is told", async () => {
    const path = join(folder, "stream.tar");
    await buildImage(image, { path, format: "docker-archive" });
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const ran = await ask(["image", "-"], {}, compress(readFileSync(path), compression));
      expect([ran.code, secrets(ran)]).toEqual([1, ["app/config.env", "config!Env[TOKEN]"]]);
    }
    const none = await ask(["image", "-"], {}, Buffer.from("text"));
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("not an image archive");
  });

  testWith("xz")("and an archive that is compressed by xz is expanded once", async () => {
    const path = join(folder, "stream.tar.xz");
    await buildImage(image, { path, format: "docker-hybrid", wrapped: "xz" });
    for (const ran of [await ask(["image", path], {}), await ask(["image", "-"], {}, readFileSync(path))])
      expect([ran.code, secrets(ran)]).toEqual([1, ["app/config.env", "config!Env[TOKEN]"]]);
    // What was cut off is an image still: what is left of it is scanned.
    const cut = await ask(["image", "-"], {}, readFileSync(path).subarray(0, 700));
    expect([1, 2, 3]).toContain(cut.code);
    if (cut.code !== 2) expect(cut.stderr).toContain("not scanned:");
  });
});

testWith("podman")("podman's images and containers are scanned as they are", { timeout: 120_000 }, async () => {
  const socket = join(folder, "podman.sock");
  const own = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const podman = (...args: string[]): string =>
    execFileSync("podman", [...own, ...args], { encoding: "utf8", stdio: "pipe" });
  const archive = join(folder, "load.tar");
  await buildImage(image, { path: archive, format: "docker-archive" });
  podman("load", "-q", "-i", archive);
  podman("create", "--name", "box", "-e", `RUNTIME=${probe("runtime")}`, "localhost/app:1.0", "/bin/true");
  podman("cp", rules, "box:/app/rules.toml");
  execFileSync("sh", ["-c", `echo 'K=${probe("written")}' > ${folder}/written`]);
  podman("cp", join(folder, "written"), "box:/app/written");
  const service = spawn("podman", [...own, "system", "service", "--time=0", `unix://${socket}`], { stdio: "ignore" });
  try {
    for (let i = 0; i < 100 && !existsSync(socket); i++) await wait(100);
    const env = { CONTAINER_HOST: `unix://${socket}` };
    const whole = await ask(["image", "podman:localhost/app:1.0"], env);
    expect(secrets(whole)).toEqual(["app/config.env", "config!Env[TOKEN]"]);
    expect(whole.stdout).toContain('"Deleted": true');
    expect(secrets(await ask(["image", "podman:"], env))).toEqual(secrets(whole));
    const box = await ask(["image", "podman-container:box"], env);
    expect(secrets(box)).toEqual(["app/written", "config!Env[RUNTIME]", "config!Env[TOKEN]"]);
    // What is told to prove it does, where the engine is the one that was asked.
    writeFileSync(join(folder, "podman"), `#!/bin/sh\nexec podman-real ${own.join(" ")} "$@"\n`, { mode: 0o755 });
    symlinkSync(execFileSync("which", ["podman"], { encoding: "utf8" }).trim(), join(folder, "podman-real"));
    const PATH = `${folder}:${process.env["PATH"]}`;
    const asked = ["podman:localhost/app:1.0", "podman-container:box"].map((name) =>
      leaktrace(["image", name, "-c", rules, "-f", "jsonl", "-r", "-"], { env: { ...process.env, ...env } }),
    );
    const stored = leaktrace(["image", join(folder, "root"), "-c", rules, "-f", "jsonl", "-r", "-"]);
    const proofs = [...asked, stored].map(({ stdout }) =>
      stdout.split("\n").flatMap((line) => (line.includes("sightings") ? (JSON.parse(line) as Told).sightings : [])),
    );
    // podman's own database has as many places as it wrote, and is written anew by each command.
    expect(proofs.map(({ length }) => Math.min(length, 4))).toEqual([2, 3, 4]);
    for (const { content, origin } of proofs.flat()) {
      if (origin.proof === undefined || origin.path.startsWith("libpod/")) continue;
      const shown = spawnSync("sh", ["-c", origin.proof], {
        env: { ...process.env, PATH },
        encoding: "utf8",
      });
      expect([origin.proof, shown.stdout.trim()]).toEqual([origin.proof, content]);
    }
  } finally {
    service.kill();
    await new Promise((resolve) => service.on("exit", resolve));
    execFileSync("podman", [...own, "system", "reset", "--force"], { stdio: "ignore" });
  }
});
