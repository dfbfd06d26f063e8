import { append } from "../model/multimap.ts";
import { ToolError } from "../model/problem.ts";
import { bounded, textOf, type CaseFile } from "./case-file.ts";
import { entryFromRecord, entryToRecord, storedEntry, type Entry } from "./entry.ts";
import { itemFromRecord, itemId, itemToRecord, type Item } from "./item.ts";
import { factsFromText, factsToText, scanFromRecord, scanToRecord, type ScanRecord } from "./scan-record.ts";

/** All that a case consists of. A scan comes before the items that it saw. */
export type CaseRecord =
  | { readonly kind: "scan"; readonly scan: ScanRecord }
  | { readonly kind: "item"; readonly item: Item; readonly seen: readonly string[] }
  | { readonly kind: "entry"; readonly entry: Entry };

/** What a case has now that it did not have before. */
export interface Absorbed {
  readonly scans: number;
  readonly secrets: number;
  readonly places: number;
  readonly decisions: number;
}

/** Rows that are read at once. */
const pageRows = 2000;

/**
 * Puts records into a case; the one way by which anything but a running scan's time comes into it: scans, other cases, bundles, reports. All of them or none.
 *
 * A case is a set of scans, items and entries, and this is their union: in any order, any number of times, it comes to the same. Items and entries are known by a hash of
 * what they say. A scan is known by its id: one that has ended stands for the same scan before its end, with all that it saw; of two that ended the records must be equal
 * (else somebody changed one, and nothing is taken), and the earlier times count. Throws ToolError `record-invalid`, or `case` where it cannot be written.
 */
export function absorb(file: CaseFile, records: Iterable<CaseRecord>): void {
  file.change(() => {
    const scans = new Map<string, number | undefined>();
    let hasLeft = false;
    for (const record of records) {
      switch (record.kind) {
        case "scan": {
          const { number, replaced } = putScan(file, record.scan);
          scans.set(record.scan.id, number);
          hasLeft ||= replaced;
          break;
        }
        case "item": {
          const numbers = record.seen.flatMap((id) => {
            if (!scans.has(id)) throw new ToolError("record-invalid", "an item was seen by a scan that is not there");
            return scans.get(id) ?? [];
          });
          if (numbers.length > 0) putItem(file, record.item, numbers);
          break;
        }
        case "entry":
          file.run(
            "INSERT OR IGNORE INTO entry (id, record) VALUES (?, ?)",
            record.entry.id,
            JSON.stringify(entryToRecord(record.entry)),
          );
          break;
      }
    }
    if (hasLeft) file.run("DELETE FROM item WHERE number NOT IN (SELECT item FROM seen)");
  });
}

/** The same, and what is new by it. To count takes a moment in a large case. */
export function absorbCounted(file: CaseFile, records: Iterable<CaseRecord>): Absorbed {
  const before = countRecords(file);
  absorb(file, records);
  return newSince(before, file);
}

/** What a case has now that it did not have then. What a running scan told can be fewer in the end: that is nothing new. */
export function newSince(before: Absorbed, file: CaseFile): Absorbed {
  const now = countRecords(file);
  return {
    scans: Math.max(0, now.scans - before.scans),
    secrets: Math.max(0, now.secrets - before.secrets),
    places: Math.max(0, now.places - before.places),
    decisions: Math.max(0, now.decisions - before.decisions),
  };
}

/** The records of a case of unknown making: each is read as if it came from outside. */
export function* checkedRecordsOf(file: CaseFile): Iterable<CaseRecord> {
  for (const record of recordsOf(file)) yield checkedRow(file.path, () => recordFromJson(recordToJson(record)));
}

/** Everything in a case, in an order that depends on nothing else. Throws ToolError where a row is damaged. */
export function* recordsOf(file: CaseFile): Iterable<CaseRecord> {
  const ids = new Map<number, string>();
  for (const row of file.rows(`SELECT number, id, began, ended, ${bounded("record")} FROM scan ORDER BY began, id`)) {
    const scan = scanOfRow(row, file.path);
    ids.set(Number(row["number"]), scan.id);
    yield { kind: "scan", scan };
  }
  const seen = new Map<number, string[]>();
  for (const [number, id] of ids) {
    for (const item of itemsSeen(file, number)) append(seen, item, id);
  }
  for (let last = ""; ;) {
    const page = file.rows(
      `SELECT number, id, fingerprint, target, place, ${bounded("record")} FROM item WHERE id > ? ORDER BY id LIMIT ${pageRows}`,
      last,
    );
    for (const row of page) {
      const scans = (seen.get(Number(row["number"])) ?? []).sort();
      yield { kind: "item", item: itemOfRow(row, file.path), seen: scans };
    }
    if (page.length < pageRows) break;
    last = textOf(page.at(-1)!, "id", file.path);
  }
  for (const entry of entriesOf(file)) yield { kind: "entry", entry };
}

/** All entries of the log, by id. Throws ToolError where one is damaged. */
export function* entriesOf(file: CaseFile): Iterable<Entry> {
  const query = `SELECT id, ${bounded("record")} FROM entry WHERE id > ? ORDER BY id LIMIT ${pageRows}`;
  for (let page = file.rows(query, ""); page.length > 0; page = file.rows(query, textOf(page.at(-1)!, "id", file.path)))
    for (const row of page)
      yield checkedRow(file.path, () => storedEntry(JSON.parse(textOf(row, "record", file.path))));
}

/** The numbers of the items that a scan saw. */
export function itemsSeen(file: CaseFile, scan: number): readonly number[] {
  const [row] = file.rows("SELECT json_group_array(item) AS items FROM seen WHERE scan = ?", scan);
  return JSON.parse(textOf(row ?? {}, "items", file.path)) as number[]; // the column is of integers alone
}

/** A record as plain JSON data for a line. */
export function recordToJson(record: CaseRecord): object {
  switch (record.kind) {
    case "scan":
      return scanToRecord(record.scan);
    case "item":
      return itemToRecord(record.item, record.seen);
    case "entry":
      return entryToRecord(record.entry);
  }
}

/** Reads a record of unknown making. Throws ToolError `record-invalid`. */
export function recordFromJson(value: unknown): CaseRecord {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  switch (kind) {
    case "scan":
      return { kind, scan: scanFromRecord(value) };
    case "item":
      return { kind, ...itemFromRecord(value) };
    case "decision":
      return { kind: "entry", entry: entryFromRecord(value) };
    default:
      throw new ToolError("record-invalid", "it is no scan, no item and no decision");
  }
}

/** A scan of a row. */
export function scanOfRow(row: Readonly<Record<string, unknown>>, path: string): ScanRecord {
  const ended = row["ended"];
  return checkedRow(path, () =>
    scanFromRecord({
      kind: "scan",
      schema: 1,
      id: row["id"],
      began: row["began"],
      ...(ended === null ? {} : { ended }),
      ...(JSON.parse(String(row["record"])) as object),
    }),
  );
}

function itemOfRow(row: Parameters<typeof textOf>[0], path: string): Item {
  return {
    fingerprint: textOf(row, "fingerprint", path),
    target: textOf(row, "target", path),
    place: textOf(row, "place", path),
    record: textOf(row, "record", path),
  };
}

/** What is read of a row that is not as we write them is damage of the file. */
export function checkedRow<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const what =
      error instanceof SyntaxError
        ? "a row is not JSON"
        : error instanceof ToolError && error.code === "record-invalid"
          ? error.message
          : undefined;
    if (what === undefined) throw error;
    throw new ToolError("case", `${path} is damaged: ${what}`, { cause: error });
  }
}

/** Gives the row's number, or none where what the record saw does not count; `replaced`: what was seen before counts no longer. */
function putScan(
  file: CaseFile,
  { id, began, ended, facts }: ScanRecord,
): { readonly number: number | undefined; readonly replaced: boolean } {
  const text = factsToText(facts);
  const [known] = file.rows(`SELECT number, began, ended, ${bounded("record")} FROM scan WHERE id = ?`, id);
  if (known === undefined) {
    file.run("INSERT INTO scan (id, began, ended, record) VALUES (?, ?, ?, ?)", id, began, ended ?? null, text);
    return { number: numberOf(file, "scan", id), replaced: false };
  }
  const number = Number(known["number"]);
  const wasEnded = known["ended"] !== null;
  if (ended === undefined) return { number: wasEnded ? undefined : number, replaced: false };
  if (!wasEnded) {
    file.run("DELETE FROM seen WHERE scan = ?", number);
    file.run("UPDATE scan SET ended = ?, record = ? WHERE number = ?", ended, text, number);
    return { number, replaced: true };
  }
  if (checkedRow(file.path, () => factsToText(factsFromText(textOf(known, "record", file.path)))) !== text)
    throw new ToolError("record-invalid", `scan ${id} is told in two ways: one of them was altered`);
  const [first, last] = [earlier(began, String(known["began"])), earlier(ended, String(known["ended"]))];
  file.run("UPDATE scan SET began = ?, ended = ? WHERE number = ?", first, last, number);
  return { number, replaced: false };
}

function putItem(file: CaseFile, item: Item, scans: readonly number[]): void {
  const id = itemId(item);
  const { fingerprint, target, place, record } = item;
  file.run(
    "INSERT OR IGNORE INTO item (id, fingerprint, target, place, record) VALUES (?, ?, ?, ?, ?)",
    ...[id, fingerprint, target, place, record],
  );
  const number = numberOf(file, "item", id);
  for (const scan of scans) file.run("INSERT OR IGNORE INTO seen (scan, item) VALUES (?, ?)", scan, number);
}

function numberOf(file: CaseFile, table: "scan" | "item", id: string): number {
  return Number(file.rows(`SELECT number FROM ${table} WHERE id = ?`, id)[0]?.["number"]);
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

/** How many there are of each. Takes a moment in a large case. */
export function countRecords(file: CaseFile): Absorbed {
  const [row] = file.rows(
    `SELECT (SELECT COUNT(*) FROM scan) AS scans, (SELECT COUNT(DISTINCT fingerprint) FROM item) AS secrets,
     (SELECT COUNT(*) FROM item WHERE place <> '') AS places, (SELECT COUNT(*) FROM entry) AS decisions`,
  );
  const count = (name: string): number => Number(row?.[name] ?? 0);
  return { scans: count("scans"), secrets: count("secrets"), places: count("places"), decisions: count("decisions") };
}
