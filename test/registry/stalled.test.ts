/** Registries that let whoever asks wait: real silence, with limits of milliseconds instead of minutes. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { openRegistry, parseReference, type RegistryImages, type RegistryOptions } from "../../src/registry/index.ts";
import { Growth, Patience } from "../../src/registry/patience.ts";
import { scratch } from "../cli/scan-program.ts";
import { answerAsRegistry, digestOf, image, ScriptedServer, type Asked } from "./scripted-registry.ts";

const root = scratch();
let folders = 0;

function open(host: string, options: Partial<RegistryOptions>): Promise<RegistryImages> {
  const folder = join(root, `f${folders++}`);
  mkdirSync(folder);
  return openRegistry(parseReference(`${host}/team/app${options.allTags === true ? "" : ":v1"}`)!, {
    folder: { path: folder, [Symbol.dispose]: () => {} },
    ...{ allTags: false, plainHttp: true, env: { HOME: root }, signal: new AbortController().signal },
    onReceived: () => {},
    silentMs: 100,
    ...options,
  });
}

const layer = Buffer.alloc(200_000, "layer ");
const app = image(layer);
const isLayer = ({ path }: Pick<Asked, "path">): boolean => path.endsWith(digestOf(layer));

test("a layer that never begins, or stops midway, is given up; then nothing more is waited for", async () => {
  for (const begins of [false, true]) {
    await using server = await ScriptedServer.open((request, response) => {
      if (isLayer({ path: request.url ?? "" })) {
        if (begins) response.writeHead(200, { "content-length": layer.length }).write(layer.subarray(0, 1000));
      } else if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
    });
    await using images = await open(server.host, { lostMs: 1 });
    const fault = await images.obtain(digestOf(layer));
    expect(fault?.message).toMatch(begins ? /too early|waited for too long/ : /cannot be reached|waited for too long/);
    const before = server.asked.length;
    const other = digestOf(Buffer.from("another one"));
    expect((await images.obtain(other))?.message).toContain("was waited for too long");
    expect(server.asked.length).toBe(before);
  }
}, 60_000);

test("a registry, or its token server, that says nothing ends the run", async () => {
  await using silent = await ScriptedServer.open(() => {});
  await expect(open(silent.host, {})).rejects.toThrow("cannot be reached");
  await using server = await ScriptedServer.open((request, response) => {
    if (request.url?.startsWith("/token") === true) return;
    const realm = `Bearer realm="http://${request.headers.host}/token"`;
    response.writeHead(401, { "www-authenticate": realm }).end();
  });
  await expect(open(server.host, {})).rejects.toThrow("cannot be reached");
}, 60_000);

test("one that answers nothing but what it is asked for again is not waited for without end either", async () => {
  const asked = new Set<string>();
  await using server = await ScriptedServer.open((request, response) => {
    const path = `${request.method} ${request.url}`;
    if (path.includes("tags/list"))
      response.end(JSON.stringify({ tags: Array.from({ length: 50 }, (_, i) => `t${i}`) }));
    else if (path.startsWith("GET") || asked.has(path)) response.end(app.manifest);
    else asked.add(path);
  });
  await using images = await open(server.host, { allTags: true, lostMs: 1000 });
  expect(images.faults.map(({ message }) => message).join()).toContain("was waited for too long");
  expect(asked.size).toBeLessThan(20);
}, 60_000);

test("a blob that comes by a few bytes a connection is not asked for without end", async () => {
  await using server = await ScriptedServer.open((request, response) => {
    if (!isLayer({ path: request.url ?? "" })) {
      if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
      return;
    }
    const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
    const range = { "content-range": `bytes ${from}-${layer.length - 1}/${layer.length}` };
    response.writeHead(from > 0 ? 206 : 200, { ...(from > 0 ? range : {}), "content-length": layer.length - from });
    response.write(layer.subarray(from, from + 10), () => setTimeout(() => request.socket.destroy(), 5));
  });
  await using images = await open(server.host, {});
  expect((await images.obtain(digestOf(layer)))?.message).toContain("ends too early");
  expect(server.asked.filter(isLayer).length).toBeLessThan(10);
  expect(
    readdirSync(join(root, `f${folders - 1}`), { recursive: true }).some((name) => String(name).endsWith("part")),
  ).toBe(true);
});

test("time is lost where nothing comes of it; a blob has to grow", async () => {
  const patience = new Patience(50);
  const whole = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const _ of patience.watch(pieces)) await wait(30);
  };
  const sound = async function* (): AsyncGenerator<Uint8Array, void> {
    for (let i = 0; i < 3; i++) yield layer;
  };
  await whole(sound());
  expect(patience.isOver).toBe(false);
  const broken = async function* (): AsyncGenerator<Uint8Array, void> {
    yield layer.subarray(0, 1);
    await wait(400);
    throw new Error("silence");
  };
  await expect(whole(broken())).rejects.toThrow("silence");
  expect(patience.isOver).toBe(true);
  const growth = new Growth(20);
  expect(growth.add(1)).toBe(true);
  await wait(30);
  expect(growth.add(200_000)).toBe(true);
  await wait(30);
  expect(growth.add(1)).toBe(false);
});
