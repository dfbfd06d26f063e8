/** Where names of images lead, as containers-registries.conf(5) says; skopeo reads the same files where it is installed. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { afterAll, describe, expect, test } from "vitest";
import { parseReference, RegistriesConf, type Route } from "../../src/registry/index.ts";
import { testWith } from "../require-program.ts";
import { ScriptedServer } from "./scripted-registry.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-registries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function route(toml: string, name: string): Route {
  return new RegistriesConf(parse(toml)).route(name, parseReference(name)!);
}

/** Every place in the order in which it is asked. */
function places(toml: string, name: string): string[] {
  const { reference, mirrors } = route(toml, name);
  return [...mirrors, reference].map(
    ({ host, repository, tag, digest }) =>
      `${host}/${repository}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : "@digest"}`,
  );
}

/** A registry without images. */
function isThere(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(request.url === "/v2/" ? 200 : 404).end();
}

const digest = `sha256:${"ab".repeat(32)}`;
const mirrored = `
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "hub.test:5000/cache/"
[[registry.mirror]]
location = "tags.test"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "digests.test"
pull-from-mirror = "digest-only"
[[registry]]
prefix = "docker.io/team"
location = "moved.test/other/team"
insecure = true
[[registry]]
prefix = "*.corp.test"
blocked = true
[[registry]]
location = "ok.corp.test"
[aliases]
"tool" = "quay.test/org/tool"
`;

describe("a registries.conf", () => {
  test("names without a host lead to the registry that it names for them; of several none is guessed", () => {
    const one = 'unqualified-search-registries = ["registry.test:5000"]\n[aliases]\n"tool" = "quay.test/org/tool"\n';
    expect(places(one, "app:1")).toEqual(["registry.test:5000/app:1"]);
    expect(places(one, "team/app")).toEqual(["registry.test:5000/team/app:latest"]);
    expect(places(one, "tool")).toEqual(["quay.test/org/tool:latest"]);
    expect(places(one, "localhost/app")).toEqual(["localhost/app:latest"]);
    expect(places(one, "docker.io/library/app")).toEqual(["docker.io/library/app:latest"]);
    expect(places('unqualified-search-registries = ["docker.io"]', "app")).toEqual(["docker.io/library/app:latest"]);
    const two = 'unqualified-search-registries = ["registry.test", "docker.io"]';
    expect(() => places(two, "app")).toThrow("several registries");
    expect(places(two, "quay.test/app")).toEqual(["quay.test/app:latest"]);
  });

  test.each([
    [
      "nginx",
      ["hub.test:5000/cache/library/nginx:latest", "tags.test/library/nginx:latest", "docker.io/library/nginx:latest"],
    ],
    [
      `nginx@${digest}`,
      [
        "hub.test:5000/cache/library/nginx@digest",
        "digests.test/library/nginx@digest",
        "docker.io/library/nginx@digest",
      ],
    ],
    ["team/app:v1", ["moved.test/other/team/app:v1"]],
    ["teams/app:v1", ["hub.test:5000/cache/teams/app:v1", "tags.test/teams/app:v1", "docker.io/teams/app:v1"]],
    ["tool:2", ["quay.test/org/tool:2"]],
    [
      "docker.io/tool",
      ["hub.test:5000/cache/library/tool:latest", "tags.test/library/tool:latest", "docker.io/library/tool:latest"],
    ],
    ["elsewhere.test/a/b:c", ["elsewhere.test/a/b:c"]],
  ])("leads %s to %j", (name, expected) => expect(places(mirrored, name)).toEqual(expected));

  test("blocks by host, by the end of hosts and by names, as a whole", () => {
    const blocks = (name: string): boolean => route(mirrored, name).isBlocked;
    expect(["a.corp.test/x:1", "a.b.corp.test:5000/x:1"].map(blocks)).toEqual([true, true]);
    expect(["corp.test/x:1", "ok.corp.test/x:1", "acorp.test/x:1"].map(blocks)).toEqual([false, false, false]);
    const one = '[[registry]]\nprefix = "q.test/ns/app:bad"\nlocation = "q.test/ns/app:bad"\nblocked = true';
    expect(
      ["q.test/ns/app:bad", "q.test/ns/app:badder", "q.test/ns/app"].map((name) => route(one, name).isBlocked),
    ).toEqual([true, false, false]);
  });

  test("says who may be asked without TLS, host by host", () => {
    expect(route(mirrored, "team/app").plainHttpHosts).toEqual(new Set(["moved.test"]));
    expect(route(mirrored, "nginx").plainHttpHosts).toEqual(new Set());
  });

  test.each([
    ["[registries.search]\nregistries = []"],
    ["[registry]\nlocation = 'a.test'"],
    ["[[registry]]\nblocked = true"],
    ["[[registry]]\nlocation = 'a.test'\nblocked = 'true'"],
    ["[[registry]]\nlocation = 'a.test'\n[[registry.mirror]]\nlocation = ''"],
    ["[[registry]]\nlocation = 'a.test'\n[[registry.mirror]]\nlocation = 'm.test'\npull-from-mirror = 'never'"],
    ["[[registry]]\nprefix = 'a.test'\nlocation = '../b'"],
    ["[[registry]]\nprefix = 'a.test'\nlocation = 'nohost'"],
  ])("that cannot be followed is an error: %j", (toml) => {
    expect(() => route(toml, "a.test/x/y:1")).toThrow(/./);
  });

  testWith("skopeo")(
    "is read as skopeo reads it: the same servers are asked for the same names",
    { timeout: 60_000 },
    async () => {
      await using one = await ScriptedServer.open((request, response) => isThere(request, response));
      await using two = await ScriptedServer.open((request, response) => isThere(request, response));
      const conf = `
[[registry]]
prefix = "far.test/team"
location = "${two.host}/moved"
insecure = true
[[registry.mirror]]
location = "${one.host}/cache"
insecure = true
[[registry]]
location = "${two.host}/own"
insecure = true
[[registry]]
location = "${two.host}/own/secret"
insecure = true
blocked = true
`;
      const file = join(folder, "registries.conf");
      writeFileSync(file, conf);
      const asked = async (name: string): Promise<string[]> => {
        one.asked.length = two.asked.length = 0;
        await new Promise<void>((resolve) => {
          execFile("skopeo", ["--registries-conf", file, "inspect", "--raw", `docker://${name}`], () => resolve());
        });
        return [one, two].flatMap((server) =>
          server.asked.filter(({ path }) => path.includes("/manifests/")).map(({ path }) => server.host + path),
        );
      };
      for (const name of ["far.test/team/app:v1", `${two.host}/own/secret:v1`, `${two.host}/own/secrets:v1`]) {
        const { reference, mirrors, isBlocked } = route(conf, name);
        const ours = [...mirrors, reference].map(
          ({ host, repository, tag }) => `${host}/v2/${repository}/manifests/${tag}`,
        );
        expect(await asked(name)).toEqual(isBlocked ? [] : ours);
      }
    },
  );
});
