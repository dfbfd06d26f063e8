/** Holds the code to the table in docs/architecture.md. The checker is first shown planted violations: one that sees nothing reports nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Room {
  readonly name: string;
  /** Rooms whose files it may import; `*`: all. */
  readonly rooms: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

/** Path → text. */
type Sources = ReadonlyMap<string, string>;

/** Names of folders that end as heaps of everything. */
const heaps = new Set(["util", "utils", "helper", "helpers", "common", "shared", "lib", "misc", "types"]);

/** A file beyond this is two ideas. */
const maxLines = 400;

/** Modules of the runtime that reach the network, other programs or other code, and the rooms that may: most may be used by none. */
const guarded: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["worker_threads", ["pool"]],
  // A pipe on a descriptor is read as a socket: so nothing waits in a call that cannot be ended.
  // What a manifest names is asked only where its addresses belong to no inner network.
  // containerd speaks HTTP/2 on a socket of this machine.
  ["net", ["pool", "registry", "engine"]],
  ["http2", ["engine"]],
  ["dns", ["registry"]],
  // Only git knows where its hooks lie; recipes for the tests ask git to make what only git makes.
  // And only git has the user's keys and credentials for other hosts.
  ["child_process", ["hooks", "fixtures", "remote", "registry", "review"]],
  ["http", ["remote"]],
  ["https", ["remote"]],
  ...["tls", "dgram", "dns/promises", "cluster", "vm", "inspector", "repl"].map((name) => [name, []] as const),
]);

/** Rooms that compute: the only modules of the runtime that they may use. */
const pure: ReadonlyMap<string, readonly string[]> = new Map([
  ["model", []],
  ["detect", ["crypto", "zlib"]],
]);

describe("the checker", () => {
  const rooms = readTable(`
| room | what it does | may import | packages |
| --- | --- | --- | --- |
| \`model\` | nouns | – | – |
| \`detect\` | pure | model | re2 |
| \`sources/git\` | history | model | \`isomorphic-git\` |
| \`sources/image\` | layers | model | – |
| \`pool\` | threads | model, detect | – |
| \`report\` | text | model | – |
| \`cli\` | flags | everything | commander |
`);
  const clean = {
    "src/model/a.ts": "export const a = 1;",
    "src/detect/a.ts":
      'import { a } from "../model/a.ts";\nimport RE2 from "re2";\nimport { createHash } from "node:crypto";',
    "src/sources/git/a.ts": 'const git = await import("isomorphic-git");\nimport fs from "node:fs";',
    "src/sources/image/a.ts": "",
    "src/pool/a.ts": 'import { Worker } from "node:worker_threads";\nimport "../detect/a.ts";',
    "src/report/a.ts": 'import type { A } from "../model/a.ts";',
    "src/cli/a.ts":
      'import { Command } from "commander";\nexport * from "../report/a.ts";\nimport "../sources/git/a.ts";',
  };

  test("has nothing against clean code", () => {
    expect(violations(new Map(Object.entries(clean)), rooms)).toEqual([]);
  });

  test.each([
    [
      "an import that the table does not allow",
      "src/detect/b.ts",
      'import "../pool/a.ts";',
      "src/detect/b.ts: detect may not import pool (../pool/a.ts)",
    ],
    [
      "one of types alone",
      "src/model/b.ts",
      'import type { B } from "../report/a.ts";',
      "src/model/b.ts: model may not import report (../report/a.ts)",
    ],
    [
      "a late one",
      "src/report/b.ts",
      'await import("../cli/a.ts");',
      "src/report/b.ts: report may not import cli (../cli/a.ts)",
    ],
    [
      "a re-export over several lines",
      "src/report/b.ts",
      'export {\n  a,\n} from "../pool/a.ts";',
      "src/report/b.ts: report may not import pool (../pool/a.ts)",
    ],
    [
      "one between nested rooms",
      "src/sources/git/b.ts",
      'import "../image/a.ts";',
      "src/sources/git/b.ts: sources/git may not import sources/image (../image/a.ts)",
    ],
    [
      "a package of another room",
      "src/report/b.ts",
      'import RE2 from "re2";',
      "src/report/b.ts: report may not use the package re2",
    ],
    [
      "a part of a package",
      "src/cli/b.ts",
      'import x from "ink/build/x.js";',
      "src/cli/b.ts: cli may not use the package ink",
    ],
    [
      "files in the pure room",
      "src/detect/b.ts",
      'import { readFileSync } from "node:fs";',
      "src/detect/b.ts: detect may not use node:fs",
    ],
    [
      "threads in the pure room",
      "src/detect/b.ts",
      'import "node:worker_threads";',
      "src/detect/b.ts: detect may not use node:worker_threads",
    ],
    ["the network", "src/cli/b.ts", 'import http from "node:http";', "src/cli/b.ts: cli may not use node:http"],
    [
      "the network without a module",
      "src/report/b.ts",
      "await fetch(url);",
      "src/report/b.ts: report may not reach the network (fetch)",
    ],
    [
      "another program",
      "src/sources/git/b.ts",
      'import { spawn } from "node:child_process";',
      "src/sources/git/b.ts: sources/git may not use node:child_process",
    ],
    [
      "a module without its prefix",
      "src/cli/b.ts",
      'import fs from "fs";',
      "src/cli/b.ts: cli may not use the package fs",
    ],
    ["a room that is not in the table", "src/extra/a.ts", "", "src/extra/a.ts: is in no room of the table"],
    ["a file outside of all rooms", "src/loose.ts", "", "src/loose.ts: is in no room of the table"],
    ["a heap", "src/cli/utils/a.ts", "", "src/cli/utils/a.ts: utils is no name for a folder"],
    [
      "an import from outside",
      "src/report/b.ts",
      'import "../../test/a.ts";',
      "src/report/b.ts: report may not import test (../../test/a.ts)",
    ],
    ["a name in camel case", "src/cli/someThing.ts", "", "src/cli/someThing.ts: is not in kebab-case"],
    ["a long file", "src/cli/b.ts", "\n".repeat(maxLines + 1), `src/cli/b.ts: has ${maxLines + 1} lines`],
  ])("sees %s", (_name, path, text, message) => {
    expect(violations(new Map(Object.entries({ ...clean, [path]: text })), rooms)).toContain(message);
  });

  test("sees a room without code", () => {
    const { "src/report/a.ts": _, ...rest } = clean;
    expect(violations(new Map(Object.entries({ ...rest, "src/cli/a.ts": "" })), rooms)).toEqual([
      "report: is in the table and holds no code",
    ]);
  });

  test("sees a cycle between rooms, in the code and in the table", () => {
    expect(
      cycle(
        new Map([
          ["a", new Set(["b"])],
          ["b", new Set(["c"])],
          ["c", new Set(["a"])],
        ]),
      ),
    ).toEqual(["a", "b", "c", "a"]);
    expect(
      cycle(
        new Map([
          ["a", new Set(["b", "c"])],
          ["b", new Set(["c"])],
          ["c", new Set<string>()],
        ]),
      ),
    ).toBeUndefined();
    const both = new Map([
      ["src/pool/a.ts", 'import "../detect/a.ts";'],
      ["src/detect/a.ts", 'import "../pool/a.ts";'],
    ]);
    expect(cycle(roomGraph(both, rooms))).toEqual(["pool", "detect", "pool"]);
  });

  test("is not fooled by text that looks like an import", () => {
    const text =
      '// import "../pool/a.ts";\n/* import "../pool/a.ts"; */\nconst hint = `write import("../pool/a.ts") here`;';
    expect(violations(new Map(Object.entries({ ...clean, "src/report/b.ts": text })), rooms)).toEqual([]);
  });
});

describe("the code", () => {
  const rooms = readTable(readFileSync(join(root, "docs/architecture.md"), "utf8"));
  const sources = readSources();

  test("is all there", () => {
    expect(rooms.length).toBeGreaterThan(10);
    expect(sources.size).toBeGreaterThan(100);
  });

  test("keeps to the table of docs/architecture.md", () => {
    expect(violations(sources, rooms)).toEqual([]);
  });

  test("has no cycles between rooms", () => {
    expect(cycle(roomGraph(sources, rooms))).toBeUndefined();
    expect(
      cycle(new Map(rooms.map((room) => [room.name, new Set([...room.rooms].filter((name) => name !== "*"))]))),
    ).toBeUndefined();
  });
});

/** The rows of the table whose head begins with `| room |`. */
function readTable(markdown: string): Room[] {
  const rows = (/\| room \|.*\n\|[ |-]+\n((?:\|.*\n)+)/.exec(markdown)?.[1] ?? "").trimEnd().split("\n");
  return rows.map((row) => {
    const [name = "", , imports = "", packages = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    return {
      name: name.replaceAll("`", ""),
      rooms: new Set(words(imports).map((word) => (word === "everything" ? "*" : word))),
      packages: new Set(words(packages)),
    };
  });
}

function words(cell: string): string[] {
  return cell
    .split(",")
    .map((word) => word.trim().replaceAll("`", ""))
    .filter((word) => word !== "" && word !== "–");
}

/** Sources of the program and of the recipes that it brings; the kernel's are of another language and import nothing. */
function readSources(): Sources {
  const paths = ["src", "fixtures"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/")),
  );
  return new Map(
    paths.filter((path) => !path.includes("/assembly/")).map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
}

/** Everything that is wrong with the sources, one line each. */
function violations(sources: Sources, rooms: readonly Room[]): string[] {
  const found: string[] = [];
  for (const [path, text] of sources) {
    const folders = path.split("/").slice(1, -1);
    for (const folder of folders.filter((name) => heaps.has(name)))
      found.push(`${path}: ${folder} is no name for a folder`);
    if (!/^(?:[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.ts|[a-z0-9-]+\.tsx|[A-Z][A-Za-z0-9]*\.tsx)$/.test(posix.basename(path)))
      found.push(`${path}: is not in kebab-case`);
    const lines = text.split("\n").length - 1;
    if (lines > maxLines) found.push(`${path}: has ${lines} lines`);
    const room = roomOf(path, rooms);
    if (room === undefined) found.push(`${path}: is in no room of the table`);
    else found.push(...importsOf(text).flatMap((name) => faultOf(name, path, room, rooms) ?? []));
    if (room !== undefined && /(?<![.#\w])fetch\(|\bnew WebSocket\(/.test(withoutText(text)))
      found.push(`${path}: ${room.name} may not reach the network (fetch)`);
  }
  for (const { name } of rooms)
    if (![...sources.keys()].some((path) => roomOf(path, rooms)?.name === name))
      found.push(`${name}: is in the table and holds no code`);
  return found;
}

function faultOf(name: string, path: string, room: Room, rooms: readonly Room[]): string | undefined {
  if (name.startsWith(".")) {
    const target = posix.join(posix.dirname(path), name);
    const other = roomOf(target, rooms)?.name ?? target.split("/")[0] ?? target;
    const isAllowed =
      other === room.name ||
      room.rooms.has(other) ||
      (room.rooms.has("*") && rooms.some((known) => known.name === other));
    return isAllowed ? undefined : `${path}: ${room.name} may not import ${other} (${name})`;
  }
  if (name.startsWith("node:")) {
    const module = name.slice("node:".length);
    const isAllowed = pure.get(room.name)?.includes(module) ?? guarded.get(module)?.includes(room.name) ?? true;
    return isAllowed ? undefined : `${path}: ${room.name} may not use ${name}`;
  }
  const bare = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  return room.packages.has(bare) ? undefined : `${path}: ${room.name} may not use the package ${bare}`;
}

/** The room with the longest name that the path lies in: `sources/git` before `sources`. */
function roomOf(path: string, rooms: readonly Room[]): Room | undefined {
  const inside = path.replace(/^src\//, "");
  return rooms.filter(({ name }) => inside.startsWith(`${name}/`)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** What a module names in `import`, `export … from` and `import()`. */
function importsOf(text: string): string[] {
  const found = withoutText(text, { keepStrings: true }).matchAll(
    /(?:^|[;\n])\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? "");
}

/** The code without its comments and template texts, and without strings unless they are kept. */
function withoutText(text: string, { keepStrings = false } = {}): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
  return text.replace(token, (part) =>
    keepStrings && (part.startsWith('"') || part.startsWith("'")) ? part : part.startsWith("/") ? " " : '""',
  );
}

function roomGraph(sources: Sources, rooms: readonly Room[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [path, text] of sources) {
    const from = roomOf(path, rooms)?.name;
    if (from === undefined) continue;
    const targets = graph.get(from) ?? new Set();
    for (const name of importsOf(text).filter((spec) => spec.startsWith("."))) {
      const to = roomOf(posix.join(posix.dirname(path), name), rooms)?.name;
      if (to !== undefined && to !== from) targets.add(to);
    }
    graph.set(from, targets);
  }
  return graph;
}

/** A way through the graph that comes back to its beginning; undefined when there is none. */
function cycle(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const follow = (name: string, way: readonly string[]): string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const next of graph.get(name) ?? []) {
      const found = follow(next, [...way, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const found = follow(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
