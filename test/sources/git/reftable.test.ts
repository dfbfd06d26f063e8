import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reftable, type WrittenLog, type WrittenRef } from "../../../fixtures/git/reftable-writer.ts";
import { createRepository } from "../../../fixtures/git/workshop.ts";
import type { StoreFault } from "../../../src/content/git/pack-folder.ts";
import { readReflog } from "../../../src/sources/git/range/reflog.ts";
import { headBranch, listRefs, listTableLogs } from "../../../src/sources/git/refs.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "../../cli/scan-program.ts";

const folder = scratch();
let count = 0;

interface Stored {
  readonly tables: Readonly<Record<string, string>>;
  /** `<id> <name>`, and the peeled id of an annotated tag. */
  readonly refs: readonly string[];
}

interface Sample {
  readonly common: Stored;
  readonly linked: Stored;
  /** `<new id> <name> <mail> <message>` of each entry, the newest first. */
  readonly logs: Readonly<Record<string, string>>;
}

/** What fixtures/git/reftables/make.sh made with a git that writes reftables. */
function sample(format: string): Sample {
  const text = readFileSync(new URL(`../../../fixtures/git/reftables/${format}.json`, import.meta.url), "utf8");
  // Our own file.
  return JSON.parse(text) as Sample;
}

function put(tables: Readonly<Record<string, string | Buffer>>): string {
  const at = join(folder, `git-${count++}`);
  mkdirSync(join(at, "reftable"), { recursive: true });
  mkdirSync(join(at, "refs"));
  writeFileSync(join(at, "HEAD"), "ref: refs/heads/.invalid\n");
  writeFileSync(join(at, "refs/heads"), "this repository uses the reftable format\n");
  for (const [name, bytes] of Object.entries(tables))
    writeFileSync(join(at, "reftable", name), typeof bytes === "string" ? Buffer.from(bytes, "base64") : bytes);
  return at;
}

function stack(...tables: readonly Buffer[]): string {
  const names = tables.map((_, i) => `table-${i}.ref`);
  return put({
    "tables.list": Buffer.from(names.map((name) => `${name}\n`).join("")),
    ...Object.fromEntries(tables.map((bytes, i) => [`table-${i}.ref`, bytes])),
  });
}

function refsOf(commonDir: string, gitDir = commonDir): { refs: string[]; faults: StoreFault[] } {
  const faults: StoreFault[] = [];
  const refs = listRefs({ commonDir, gitDir }, faults);
  return { refs: refs.map(({ name, oid, peeled }) => `${oid} ${name} ${peeled ?? ""}`.trimEnd()).sort(), faults };
}

describe.each(["sha1", "sha256"])("reftables that git wrote, ids by %s", (format) => {
  const { common, linked, logs } = sample(format);
  const at = put(common.tables);

  test("hold the refs that git lists: symbolic, peeled, deleted ones, HEAD", () => {
    const { refs, faults } = refsOf(at);
    expect(faults).toEqual([]);
    expect(refs).toEqual(common.refs);
    expect(refs.length).toBeGreaterThan(90);
  });

  test("of a linked worktree hide the common HEAD", () => {
    expect(refsOf(at, put(linked.tables))).toEqual({ refs: linked.refs, faults: [] });
    expect(linked.refs).not.toEqual(common.refs);
  });

  test("hold the reflogs that git shows", () => {
    const found = listTableLogs({ commonDir: at, gitDir: at });
    const shown = Object.fromEntries(
      found.map(({ path, text }) => [
        path.slice("logs/".length),
        text
          .trimEnd()
          .split("\n")
          .map((line) => line.replace(/^\S+ (\S+) (.*) \d+ [-+]\d{4}\t?/, "$1 $2 ").trimEnd())
          .reverse()
          .join("\n"),
      ]),
    );
    expect(shown).toEqual(logs);
    expect(found[0]!.text).toMatch(/ 1704067200 -0800\t/);
  });

  test("name the branch that is checked out, and what ranges ask of its log", () => {
    const repository = { commonDir: at, gitDir: at };
    expect(headBranch(repository)).toBe("refs/heads/main");
    for (const [name, text] of Object.entries(logs)) {
      const moves = readReflog(repository, name).map(({ to }) => to);
      expect(moves.reverse()).toEqual(text.split("\n").map((line) => line.split(" ", 1)[0]));
    }
  });

  test("that are cut off are named, and read as far as they go", () => {
    for (const name of Object.keys(common.tables)) {
      if (name === "tables.list") continue;
      const bytes = Buffer.from(common.tables[name]!, "base64");
      for (const part of [0.99, 0.5, 0.1, 0]) {
        const { refs, faults } = refsOf(put({ ...common.tables, [name]: bytes.subarray(0, bytes.length * part) }));
        expect(faults.map(({ subject }) => subject.endsWith(name))).toEqual([true]);
        if (part === 0.5 && bytes.length > 5000) expect(refs.length).toBeGreaterThan(10);
      }
    }
  });

  test("with a bit flipped anywhere are never a crash", () => {
    const random = createRandom(`reftable ${format}`);
    const names = Object.keys(common.tables);
    for (let i = 0; i < 300; i++) {
      const name = names[random.integer(names.length)]!;
      const bytes = Buffer.from(common.tables[name]!, "base64");
      bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
      const at = put({ ...common.tables, [name]: bytes });
      const faults: StoreFault[] = [];
      listRefs({ commonDir: at, gitDir: at }, faults);
      listTableLogs({ commonDir: at, gitDir: at }, faults);
      for (const { message } of faults) expect(message).toMatch(/^[^\n]+$/);
      rmSync(at, { recursive: true });
    }
  });
});

describe("a stack", () => {
  const id = (digit: string): string => digit.repeat(40);

  test("is read from its oldest table to its newest, and deletions count", () => {
    const first: WrittenRef[] = [
      { name: "refs/heads/a", value: id("1") },
      { name: "refs/heads/b", value: id("2") },
      { name: "refs/heads/c", value: id("3") },
    ];
    const second: WrittenRef[] = [
      { name: "HEAD", value: "ref: refs/heads/a" },
      { name: "refs/heads/a", value: id("4") },
      { name: "refs/heads/b", value: undefined },
      { name: "refs/tags/t", value: [id("5"), id("4")] },
    ];
    const log = (updateIndex: number, entry = true): WrittenLog => ({
      name: "refs/heads/a",
      updateIndex,
      entry: entry ? { oldId: id("0"), newId: id("1"), message: `entry ${updateIndex}\n` } : undefined,
    });
    const at = stack(reftable(first, [log(2), log(1)]), reftable(second), reftable([], [log(9), log(1, false)]));
    expect(refsOf(at)).toEqual({
      refs: [
        `${id("3")} refs/heads/c`,
        `${id("4")} HEAD`,
        `${id("4")} refs/heads/a`,
        `${id("5")} refs/tags/t ${id("4")}`,
      ],
      faults: [],
    });
    expect(listTableLogs({ commonDir: at, gitDir: at }).map(({ text }) => text.match(/entry \d/g))).toEqual([
      ["entry 2", "entry 9"],
    ]);
  });

  test("with a table that is missing, or a name that leads elsewhere, says so", () => {
    const at = stack(reftable([{ name: "refs/heads/a", value: id("1") }]));
    writeFileSync(join(at, "reftable/tables.list"), "table-0.ref\ntable-7.ref\n../../secret\n");
    const { refs, faults } = refsOf(at);
    expect(refs).toEqual([`${id("1")} refs/heads/a`]);
    expect(faults.map(({ message }) => message)).toEqual(["reftable is missing", "is not a name of a reftable"]);
  });

  test("whose symbolic refs run in a circle ends", () => {
    const at = stack(
      reftable([
        { name: "HEAD", value: "ref: refs/heads/a" },
        { name: "refs/heads/a", value: "ref: HEAD" },
      ]),
    );
    expect(refsOf(at)).toEqual({ refs: [], faults: [] });
  });
});

function placesOf(ran: ReturnType<typeof leaktrace>): string[] {
  return entriesOf(ran)
    .map(({ Commit, File }) => `${Commit} ${File}`)
    .sort();
}

test("a repository with reftables is scanned, and findings say which branch reaches them", () => {
  const shop = createRepository(join(folder, "shop"));
  const first = shop.commit("One", { "a.txt": probe("reftable") });
  const second = shop.commit("Two", { "b.txt": "b" });
  const git = join(shop.path, ".git");
  for (const name of ["refs", "logs"]) rmSync(join(git, name), { recursive: true });
  const at = stack(
    reftable(
      [
        { name: "HEAD", value: "ref: refs/heads/trunk" },
        { name: "refs/heads/old", value: first },
        { name: "refs/heads/trunk", value: second },
      ],
      [
        {
          name: "refs/heads/trunk",
          updateIndex: 1,
          entry: { oldId: first, newId: second, message: probe("in a log") },
        },
      ],
    ),
  );
  mkdirSync(join(git, "refs"));
  mkdirSync(join(git, "reftable"));
  writeFileSync(join(git, "HEAD"), "ref: refs/heads/.invalid\n");
  for (const name of ["tables.list", "table-0.ref"])
    writeFileSync(join(git, "reftable", name), readFileSync(join(at, "reftable", name)));
  writeFileSync(join(git, "config"), "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n");
  const scan = (form: string): ReturnType<typeof leaktrace> =>
    leaktrace(["git", shop.path, "-c", probeRules(folder), "-f", form, "-r", "-"]);
  const ran = scan("json");
  expect({ code: ran.code, places: placesOf(ran) }).toEqual({
    code: 1,
    places: [" .git/logs/refs/heads/trunk", `${first} a.txt`],
  });
  const { stdout } = scan("jsonl");
  expect(stdout).toContain('"trunk"');
  expect(stdout).toContain('"inHead":true');
  writeFileSync(join(git, "reftable/table-0.ref"), "garbage");
  const damaged = scan("json");
  expect({ code: damaged.code, named: damaged.stderr.includes("table-0.ref") }).toEqual({ code: 1, named: true });
});
