import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/remote/address.ts";

describe("an address", () => {
  test.each([
    ["https://host.example/a/b.git", { transport: "https", url: "https://host.example/a/b.git" }],
    ["HTTPS://Host.Example:443/a", { transport: "https", url: "https://host.example/a" }],
    ["git+https://host.example/a", { transport: "https", url: "https://host.example/a" }],
    ["http://127.0.0.1:8080/a", { transport: "http", url: "http://127.0.0.1:8080/a" }],
    [
      "https://dana:p%40ss@host.example/a",
      { transport: "https", url: "https://host.example/a", credentials: { user: "dana", password: "p@ss" } },
    ],
    ["https://tok@host.example/a", { transport: "https", url: "https://host.example/a", credentials: { user: "tok" } }],
    ["ssh://git@host.example/a", { transport: "ssh", url: "ssh://git@host.example/a" }],
    ["ssh://git@host.example:2222/~/a", { transport: "ssh", url: "ssh://git@host.example:2222/~/a" }],
    ["ssh://host.example:80/a", { transport: "ssh", url: "ssh://host.example:80/a" }],
    ["git+ssh://git@host.example/a", { transport: "ssh", url: "ssh://git@host.example/a" }],
    ["git@host.example:a/b.git", { transport: "ssh", url: "git@host.example:a/b.git" }],
    ["file:///srv/a%20b", { transport: "file", url: "file:///srv/a%20b", path: "/srv/a b" }],
    ["file://localhost/srv", { transport: "file", url: "file://localhost/srv", path: "/srv" }],
  ])("%s", (name, address) => expect(parseAddress(name)).toEqual(address));

  test.each([
    ["git://host.example/a", "not by git"],
    ["ext::sh -c true", "not by ext"],
    ["https::http://host.example/a", "not by https"],
    ["ftp://host.example/a", "not by ftp"],
    ["https://host.example/", "no repository"],
    ["https://", "is not a URL"],
    ["https://host.example:99999/a", "is not a URL"],
    ["https://a%zz@host.example/a", "is not a URL"],
    ["https://a%0aprotocol=x@host.example/a", "is not a URL"],
    ["ssh://-oProxyCommand=x/a", "is not a URL"],
    ["ssh://-oProxyCommand=x@host.example/a", "is not a URL"],
    ["https://host.example/a?private_token=x", "no query"],
    ["https://host.example/a#readme", "no query"],
    ["ssh://git:pass@host.example/a", "no password"],
    ["file://host.example/a", "this machine"],
    ["-oProxyCommand@host.example:a", "is not an address"],
  ])("%s is none, and says why", (name, why) => {
    const address = parseAddress(name);
    expect(address?.transport === "none" && address.fault).toContain(why);
  });

  test.each([
    ".",
    "a/b",
    "/srv/a.git",
    "a:b",
    "./dana@host:a",
    "oci:layout",
    "docker-archive:app.tar",
    "docker://app",
    `alpine@sha256:${"0".repeat(64)}`,
    "-",
    "",
  ])("%j is something else", (name) => expect(parseAddress(name)).toBeUndefined());

  test("a file that is there is no address", () => {
    const folder = mkdtempSync(join(tmpdir(), "leaktrace-test-"));
    const before = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync("dana@host:notes", "");
      expect(parseAddress("dana@host:notes")).toBeUndefined();
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    "https://dana:sesame@host.example/a",
    "https://dana:sesame@host.example:99999/a",
    "https://dana:ses%zzame-sesame@/a",
    "https://dana:sesame/@host.example/a?x",
    "https://dana:sesame@host.example/a?b#c",
    "https://host.example/a?private_token=sesame",
    "git://dana:sesame@host.example/a",
    "ssh://dana:sesame@host.example/a",
    "https::dana:sesame@host.example/a",
    "ext::dana:sesame@host.example/a",
  ])("%s is shown without its password", (name) => {
    const { url } = parseAddress(name)!;
    expect(url).not.toMatch(/ses/);
  });
});
