/** A statement that creates a table is at most so long, and what stands between it and the rows as well. */
const maxStatement = 1500;
const maxBetween = 900;

const createHead =
  /create\s+(?:temp(?:orary)?\s+|unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?((?:[\w`"[\]]+\.)?[\w`"[\]]{1,80})\s*\($/i;
/** What a definition begins with that is no column. */
const noColumn = /^\s*(?:primary\s+key|foreign\s+key|unique|key|index|constraint|check|fulltext)\b/i;

/** Where rows of a table begin whose columns another statement names, the definitions of these, and which of them is asked for. */
export interface CreatedRows {
  readonly start: number;
  readonly names: readonly string[];
  readonly index: number;
  /** What further statements with rows of the table begin with, behind the end of the one before. */
  readonly head: RegExp;
}

/**
 * `CREATE TABLE users (id INT, password TEXT); … INSERT INTO users VALUES (1, '…');`: the rows that follow the definition of the column at `at`;
 * null where none follow, undefined where no table is created around it.
 */
export function rowsOfCreated(text: string, at: number): CreatedRows | null | undefined {
  const from = Math.max(0, at - maxStatement);
  const create = text.slice(from, at).toLowerCase().lastIndexOf("create");
  if (create < 0) return undefined;
  const open = text.indexOf("(", from + create);
  const head = open < 0 || open > at ? null : createHead.exec(text.slice(from + create, open + 1));
  if (head === null) return undefined;
  const { columns, end } = definitions(text, open + 1);
  // A table that was created further up.
  if (end >= 0 && end <= at) return undefined;
  const names = columns
    .map((column) => text.slice(column.from, column.to))
    .filter((definition) => !noColumn.test(definition))
    .map((definition) => /\w+/.exec(definition)?.[0] ?? "");
  const index = columns.findIndex((column) => column.from <= at && at <= column.to);
  if (index < 0 || index >= names.length || end < 0) return null;
  const name = plain(head[1] ?? "");
  const rest = text.slice(end, end + maxBetween);
  const insert = /insert\s+(?:ignore\s+)?into\s+((?:[\w`"[\]]+\.)?[\w`"[\]]{1,80})\s+values\s*(?=\()/i.exec(rest);
  if (insert === null || plain(insert[1] ?? "") !== name) return null;
  return { start: end + insert.index + insert[0].length, names, index, head: headOfNext(insert[1] ?? "") };
}

/** `; INSERT INTO users VALUES `, with the table as it was called before. */
function headOfNext(table: string): RegExp {
  const called = table.replace(/[^\w]/g, String.raw`\$&`);
  return new RegExp(String.raw`^\s*;\s*insert\s+(?:ignore\s+)?into\s+${called}\s+values\s*(?=\()`, "i");
}

/** A table's name without quotes and schema. */
function plain(name: string): string {
  return name
    .replace(/[`"[\]]/g, "")
    .replace(/^.*\./, "")
    .toLowerCase();
}

/** The definitions between the brackets, and where the brackets close. */
function definitions(text: string, start: number): { columns: { from: number; to: number }[]; end: number } {
  const columns: { from: number; to: number }[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < Math.min(text.length, start + maxStatement); at++) {
    const letter = text[at];
    if (letter === "(") depth++;
    else if (letter === "," && depth === 0) {
      columns.push({ from, to: at });
      from = at + 1;
    } else if (letter === ")" && depth-- === 0) return { columns: [...columns, { from, to: at }], end: at + 1 };
  }
  return { columns, end: -1 };
}
