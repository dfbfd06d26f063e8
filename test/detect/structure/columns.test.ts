import { describe, expect, it } from "vitest";
import { valuesBelow } from "../../../src/detect/structure/columns.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";

const below = (text: string, name = "password"): string[] =>
  valuesBelow(text, text.indexOf(name) + name.length - 1).values.map(({ from, to }) => text.slice(from, to));

describe("a column's values are those below its name in", () => {
  const tables: Readonly<Record<string, string>> = {
    "comma-separated values": "id,password,note\n1,aaa1,x\n2,bbb2,y\n",
    "quoted values": 'id,"password",note\n1,"aaa1","x, y"\n2,"bbb2",""\n',
    "values with tabs": "id\tpassword\tnote\r\n1\taaa1\tx\r\n2\tbbb2\ty\r\n",
    "values with semicolons": "id;password\n1;aaa1\n2;bbb2\n",
    Markdown: "| id | password |\n|----|:---:|\n| 1 | `aaa1` |\n| 2 | **bbb2** |\n",
    "a wiki": "||id||password||\n|1|aaa1|\n|2|bbb2|\n",
    HTML: "<table><tr><th>id</th><th>password</th></tr>\n<tr><td>1</td><td>aaa1</td></tr><tr><td>2</td><td><code>bbb2</code></td></tr></table>",
    "aligned columns": "id   password  note\n1    aaa1      x\n2    bbb2      y\n",
    "aligned columns with rules": "===  ========\nid   password\n===  ========\n1    aaa1\n2    bbb2\n===  ========\n",
    "an INSERT": "INSERT INTO `users` (`id`, `password`, `at`) VALUES (1, 'aaa1', NOW()), (2, 'bbb2', NULL);",
    "an INSERT of SQL Server": "INSERT [dbo].[users] ([id], [password]) VALUES (1, N'aaa1'), (2, N'bbb2')\n",
    "an INSERT with escapes": "insert into users (note, password) values ('it''s, (a)', 'aaa1'), ('\\'', 'bbb2');",
    "an INSERT below the table's definition":
      "CREATE TABLE IF NOT EXISTS `users` (\n  `id` decimal(10,2),\n  `password` varchar(80),\n  PRIMARY KEY (`id`)\n);\nINSERT INTO users VALUES (1, 'aaa1'), (2, 'bbb2');\n",
    "an INSERT for each row below the table's definition":
      "CREATE TABLE users (id INTEGER PRIMARY KEY, password TEXT);\nINSERT INTO users VALUES(1,'aaa1');\nINSERT INTO users VALUES(2,'bbb2');\nINSERT INTO groups VALUES(3,'ccc3');\n",
    "an INSERT for each row, with the schema":
      'CREATE TABLE public."users" (id int, password text);\nINSERT INTO "public"."users" VALUES (1, \'aaa1\') ;\nINSERT INTO "public"."users" VALUES (2, \'bbb2\');\n',
    "an INSERT with a character set":
      "INSERT INTO users (id, password, picture) VALUES (1, _utf8mb4 'aaa1', _binary 'x'), (2, _utf8mb4'bbb2', NULL);",
    "an INSERT below the definition of another table":
      "CREATE TABLE visits (\n  id INT,\n  at DATE\n);\n\nINSERT INTO users (name, password) VALUES ('a', 'aaa1'), ('b', 'bbb2');\n",
    "a COPY": "COPY users (id, password) FROM stdin;\n1\taaa1\n2\tbbb2\n\\.\n",
  };
  for (const [name, text] of Object.entries(tables))
    it(name, () => {
      expect(below(text)).toEqual(["aaa1", "bbb2"]);
    });
});

describe("no values stand below", () => {
  const others: Readonly<Record<string, string>> = {
    "the name of a hash": "id,password_hash\n1,aaa1\n",
    "arguments of a call": "login(user, password,\n  aaa1, bbb2)\n",
    "a sentence with commas": "Enter user name, password, and host (yours).\nThen, wait, please.\n",
    "a list of names": "'user',\n'password',\n'aaa1',\n",
    "lines of keywords": "keyword\tservice\tpassword\nkeyword\tservice\taaa1\n",
    "a statement that selects": "SELECT id, password FROM users WHERE (id = 1) VALUES (2, 'aaa1');",
    "names that are imported": "from directory import user, password\nfrom directory import host, aaa1\n",
    "rows of another table": "CREATE TABLE users (id INT, password TEXT);\nINSERT INTO groups VALUES (1, 'aaa1');\n",
    "a hash in a table": "CREATE TABLE users (id INT, password_hash TEXT);\nINSERT INTO users VALUES (1, 'aaa1');\n",
    "a name alone in its line": "password\naaa1\n",
  };
  for (const [name, text] of Object.entries(others))
    it(name, () => {
      expect(below(text)).toEqual([]);
    });
});

it("a row with another number of cells ends the table", () => {
  expect(below("id,password\n1,aaa1\n2,x,bbb2\n3,ccc3\n")).toEqual(["aaa1"]);
});

it("a table has one header: a row below a row is none, so that lines full of names cost no more than their rows", () => {
  const last = (text: string): string[] =>
    valuesBelow(text, text.lastIndexOf("password") + 7).values.map(({ from, to }) => text.slice(from, to));
  expect(last("id,password\n1,aaa1\nno,password\n2,bbb2\n")).toEqual([]);
  expect(last("id   password\n1    aaa1\nno   password\n2    bbb2\n")).toEqual([]);
  const cell = (name: string): string => `<td>${name}</td>`;
  expect(last(`<table><tr>${cell("password")}</tr><tr>${cell("password")}</tr><tr>${cell("bbb2")}</tr>`)).toEqual([]);
  expect(last("one,two\n1,aaa1\n\nno,password\n2,bbb2\n")).toEqual(["bbb2"]);
  expect(last("Logins:\nno   password\n2    bbb2\n")).toEqual(["bbb2"]);
});

it("what the end of the text may have cut is left out", () => {
  expect(below("id,password\n1,aaa1\n2,bb")).toEqual(["aaa1"]);
  expect(below("INSERT INTO u (password) VALUES ('aaa1'), ('bb")).toEqual(["aaa1"]);
});

const rowsOf = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => row(i)).join("");

describe("of many rows a hundred are told, of accounts five hundred, and that there are more", () => {
  const told = (text: string, isWhole = true): [number, boolean] => {
    const { values, goesOn } = valuesBelow(text, text.indexOf("password") + 7, isWhole);
    return [values.length, goesOn];
  };
  it.each<[string, (count: number) => string]>([
    ["lines", (count) => `no,password\n${rowsOf(count, (i) => `${i},aaa${i}\n`)}`],
    ["aligned lines", (count) => `no        password\n${rowsOf(count, (i) => `${i}`.padEnd(10) + `aaa${i}\n`)}`],
    [
      "tuples",
      (count) => `INSERT INTO t (no, password) VALUES ${rowsOf(count - 1, (i) => `(${i}, 'aaa${i}'),\n`)}(9, 'a');`,
    ],
    [
      "statements",
      (count) =>
        `CREATE TABLE t (no INT, password TEXT);${rowsOf(count, (i) => `\nINSERT INTO t VALUES (${i}, 'aaa${i}');`)}`,
    ],
    [
      "markup",
      (count) =>
        `<table><tr><th>no</th><th>password</th></tr>${rowsOf(count, (i) => `<tr><td>${i}</td><td>aaa${i}</td></tr>`)}</table>\n`,
    ],
  ])("%s", (_, table) => {
    expect(told(table(100))).toEqual([100, false]);
    expect(told(table(101))).toEqual([100, true]);
    const ofAccounts = (count: number): string =>
      table(count).replace(/\bno( {0,6})/, (_, blanks: string) => "user" + blanks.slice(2));
    expect(told(ofAccounts(500))).toEqual([500, false]);
    expect(told(ofAccounts(501))).toEqual([500, true]);
  });

  it("where the text ends in the middle of them", () => {
    for (const text of [
      "no,password\n1,aaa1\n2,bb",
      "no,password\n1,aaa1\n",
      "INSERT INTO u (password) VALUES ('aaa1'), ('bb",
      "INSERT INTO u (password) VALUES ('aaa1'), ",
      "CREATE TABLE u (password TEXT);\nINSERT INTO u VALUES ('aaa1');\nINS",
      "<table><tr><th>password</th></tr><tr><td>aaa1</td></tr><tr><td>bb",
    ])
      expect(told(text, false)).toEqual([1, true]);
    expect(told("no,password\n1,aaa1\n\n", false)).toEqual([1, false]);
    expect(told("INSERT INTO u (password) VALUES ('aaa1');\n", false)).toEqual([1, false]);
    expect(told("INSERT INTO u (password) VALUES ('aaa1'), (now(), 2);\n", false)).toEqual([1, false]);
  });
});

it("a content says that a table in it has more rows with secrets than are told, however it is scanned", () => {
  const random = createRandom("many rows");
  const table = (rows: number, name: string): Buffer =>
    Buffer.from(
      `id,${name}\n${rowsOf(rows, (i) => `${i},${random.chars("bcdfghjkmnpqrstvwxz23456789", 12)}\n`)}${"\n".repeat(40_000)}`,
    );
  const detector = detectorOf(builtinRuleset());
  for (const [bytes, limited] of [
    [table(90, "password"), false],
    [table(110, "password"), true],
    [table(110, "colour"), false],
  ] as const) {
    const whole = detector.scan(bytes);
    expect(whole.limited).toBe(limited);
    const stream = detector.stream();
    for (let at = 0; at < bytes.length; at += 1_000) stream.push(bytes.subarray(at, at + 1_000));
    expect(stream.end()).toEqual(whole);
  }
});

it("takes no time for rows without end", () => {
  const text = `id,password\n${"1,a".repeat(200_000)}`;
  expect(below(text)).toEqual([]);
  expect(below(`<th>password</th>${"<tr".repeat(50_000)}`)).toEqual([]);
  expect(below(`INSERT INTO u (password) VALUES ${"(('".repeat(50_000)}`)).toEqual([]);
  expect(below(`id,password\n${"1,a\n".repeat(100_000)}`)).toHaveLength(100);
});

it("each row's secret is found at its place, by the rule for columns", () => {
  const random = createRandom("columns");
  const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const drawn = Array.from({ length: 8 }, () => random.chars(alnum, 14));
  const text = `id,mail,password,role\n${drawn.map((value, i) => `${i},m${i}@corp-net.io,${value},ops\n`).join("")}`;
  const { detections } = detectorOf(builtinRuleset()).scan(Buffer.from(text));
  const found = detections.filter(({ ruleId }) => ruleId === "table-password-column");
  expect(found.map(({ start, secret }) => [start, secret])).toEqual(drawn.map((value) => [text.indexOf(value), value]));
});
