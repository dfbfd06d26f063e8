import { createHash, randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { testWith } from "../require-program.ts";
import { hashDatabase, rpmHeader, slotDatabase, sqliteDatabase } from "./rpm-databases.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const env = (seed: string): string => `A=${probe(seed)}\n`;
const sumOf = (algorithm: string, text: string, encoding: "hex" | "base64"): string =>
  createHash(algorithm).update(text).digest(encoding);

/** Scans an image of these layers: severity and facts of each secret. */
async function scanned(layers: readonly Readonly<Record<string, string | Uint8Array>>[]) {
  const path = join(folder, `image-${count++}.tar`);
  const image = { tag: "app:1", layers: layers.map((files) => ({ files })) };
  await buildImage(image, { path, format: "oci-archive" });
  const ran = leaktrace(["image", path, "-c", rules, "-f", "jsonl", "-r", "-", "--reveal", "--no-cache"]);
  const lines = ran.stdout.trim().split("\n");
  const findings = lines.map((line) => JSON.parse(line) as { secret?: string; severity?: string; facts?: string[] });
  return new Map(findings.map(({ secret, severity, facts = [] }) => [secret, [severity, ...facts]]));
}

const info = (name: string): string[] => ["info", `the file is as package ${name} has it`];
let count = 0;

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
    const told = await scanned([{ ...files, ...lists }]);
    const seeds = ["published", "conffile", "merged", "apk", "changed", "own package", "also elsewhere"];
    expect(seeds.map((seed) => told.get(probe(seed)))).toEqual([
      ...[info("a"), info("a"), info("a"), info("b"), ["high"], ["high"]],
      ["high", "the file is as package a has it"],
    ]);
  },
);

test(
  "databases of rpm are read in each of their forms, and damaged ones harm nothing",
  { timeout: 60_000 },
  async () => {
    const forms = { sqlite: "rpmdb.sqlite", slots: "Packages.db", hash: "Packages" } as const;
    const make = { sqlite: sqliteDatabase, slots: slotDatabase, hash: hashDatabase } as const;
    const layers = (["sqlite", "slots", "hash"] as const).map((form) => {
      const more = Object.fromEntries(
        Array.from({ length: 60 }, (_, i) => [`/usr/share/doc/${form}/more-${i}`, `${i}`]),
      );
      const files = { [`/etc/${form}/a.env`]: env(form), [`/usr/lib/${form}/changed.env`]: "A=\n", ...more };
      const header = rpmHeader({ name: `${form}-config`, vendor: "Fedora Project", files });
      const other = rpmHeader({ name: "own", vendor: "Example Corp", files: { "/opt/own.env": env("own") } });
      return {
        [`var/lib/rpm/${forms[form]}`]: make[form](header),
        ...{ [`etc/${form}/a.env`]: env(form), [`usr/lib/${form}/changed.env`]: env(`${form} changed`) },
        ...(form === "sqlite" ? {} : { [`usr/share/rpm/${forms[form]}`]: make[form](other).subarray(0, 600) }),
      };
    });
    const own = {
      "usr/lib/sysimage/rpm/rpmdb.sqlite": sqliteDatabase(
        rpmHeader({ name: "own", vendor: "Example Corp", files: { "/opt/own.env": env("own") } }),
      ),
    };
    const told = await scanned([...layers, { ...own, "opt/own.env": env("own") }]);
    for (const form of ["sqlite", "slots", "hash"]) {
      expect(told.get(probe(form))).toEqual(info(`${form}-config`));
      expect(told.get(probe(`${form} changed`))).toEqual(["high"]);
    }
    expect(told.get(probe("own"))).toEqual(["high"]);
  },
);

test(
  "what a wheel brought as it is ranks low where its author has published it; what was changed, installed from elsewhere, or may be anybody's, does not",
  { timeout: 60_000 },
  async () => {
    const site = "usr/lib/python3.11/site-packages";
    const open = "License-Expression: Apache-2.0\nProject-URL: Source, https://github.com/acme/a\n";
    const wheel = (name: string, more: Readonly<Record<string, string>> = {}, listed = env(name)) => {
      const [stem = ""] = name.split("-");
      const sum = createHash("sha256").update(listed).digest("base64url");
      const info = `${site}/${name}.dist-info`;
      return {
        [`${site}/${stem}/tests/a, b.env`]: env(name),
        ...Object.fromEntries(Object.entries(more).map(([file, text]) => [`${info}/${file}`, text])),
        [`${info}/RECORD`]: `"${stem}/tests/a, b.env",sha256=${sum},9\r\n${stem}/x.py,,\r\n`,
      };
    };
    const told = await scanned([
      {
        ...wheel("plain-1.0", { METADATA: `${open}\nClassifier: Private :: is a word of this text\n` }),
        ...wheel("old-1.0", {
          METADATA:
            "Classifier: License :: OSI Approved :: MIT License\r\nHome-page: http://old.readthedocs.org\r\n\r\n",
        }),
        ...wheel("changed-1.0", { METADATA: open }, "A=\n"),
        ...wheel("project-1.0", { METADATA: open, "direct_url.json": '{"url":"file:///src","dir_info":{}}' }),
        ...wheel("private-1.0", { METADATA: `${open}Classifier: Private :: Do Not Upload\n\n` }),
        ...wheel("local-1.0+acme.1", { METADATA: open }),
        ...wheel("silent-1.0"),
        ...wheel("homeless-1.0", { METADATA: "License: MIT\nHome-page: https://git.acme.example/a\n\n" }),
        ...wheel("unlicensed-1.0", { METADATA: "Home-page: https://github.com/acme/a\n\nLicense: MIT\n" }),
        ...wheel("closed-1.0", { METADATA: `${open}Classifier: License :: Other/Proprietary License\n\n` }),
      },
    ]);
    expect(told.get(probe("plain-1.0"))).toEqual(["low", "the file is as the wheel plain 1.0 has it"]);
    expect(told.get(probe("old-1.0"))).toEqual(["low", "the file is as the wheel old 1.0 has it"]);
    for (const name of ["changed", "project", "private", "silent", "homeless", "unlicensed", "closed"])
      expect([name, ...(told.get(probe(`${name}-1.0`)) ?? [])]).toEqual([name, "high"]);
    expect(told.get(probe("local-1.0+acme.1"))).toEqual(["high"]);
  },
);

test(
  "what the archive of a distribution has in this very version is published, whoever maintains it, and so are its packages in apt's cache",
  { timeout: 60_000 },
  async () => {
    const versions = { listed: "1:2-3", newer: "2.0", elsewhere: "1.0", squeezed: "3.0" };
    const names = Object.keys(versions);
    const member = (name: string, body: Uint8Array): Uint8Array =>
      Buffer.concat([
        Buffer.from(`${name.padEnd(48)}${String(body.length).padEnd(10)}\`\n`),
        body,
        Buffer.alloc(body.length % 2, 10),
      ]);
    const debOf = (name: string): Uint8Array => {
      const data = gzipSync(Buffer.concat([rawEntry({ name: "a.env" }, Buffer.from(env(`${name} deb`))), endOfTar]));
      return Buffer.concat([
        Buffer.from("!<arch>\n"),
        member("debian-binary", Buffer.from("2.0\n")),
        member("data.tar.gz", data),
      ]);
    };
    const paragraph = (name: string, version: string): string =>
      `Package: ${name}\nVersion: ${version}\nMaintainer: Me <me@example.net>\nSHA256: ${createHash("sha256").update(debOf(name)).digest("hex")}\nDescription: x\n SHA256: y\n\n`;
    const lists = "var/lib/apt/lists";
    const told = await scanned([
      {
        ...Object.fromEntries(names.map((name) => [`usr/share/doc/${name}.env`, env(name)])),
        ...Object.fromEntries(names.map((name) => [`var/cache/apt/archives/${name}_1_all.deb`, debOf(name)])),
        ...Object.fromEntries(
          names.map((name) => [
            `var/lib/dpkg/info/${name}.md5sums`,
            `${sumOf("md5", env(name), "hex")}  usr/share/doc/${name}.env\n`,
          ]),
        ),
        "var/lib/dpkg/status": Object.entries(versions)
          .map(([name, version]) => `Package: ${name}\nMaintainer: Me <me@example.net>\nVersion: ${version}\n`)
          .join("\n"),
        [`${lists}/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages`]:
          paragraph("listed", "1:2-3") + paragraph("newer", "1.9"),
        [`${lists}/archive.ubuntu.com_ubuntu_dists_noble_main_binary-amd64_Packages.gz`]: gzipSync(
          paragraph("squeezed", "3.0"),
        ),
        [`${lists}/apt.example.com_debian_dists_stable_main_binary-amd64_Packages`]: paragraph("elsewhere", "1.0"),
        [`${lists}/fakedebian.org_debian_dists_stable_main_binary-amd64_Packages`]: paragraph("elsewhere", "1.0"),
      },
    ]);
    expect(names.map((name) => told.get(probe(name)))).toEqual([info("listed"), ["high"], ["high"], info("squeezed")]);
    expect(names.map((name) => told.get(probe(`${name} deb`)))).toEqual([
      ...[info("listed"), info("newer"), ["high"], info("squeezed")],
    ]);
  },
);

test("a package's file that is an archive is known as any other, whoever opens it", { timeout: 60_000 }, async () => {
  const text = (seed: string, bytes: number): Buffer => Buffer.concat([Buffer.from(env(seed)), randomBytes(bytes)]);
  const pages = {
    "usr/share/man/man1/small.1.gz": gzipSync(env("small")),
    "usr/share/doc/given.gz": gzipSync(text("given", 200_000)),
    "usr/share/doc/large.gz": gzipSync(text("large", 5 << 20)),
    "usr/share/doc/changed.gz": gzipSync(env("changed within")),
  };
  const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
  const sums = Object.entries(pages).map(
    ([path, bytes]) => `${md5(path.includes("changed") ? gzipSync("A=") : bytes)}  ${path}\n`,
  );
  const lists = {
    "var/lib/dpkg/info/pages.md5sums": sums.join(""),
    "var/lib/dpkg/status": "Package: pages\nMaintainer: Debian Doc <doc@lists.debian.org>\n",
  };
  const told = await scanned([{ ...pages, ...lists }]);
  for (const seed of ["small", "given", "large"]) expect(told.get(probe(seed))).toEqual(info("pages"));
  expect(told.get(probe("changed within"))).toEqual(["high"]);
});

testWith("rpmbuild")("a database is read as rpm itself writes it", { timeout: 60_000 }, async () => {
  const work = join(folder, "rpm");
  mkdirSync(work);
  const [first, second] = ["etc/sample/a.env", "usr/share/sample/b.env"];
  writeFileSync(join(work, "a.env"), env("rpm"));
  const lines = [
    ...["Name: sample-config", "Version: 1", "Release: 1", "Summary: x", "License: x", "Vendor: Fedora Project"],
    ...["BuildArch: noarch", "%description", "x", "%install"],
    ...[first, second].map((path) => `install -D ${work}/a.env %{buildroot}/${path}`),
    ...["%files", `/${first}`, `/${second}`],
  ];
  writeFileSync(join(work, "a.spec"), `${lines.join("\n")}\n`);
  const quiet = { stdio: "pipe" } as const;
  execFileSync("rpmbuild", ["-bb", "--define", `_topdir ${work}/top`, join(work, "a.spec")], quiet);
  const database = ["--dbpath", join(work, "db"), "--define", "_db_backend sqlite"];
  execFileSync("rpm", [...database, "--initdb"], quiet);
  const made = join(work, "top/RPMS/noarch/sample-config-1-1.noarch.rpm");
  execFileSync("rpm", [...database, "--justdb", "--nodeps", "--force-debian", "-i", made], quiet);
  cpSync(join(work, "db/rpmdb.sqlite"), join(work, "copy"));
  const changed = env("changed in rpm");
  const files = {
    "var/lib/rpm/rpmdb.sqlite": readFileSync(join(work, "copy")),
    [first]: env("rpm"),
    [second]: changed,
  };
  const told = await scanned([files]);
  expect(told.get(probe("rpm"))).toEqual(info("sample-config"));
  expect(told.get(probe("changed in rpm"))).toEqual(["high"]);
});
