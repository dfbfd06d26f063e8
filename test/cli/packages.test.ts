import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const env = (seed: string): string => `A=${probe(seed)}\n`;
const sumOf = (algorithm: string, text: string, encoding: "hex" | "base64"): string =>
  createHash(algorithm).update(text).digest(encoding);

test(
  "what a distribution's package has as it is counts little, and is told; what was changed, or is of others, counts",
  { timeout: 60_000 },
  async () => {
    const files = {
      "usr/share/doc/a/example.env": env("published"),
      "usr/share/doc/a/changed.env": env("changed"),
      "etc/conf.env": env("conffile"),
      "usr/lib/merged.env": env("merged"),
      "opt/own/app.env": env("own package"),
      "usr/share/apk.env": env("apk"),
      "home/copy.env": `B=1\n${env("also elsewhere")}`,
      "usr/share/elsewhere.env": env("also elsewhere"),
    };
    const md5 = (path: string, text: string): string => `${sumOf("md5", text, "hex")}  ${path}\n`;
    const lists = {
      "var/lib/dpkg/info/a:amd64.md5sums": [
        md5("usr/share/doc/a/example.env", env("published")),
        md5("usr/share/doc/a/changed.env", "A=\n"),
        md5("lib/merged.env", env("merged")),
        md5("usr/share/elsewhere.env", env("also elsewhere")),
      ].join(""),
      "var/lib/dpkg/info/own.md5sums": md5("opt/own/app.env", env("own package")),
      "var/lib/dpkg/status": [
        `Package: a\nStatus: install ok installed\nMaintainer: Debian A Team <a@lists.debian.org>\nConffiles:\n /etc/conf.env ${sumOf("md5", env("conffile"), "hex")}\nDescription: a\n text\n`,
        "Package: own\nMaintainer: Us <us@example.com>\n",
      ].join("\n"),
      "lib/apk/db/installed": `C:Q1x\nP:b\nV:1\nm:Natanael <n@alpinelinux.org>\nF:usr/share\nR:apk.env\nZ:Q1${sumOf("sha1", env("apk"), "base64")}\n\n`,
    };
    const path = join(folder, "image.tar");
    await buildImage({ tag: "app:1", layers: [{ files: { ...files, ...lists } }] }, { path, format: "oci-archive" });
    const ran = leaktrace(["image", path, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal", "--no-cache"]);
    const told = new Map(
      ran.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { secret?: string; severity?: string; facts?: string[] })
        .map(({ secret, severity, facts = [] }) => [secret, [severity, ...facts]]),
    );
    const seeds = ["published", "conffile", "merged", "apk", "changed", "own package", "also elsewhere"];
    const info = (name: string): string[] => ["info", `the file is as package ${name} has it`];
    expect(seeds.map((seed) => told.get(probe(seed)))).toEqual([
      ...[info("a"), info("a"), info("a"), info("b"), ["high"], ["high"]],
      ["high", "the file is as package a has it"],
    ]);
  },
);
