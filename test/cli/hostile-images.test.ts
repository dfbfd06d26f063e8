import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { endOfTar, rawEntry, rawHeader } from "../content/tar-blocks.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Image {
  readonly tags: readonly string[];
  readonly layers: readonly string[];
}

const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {} }));
const configName = `${createHash("sha256").update(config).digest("hex")}.json`;

/** Writes a docker-archive of these layers; `manifest` instead of one that names `images`. */
function archive(layers: Readonly<Record<string, Buffer>>, images: readonly Image[], manifest?: Buffer): string {
  const path = join(mkdtempSync(join(folder, "image-")), "image.tar");
  const told = images.map(({ tags, layers: names }) => ({ Config: configName, RepoTags: tags, Layers: names }));
  const files = { ...layers, [configName]: config, "manifest.json": manifest ?? Buffer.from(JSON.stringify(told)) };
  const entries = Object.entries(files).map(([name, body]) => rawEntry({ name }, body));
  writeFileSync(path, Buffer.concat([...entries, endOfTar]));
  return path;
}

const layer = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, endOfTar]);
const longName = (name: string): Buffer => rawEntry({ name: "long", type: "L" }, `${name}\0`);

interface Told {
  readonly code: number | null;
  readonly stderr: string;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
}

/** Scans it in a folder of its own, in which nothing may be left. */
function scan(path: string): Told {
  const cwd = mkdtempSync(join(folder, "cwd-"));
  const { code, stdout, stderr } = leaktrace(["image", path, "-c", rules, "-f", "json", "-r", "-", "--no-cache"], {
    cwd,
    env: { TMPDIR: cwd },
  });
  expect(readdirSync(cwd)).toEqual([]);
  return { code, stderr, entries: JSON.parse(stdout) as Told["entries"] };
}

const files = ({ entries }: Told): string[] => entries.map(({ File }) => String(File));

describe("a hostile image", () => {
  test("whose manifest has a hundred megabytes, or is none: its layers are scanned, the gap is told", () => {
    const one = { "l.tar": layer(rawEntry({ name: "app/.env" }, probe("one"))) };
    for (const [manifest, words] of [
      [Buffer.alloc(100 << 20, "[{},"), "is too large to be a manifest"],
      [Buffer.from("[".repeat(1 << 20)), "does not parse"],
    ] as const) {
      const told = scan(archive(one, [], manifest));
      expect(files(told)).toEqual(["app/.env"]);
      expect(told.stderr).toContain(words);
      expect(told.stderr).toContain("incomplete");
    }
  });

  test("whose layer is no tar is not clean, nor the second time", () => {
    const path = archive({ "l.tar": Buffer.from("nothing in here") }, [{ tags: ["a:1"], layers: ["l.tar"] }]);
    const cache = mkdtempSync(join(folder, "cache-"));
    for (let i = 0; i < 2; i++) {
      const ran = leaktrace(["image", path, "-c", rules, "--cache-dir", cache]);
      expect([ran.code, ran.stderr.includes("is no tar, as its image says")]).toEqual([3, true]);
    }
  });

  test("with a hundred thousand layers is read as far as any engine would go, and more", () => {
    const names = Array.from({ length: 100_000 }, () => "clean.tar");
    names[9_999] = "l.tar";
    names[10_000] = "beyond.tar";
    const layers = {
      "clean.tar": layer(rawEntry({ name: "x" }, "nothing")),
      "l.tar": layer(rawEntry({ name: "in" }, probe("in"))),
      "beyond.tar": layer(rawEntry({ name: "beyond" }, probe("beyond"))),
    };
    const told = scan(archive(layers, [{ tags: ["a:1"], layers: names }]));
    // What lies in the archive is scanned, whoever has it.
    expect(files(told).sort()).toEqual(["beyond", "in"]);
    expect(told.stderr).toContain("has 100000 layers: no more than the first 10000 were read as its own");
  });

  test("in whose archive two have one name: both are scanned", () => {
    const layers = {
      "a.tar": layer(rawEntry({ name: "a" }, probe("a"))),
      "b.tar": layer(rawEntry({ name: "b" }, probe("b"))),
    };
    const images = ["a.tar", "b.tar"].map((name) => ({ tags: ["same:1"], layers: [name] }));
    expect(files(scan(archive(layers, images))).sort()).toEqual(["a", "b"]);
  });

  test("whose names are a megabyte long, or made for a terminal: nothing of it is shown as it is", () => {
    const names = [`${"d/".repeat(1 << 19)}deep`, "n".repeat(1 << 20), "app/\u001b[2J\u202e\u0007.env"];
    const entries = names.map((name, i) => Buffer.concat([longName(name), rawEntry({ name: "short" }, probe(i))]));
    const path = archive({ "l.tar": layer(...entries) }, [{ tags: ["\u001b[31ma:1\r"], layers: ["l.tar"] }]);
    expect(files(scan(path)).length).toBe(3);
    const text = leaktrace(["image", path, "-c", rules, "--no-cache"]);
    expect(text.code).toBe(1);
    // eslint-disable-next-line no-control-regex
    expect(`${text.stdout}${text.stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test("with links and devices in the way of its files leads nowhere", () => {
    const entries = [
      rawHeader({ name: "etc", type: "2", linkName: "/tmp" }),
      rawEntry({ name: "etc/app.env" }, probe("behind a link")),
      rawHeader({ name: "shadow", type: "1", linkName: "../../../../etc/shadow" }),
      rawHeader({ name: "loop", type: "2", linkName: "loop" }),
      rawHeader({ name: "dev/sda", type: "4" }),
      rawHeader({ name: "pipe", type: "6" }),
      rawEntry({ name: "../../../up.env" }, probe("up")),
    ];
    const told = scan(archive({ "l.tar": layer(...entries) }, [{ tags: ["a:1"], layers: ["l.tar"] }]));
    expect(files(told).sort()).toEqual(["etc/app.env", "up.env"]);
    expect(told.code).toBe(1);
  });

  test(
    "with files that claim exbibytes, or two hundred thousand entries, is read to its end",
    { timeout: 120_000 },
    () => {
      const claims = Buffer.alloc(12);
      claims.set([0x80, 0, 0, 0, 0x7f, 0xff], 0);
      const many = Array.from({ length: 200_000 }, (_, i) => rawHeader({ name: `f${i}` }));
      const layers = {
        "many.tar": gzipSync(Buffer.concat([...many, rawEntry({ name: "last.env" }, probe("last")), endOfTar]), {
          level: 1,
        }),
        "claims.tar": layer(
          rawEntry({ name: "before" }, probe("before")),
          rawHeader({ name: "huge", sizeField: claims }),
        ),
        // A sparse file of one stored block that says to be larger than any disk.
        "sparse.tar": layer(sparse(probe("sparse")), rawEntry({ name: "after" }, probe("after"))),
      };
      const told = scan(archive(layers, [{ tags: ["a:1"], layers: Object.keys(layers) }]));
      expect(files(told).sort()).toEqual(["after", "before", "last.env", "sparse"]);
      expect(told.stderr).toContain("incomplete");
    },
  );
});

/** A file in GNU's old sparse form: one range at its begin, and a size of eight exbibytes. */
function sparse(body: string): Buffer {
  const [header, rest] = [
    rawHeader({ name: "sparse", size: body.length, type: "S", magic: "gnu" }),
    rawEntry({ name: "x" }, body),
  ];
  header.write(`${"0".repeat(11)}\0${body.length.toString(8).padStart(11, "0")}\0`, 386);
  header.set([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 483);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, rest.subarray(512)]);
}
