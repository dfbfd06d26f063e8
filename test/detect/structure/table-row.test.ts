import fc from "fast-check";
import { expect, it } from "vitest";
import { valuesBelow } from "../../../src/detect/structure/columns.ts";
import { isBelowRow } from "../../../src/detect/structure/table-row.ts";

const name = "password";

/** Whether the last `password` of a text is told, at a look, to stand in a row. */
function isRow(text: string): boolean {
  const bytes = Buffer.from(text, "latin1");
  return isBelowRow(bytes, 0, text.lastIndexOf(name) + name.length, bytes.length);
}

it.each([
  "| id | x |\n|---|---|\n| 1 | x |\n| 2 | password |\n",
  "| a | b |\r\n| [1](http://x) | password |\r\n",
  "id,name\n1,password\n2,x\n",
  "id\tname\n1\tpassword\n2\tx\n",
])("a name in a row below another one is told at a look: %j", (text) => {
  expect(isRow(text)).toBe(true);
});

it.each([
  "| id | password |\n|---|---|\n| 1 | x |\n",
  "Accounts:\nid,password\n1,x\n",
  "|---|---|\n| id | password |\n| 1 | x |\n",
  "INSERT INTO t (\n  a, b,\n  c, password,\n  d) VALUES\n",
  '"a, b"\nid,password\n1,x\n',
  "<tr>\n<td>a,b\n<td>a,password</td>\n",
])("and one that may be a column's is left to a closer look: %j", (text) => {
  expect(isRow(text)).toBe(false);
});

it("where a look says row, a closer one finds no column", () => {
  const part = fc.constantFrom(
    ...[name, "id", "aaa1", "bbb2x", "|", "|", "||", ",", ",", ";", "\t", "\n", "\n", "\n", "\r\n", " ", '"', "(", ")"],
    ...["---", "<th>", "</th>", "insert into t (", ") values (", "'", "1"],
  );
  let rows = 0;
  fc.assert(
    fc.property(fc.array(part, { minLength: 6, maxLength: 40 }), (parts) => {
      const text = `${parts.join("")}${name}|a\naaa1|bbb2\n`;
      const at = text.indexOf(name) + name.length;
      const bytes = Buffer.from(text, "latin1");
      if (!isBelowRow(bytes, 0, at, bytes.length)) return;
      rows++;
      expect(valuesBelow(text, at - 1).values).toEqual([]);
    }),
    { seed: 7, numRuns: 20_000 },
  );
  expect(rows).toBeGreaterThan(100);
});
