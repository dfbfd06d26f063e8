/** Files that are no cases, cases from strangers, and a disk that is full. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { absorb, CaseFile, openDecisions, readState, recordsOf } from "../../src/case/index.ts";
import { migrate, migrations, versionOf } from "../../src/case/schema.ts";
import { loadDatabase } from "../../src/sqlite/database.ts";
import { madeUpSecret } from "../findings/samples.ts";
import { folder, freshPath, idOf, openNew, scanInto, secretIn, textOfCase } from "./made-case.ts";

async function made(change: (file: CaseFile) => void = () => {}): Promise<string> {
  const path = freshPath();
  using file = await CaseFile.open(path, { create: true });
  scanInto(file, [secretIn("one", "app/a"), secretIn("two", "app/b")]);
  change(file);
  return path;
}

test("a case is its owner's alone, and so is all that SQLite lays beside it", async () => {
  using file = await openNew();
  scanInto(file, [secretIn("one", "app/a")]);
  const names = readdirSync(folder).filter((name) => file.path.endsWith(name.replace(/-(?:wal|shm)$/, "")));
  expect(names.length).toBe(3);
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(file.notes).toEqual([]);
  chmodSync(file.path, 0o644);
  using open = await CaseFile.open(file.path);
  expect(open.notes[0]).toMatch(/others can read .* \(mode 644\)/);
});

test("what is no case is left as it is, and said to be none", async () => {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("text"), "something else\n");
  writeFileSync(path("short"), "SQLite format 3\0");
  mkdirSync(path("dir"));
  symlinkSync(await made(), path("link"));
  execFileSync("mkfifo", [path("pipe")]);
  const load = (await loadDatabase())!;
  const other = load(path("other.db"), { busyTimeoutMs: 0, synchronous: "normal" });
  other.run("CREATE TABLE a (b)");
  other.close();
  for (const [name, said] of [
    ["text", /is not a case of leaktrace, and is left as it is/],
    ["short", /is not a case of leaktrace/],
    ["other.db", /is not a case of leaktrace/],
    ["dir", /is a folder/],
    ["link", /is a link/],
    ["pipe", /is no regular file/],
    ["absent", /there is no case/],
  ] as const) {
    await expect(CaseFile.open(path(name), { create: name !== "absent" }), name).rejects.toThrow(said);
  }
  expect(readFileSync(path("text"), "utf8")).toBe("something else\n");
  await expect(CaseFile.open(join(folder, "no", "folder"), { create: true })).rejects.toThrow(/cannot use .*ENOENT/);
});

test("a case of a newer leaktrace is not touched", async () => {
  const path = await made((file) => file.run("PRAGMA user_version = 7"));
  const before = readFileSync(path);
  await expect(CaseFile.open(path)).rejects.toThrow(/written by a newer leaktrace \(schema 7; this one knows \d\)/);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(existsSync(`${path}-wal`)).toBe(false);
});

test("an older layout is brought to the newest, in one step or not at all", async () => {
  const load = (await loadDatabase())!;
  const database = load(freshPath(), { busyTimeoutMs: 0, synchronous: "normal" });
  migrate(database);
  database.run("INSERT INTO scan (id, began, record) VALUES ('aa', 'x', '{}')");
  const broken = [...migrations, "ALTER TABLE scan ADD COLUMN note TEXT; CREATE TABLE scan (b);"];
  expect(() => migrate(database, broken)).toThrow();
  expect(versionOf(database)).toBe(migrations.length);
  expect(database.all("SELECT * FROM scan")[0]).not.toHaveProperty("note");
  migrate(database, [...migrations, "ALTER TABLE scan ADD COLUMN note TEXT;"]);
  expect(versionOf(database)).toBe(migrations.length + 1);
  expect(database.all("SELECT id, note FROM scan")).toMatchObject([{ id: "aa", note: null }]);
  database.close();
});

test("a case of the first layout is opened with all that it holds", async () => {
  let text = "";
  const path = await made((file) => {
    text = textOfCase(file);
    // Version 1 was the same without the index.
    file.run("DROP INDEX item_of; PRAGMA user_version = 1");
  });
  using later = await CaseFile.open(path);
  expect(text).toContain('"kind":"item"');
  expect(textOfCase(later)).toBe(text);
  const load = (await loadDatabase())!;
  const database = load(path, { busyTimeoutMs: 0, synchronous: "normal" });
  expect(versionOf(database)).toBe(migrations.length);
  database.close();
});

test.each([
  ["a trigger", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END"],
  ["a view", "CREATE VIEW v AS SELECT 1"],
  ["another column", "ALTER TABLE scan ADD COLUMN x BLOB AS (zeroblob(10))"],
])("a case that holds %s is not used", async (_name, sql) => {
  const path = await made((file) => file.run(sql));
  await expect(CaseFile.open(path)).rejects.toThrow(/holds other tables than a case has/);
});

test.each([
  ["a row that is not JSON", "UPDATE item SET record = 'nothing' WHERE place = ''"],
  ["a row of another kind", `UPDATE item SET record = '{"schema":1}' WHERE place = ''`],
  ["a place of no form", `UPDATE item SET record = '[]' WHERE place <> ''`],
  ["a row of any size", "UPDATE item SET record = hex(zeroblob(20000000)) WHERE place = ''"],
  ["an entry of no form", "INSERT INTO entry (id, record) VALUES ('x', '{}')"],
  ["a scan of no form", "UPDATE scan SET record = '[]'"],
])("%s is told as damage", async (_name, sql) => {
  using file = await CaseFile.open(await made((one) => one.run(sql)));
  const read = (): void => {
    for (const secret of readState(file).secrets) secret.sightings();
    openDecisions(file, "Ada");
  };
  expect(read).toThrow(/is damaged: /);
});

test("pages that are overwritten are told, whichever they are", async () => {
  const path = await made();
  const bytes = readFileSync(path);
  let told = 0;
  for (let page = 4096; page < bytes.length; page += 4096) {
    const copy = freshPath();
    writeFileSync(
      copy,
      Buffer.concat([bytes.subarray(0, page), Buffer.alloc(4096, 0xa5), bytes.subarray(page + 4096)]),
      {
        mode: 0o600,
      },
    );
    try {
      using file = await CaseFile.open(copy);
      if (file.damage().length > 0) told++;
    } catch (error) {
      expect(String(error)).toMatch(/damaged|holds other tables/);
      told++;
    }
  }
  // A page that is free or of the map of pages may hold anything.
  expect(told).toBeGreaterThan(bytes.length / 4096 / 2);
});

test("names with escape sequences go in and out as they are", async () => {
  using file = await openNew();
  scanInto(file, [secretIn("one", "app/\u001b[2J\u202e\u0000x")]);
  expect(readState(file).secrets[0]!.sightings()[0]!.origin).toEqual({
    kind: "file",
    path: "app/\u001b[2J\u202e\u0000x",
  });
});

test("a disk that is full while a case is made is told as that", async () => {
  const open = (await loadDatabase())!;
  const database = open(freshPath(), { busyTimeoutMs: 0, synchronous: "normal" });
  database.run("PRAGMA max_page_count = 3");
  expect(() => migrate(database)).toThrow(/full/);
  database.close();
});

test("a disk that is full takes nothing back, and adds nothing", async () => {
  using file = await openNew();
  scanInto(file, [secretIn("one", "app/a")]);
  const before = textOfCase(file);
  const [pages] = file.rows("PRAGMA page_count");
  file.rows(`PRAGMA max_page_count = ${String(pages!["page_count"])}`);
  const many = Array.from({ length: 200 }, (_, i) => secretIn(`more ${i}`, `app/${i}`));
  expect(() => scanInto(file, many)).toThrow(/the disk is full; nothing was changed/);
  const decide = openDecisions(file, "Ada").write(
    many.map(({ fingerprint }) => ({
      fingerprint,
      decision: { verdict: "real", reason: "x".repeat(1000), date: "2026-01-01" },
    })),
  );
  await expect(decide).rejects.toThrow(/the disk is full/);
  expect(textOfCase(file)).toBe(before);
});

test("two that write at once lose nothing", async () => {
  const path = await made();
  using one = await CaseFile.open(path);
  using two = await CaseFile.open(path);
  const [ada, bob] = [openDecisions(one, "Ada"), openDecisions(two, "Bob")];
  for (let i = 0; i < 20; i++) {
    const decision = { verdict: "real", reason: "", date: "2026-01-01" } as const;
    await ada.write([{ fingerprint: idOf(`a${i}`), decision }]);
    await bob.write([{ fingerprint: idOf(`b${i}`), decision }]);
    scanInto(two, [secretIn(`s${i}`, "app/x")]);
  }
  expect([...recordsOf(one)].filter(({ kind }) => kind === "entry")).toHaveLength(40);
});

test("no plain value is in the file or in its logs, whoever gave it", async () => {
  using file = await openNew();
  const secret = madeUpSecret("canary", 40);
  const base = secretIn("one", "app/a");
  const [place] = base.sightings;
  const found = { ...base, secret, sightings: [{ ...place!, match: `token=${secret}`, line: `token=${secret} # x` }] };
  scanInto(file, [found]);
  const { readGitleaksReport, recordsOfImport } = await import("../../src/case/index.ts");
  const entry = {
    RuleID: "r",
    Secret: secret,
    Match: `k=${secret}`,
    File: `a/${secret}/b`,
    Commit: "c",
    Message: secret,
  };
  const reported = readGitleaksReport(JSON.stringify([entry, { ...entry, Secret: "REDACTED", Match: `k=${secret}` }]));
  absorb(file, recordsOfImport(reported, "report.json", "Ada", new Date(0)));
  expect(readState(file).secrets).toHaveLength(3);
  const names = readdirSync(folder).filter((name) => name.startsWith(basename(file.path)));
  expect(names).toHaveLength(3);
  for (const name of names) expect(readFileSync(join(folder, name)).includes(secret), name).toBe(false);
});
