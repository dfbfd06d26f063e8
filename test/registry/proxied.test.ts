/** The built program and a registry that can be reached through the user's proxy alone: TLS through CONNECT, with an authority of the user's own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { entriesOf, leaktraceAside, probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { hasProgram, testWith } from "../require-program.ts";
import { answerAsRegistry, image } from "./scripted-registry.ts";

const folder = scratch();
const rules = probeRules(folder);
const temporary = join(folder, "tmp");
mkdirSync(temporary);
const app = image(Buffer.from(`KEY=${probe("behind a proxy")}\n`));
/** Nobody knows it by this name but the proxy. */
const name = "registry.leaktrace.invalid";
const asked: { readonly to: string; readonly authorization: string | undefined }[] = [];
const servers: Server[] = [];
let proxy = "";
let certificate = "";

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  if (!hasProgram("openssl")) return;
  const key = join(folder, "key.pem");
  certificate = join(folder, "cert.pem");
  const subject = ["-subj", "/CN=x", "-addext", `subjectAltName=DNS:${name}`, "-days", "2"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject], { stdio: "pipe" });
  const registry = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    asked.push({ to: "registry", authorization: request.headers["proxy-authorization"] });
    if (!answerAsRegistry(app, request, response)) response.writeHead(404).end();
  });
  const port = await listen(registry);
  const tunnel = createServer();
  tunnel.on("connect", (request: IncomingMessage, client: Socket) => {
    asked.push({ to: request.url ?? "", authorization: request.headers["proxy-authorization"] });
    const server = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client]) socket.on("error", () => socket.destroy());
  });
  proxy = `127.0.0.1:${await listen(tunnel)}`;
});

afterAll(() => servers.forEach((server) => server.close()));

async function scan(env: NodeJS.ProcessEnv): Promise<Ran> {
  const args = ["image", `${name}/team/app:v1`, "-c", rules, "-f", "json", "-r", "-", "--no-cache"];
  const ran = await leaktraceAside(args, { PATH: process.env["PATH"], HOME: folder, TMPDIR: temporary, ...env });
  expect(readdirSync(temporary)).toEqual([]);
  return ran;
}

const test = testWith("openssl");

test("is asked through HTTPS_PROXY, which alone learns its own password", { timeout: 60_000 }, async () => {
  const env = { HTTPS_PROXY: `http://me:a-word@${proxy}`, NODE_EXTRA_CA_CERTS: certificate };
  const ran = await scan(env);
  expect([ran.code, entriesOf(ran).length]).toEqual([1, 1]);
  const tunnels = asked.filter(({ to }) => to !== "registry");
  expect(new Set(tunnels.map(({ to }) => to))).toEqual(new Set([`${name}:443`]));
  const basic = `Basic ${Buffer.from("me:a-word").toString("base64")}`;
  expect(tunnels.every(({ authorization }) => authorization === basic)).toBe(true);
  expect(asked.some(({ to, authorization }) => to === "registry" && authorization !== undefined)).toBe(false);
});

test(
  "is not trusted through a proxy more than without, nor asked where NO_PROXY names it",
  { timeout: 120_000 },
  async () => {
    const untrusted = await scan({ HTTPS_PROXY: `http://me:a-word@${proxy}` });
    expect([untrusted.code, untrusted.stdout]).toEqual([2, ""]);
    expect(untrusted.stderr).toContain("is not trusted");
    const before = asked.length;
    const direct = await scan({ HTTPS_PROXY: `http://me:a-word@${proxy}`, NO_PROXY: "leaktrace.invalid" });
    expect([direct.code, asked.length]).toEqual([2, before]);
    for (const { stderr } of [untrusted, direct]) expect(stderr).not.toContain("a-word");
  },
);
