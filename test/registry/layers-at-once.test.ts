/** How many layers one registry is asked for at once. */
import { expect, test } from "vitest";
import { leaktraceAside, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { digestOf, ScriptedServer } from "./scripted-registry.ts";

test("three layers are on their way at once, never more, and each comes once", { timeout: 60_000 }, async () => {
  const folder = scratch();
  const layers = Array.from({ length: 10 }, (_, i) =>
    Buffer.concat([rawEntry({ name: `${i}.env` }, probe(`layer ${i}`)), endOfTar]),
  );
  const config = Buffer.from(JSON.stringify({ rootfs: { type: "layers", diff_ids: layers.map(digestOf) } }));
  const described = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, config: described(config), layers: layers.map(described) }),
  );
  const documents = new Map([...layers, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  let under = 0;
  let most = 0;
  await using server = await ScriptedServer.open((request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    const bytes = name === "v1" ? manifest : documents.get(name);
    if (bytes === undefined) return void response.writeHead(404).end();
    if (!layers.includes(bytes)) return void response.end(bytes);
    most = Math.max(most, ++under);
    setTimeout(() => {
      under--;
      response.end(bytes);
    }, 100);
  });
  const env = { ...process.env, HOME: folder, TMPDIR: folder };
  const args = ["-c", probeRules(folder), "--no-cache", "-f", "json", "-r", "-"];
  const { stdout } = await leaktraceAside(["image", `${server.host}/team/app:v1`, ...args], env);
  expect((JSON.parse(stdout) as unknown[]).length).toBe(layers.length);
  expect(most).toBe(3);
  for (const layer of layers) expect(server.asked.filter(({ path }) => path.endsWith(digestOf(layer))).length).toBe(1);
});
