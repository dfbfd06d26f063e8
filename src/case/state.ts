import { compareFindings, compareSightings } from "../findings/index.ts";
import type { Finding, FindingRule, FindingSighting } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";
import { bounded, textOf, type CaseFile } from "./case-file.ts";
import { checkedRow, itemsSeen, scanOfRow } from "./absorb.ts";
import { descriptionOf, isInterim, placeOf } from "./item.ts";
import { isWhole, type ScanRecord } from "./scan-record.ts";

/** A secret as all scans together tell it. Decisions are not applied. */
export interface KnownSecret {
  /** As the newest scan that saw it describes it; without its places. */
  readonly description: Finding;
  /** Reads the places that are there; where none is left, those that were. Sorted. Throws ToolError where the file is damaged. */
  readonly sightings: () => readonly FindingSighting[];
  /** Whether none of its places is there any more. */
  readonly isGone: boolean;
  /** Places that the last whole scan of their target did not see again, with the time of the last scan that saw each. */
  readonly gone: () => readonly GonePlace[];
  /** When a scan first told of it, and last. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface GonePlace {
  readonly lastSeen: string;
  readonly sighting: () => FindingSighting;
}

export interface CaseState {
  /** By time; of the same second by id. */
  readonly scans: readonly ScanRecord[];
  /** Sorted as reports are. */
  readonly secrets: readonly KnownSecret[];
}

interface Row {
  readonly number: number;
  readonly place: string;
  readonly target: string;
  /** Rank of the newest scan that saw it. */
  readonly last: number;
}

interface Gathered {
  description: { readonly row: Row; readonly told: Finding } | undefined;
  first: number;
  readonly places: Row[];
}

/** Rows that are held at once. */
const pageRows = 5000;

/**
 * What a case knows. A place is gone where a later scan of the same target, with the same rules and settings, looked at all of it and did not see it; where the later one was
 * incomplete, or of a part, the place stays. What a scan told before it knew where it stands counts only until a scan that ended has seen the same secret.
 * Throws ToolError where the file is damaged.
 */
export function readState(file: CaseFile): CaseState {
  const numbered = readScans(file);
  const scans = numbered.map(({ scan }) => scan);
  const secrets = gather(file, sightRanks(file, numbered));
  const whole = wholeScans(scans);
  const known = [...secrets.values()].map((gathered) =>
    checkedRow(file.path, () => toSecret(file, gathered, scans, whole)),
  );
  return { scans, secrets: known.sort((a, b) => compareFindings(a.description, b.description)) };
}

function readScans(file: CaseFile): { readonly number: number; readonly scan: ScanRecord }[] {
  return file
    .rows(`SELECT number, id, began, ended, ${bounded("record")} FROM scan ORDER BY began, id`)
    .map((row) => ({ number: Number(row["number"]), scan: scanOfRow(row, file.path) }));
}

/** Of each item the ranks of the first and the last scan that saw it. */
function sightRanks(
  file: CaseFile,
  scans: ReturnType<typeof readScans>,
): { readonly first: ReadonlyMap<number, number>; readonly last: ReadonlyMap<number, number> } {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const [rank, { number }] of scans.entries()) {
    for (const item of itemsSeen(file, number)) {
      if (!first.has(item)) first.set(item, rank);
      last.set(item, rank);
    }
  }
  return { first, last };
}

/** The newest description of each secret, and its places. Texts are read into what they say at once, so that few are held. */
function gather(file: CaseFile, { first, last }: ReturnType<typeof sightRanks>): ReadonlyMap<string, Gathered> {
  const secrets = new Map<string, Gathered>();
  const ruleOf = createRuleTable();
  // Places are read when somebody looks at them: a case can hold a million.
  const record = "CASE WHEN place = '' THEN record ELSE '' END";
  const query = `SELECT number, fingerprint, target, place, ${bounded(record, "record")} FROM item WHERE number > ? ORDER BY number LIMIT ${pageRows}`;
  for (let page = file.rows(query, 0); page.length > 0; page = file.rows(query, Number(page.at(-1)!["number"]))) {
    for (const columns of page) {
      const number = Number(columns["number"]);
      const rank = last.get(number);
      if (rank === undefined) continue;
      const text = (name: string): string => textOf(columns, name, file.path);
      const fingerprint = text("fingerprint");
      const row: Row = { number, place: text("place"), target: text("target"), last: rank };
      let secret = secrets.get(fingerprint);
      if (secret === undefined)
        secrets.set(fingerprint, (secret = { description: undefined, first: rank, places: [] }));
      secret.first = Math.min(secret.first, first.get(number) ?? rank);
      if (row.place !== "") secret.places.push(row);
      else if (newer(secret.description?.row, row, file) === row) {
        const told = checkedRow(file.path, () => descriptionOf(text("record")));
        secret.description = { row, told: { ...told, rule: ruleOf(told.rule) } };
      }
    }
  }
  return secrets;
}

/** Of two that one scan told of the same place, one is taken by its text: not by the order in which they came. */
function newer(before: Row | undefined, row: Row, file: CaseFile): Row {
  if (before === undefined || before.last < row.last) return row;
  return before.last === row.last && recordOf(file, before) < recordOf(file, row) ? row : before;
}

/** The newest row of each place. */
function newestOfEach(rows: readonly Row[], file: CaseFile): readonly Row[] {
  if (rows.length < 2) return rows;
  const newest = new Map<string, Row>();
  for (const row of rows) newest.set(row.place, newer(newest.get(row.place), row, file));
  return [...newest.values()];
}

function recordOf(file: CaseFile, { number }: Row): string {
  const [row] = file.rows(`SELECT ${bounded("record")} FROM item WHERE number = ?`, number);
  return textOf(row ?? {}, "record", file.path);
}

/** Of each target the whole scans: what they can be compared by, and the rank of the newest of each. */
function wholeScans(scans: readonly ScanRecord[]): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const whole = new Map<string, Map<string, number>>();
  for (const [rank, scan] of scans.entries()) {
    for (const { identity } of scan.facts.targets) {
      if (!isWhole(scan, identity)) continue;
      const ranks = whole.get(identity) ?? new Map<string, number>();
      ranks.set(comparedBy(scan), rank);
      whole.set(identity, ranks);
    }
  }
  return whole;
}

/** Scans by other settings look for other things. Newer built-in rules are the same kind of rules. */
function comparedBy(scan: ScanRecord): string {
  let text = compared.get(scan);
  if (text === undefined)
    compared.set(scan, (text = JSON.stringify([scan.facts.settings, scan.facts.report?.rules.origin ?? ""])));
  return text;
}

const compared = new WeakMap<ScanRecord, string>();

function toSecret(
  file: CaseFile,
  { description, first, places }: Gathered,
  scans: readonly ScanRecord[],
  whole: ReadonlyMap<string, ReadonlyMap<string, number>>,
): KnownSecret {
  if (description === undefined) throw new ToolError("record-invalid", "a secret has no description");
  const { row: newest, told } = description;
  const isEnded = scans[newest.last]!.ended !== undefined;
  const there: Row[] = [];
  const gone: Row[] = [];
  for (const row of newestOfEach(places, file)) {
    if (isInterim(row) && isEnded && row.last < newest.last) continue;
    const scan = scans[row.last]!;
    const ranks = whole.get(row.target);
    const later =
      scan.ended === undefined ? Math.max(-1, ...(ranks?.values() ?? [])) : (ranks?.get(comparedBy(scan)) ?? -1);
    (later > row.last ? gone : there).push(row);
  }
  if (there.length + gone.length === 0) throw new ToolError("record-invalid", "a secret has no places");
  return new Secret(file, told, there, gone, scans, first, newest.last);
}

class Secret implements KnownSecret {
  readonly description: Finding;
  readonly #file: CaseFile;
  readonly #there: readonly Row[];
  readonly #gone: readonly Row[];
  readonly #scans: readonly ScanRecord[];
  readonly #first: number;
  readonly #last: number;
  #sightings: readonly FindingSighting[] | undefined;

  constructor(
    file: CaseFile,
    description: Finding,
    there: readonly Row[],
    gone: readonly Row[],
    scans: readonly ScanRecord[],
    first: number,
    last: number,
  ) {
    this.#file = file;
    this.description = description;
    this.#there = there;
    this.#gone = gone;
    this.#scans = scans;
    this.#first = first;
    this.#last = last;
  }

  get isGone(): boolean {
    return this.#there.length === 0;
  }

  get firstSeen(): string {
    return this.#scans[this.#first]!.began;
  }

  get lastSeen(): string {
    return this.#scans[this.#last]!.began;
  }

  sightings(): readonly FindingSighting[] {
    return (this.#sightings ??= distinct((this.isGone ? this.#gone : this.#there).map((row) => this.#read(row))));
  }

  gone(): readonly GonePlace[] {
    return this.#gone.map((row) => ({ lastSeen: this.#scans[row.last]!.began, sighting: () => this.#read(row) }));
  }

  #read(row: Row): FindingSighting {
    return checkedRow(this.#file.path, () => placeOf(recordOf(this.#file, row)));
  }
}

/** Fifty thousand findings have some hundred rules: one object for each keeps them in a third of the memory. */
function createRuleTable(): (rule: FindingRule) => FindingRule {
  const known = new Map<string, FindingRule>();
  return (rule) => {
    const before = known.get(rule.id);
    if (before === undefined) known.set(rule.id, rule);
    // Another version of leaktrace may have described it in other words.
    else if (before.description === rule.description && before.revoke === rule.revoke && sameTexts(before, rule))
      return before;
    return rule;
  };
}

function sameTexts(a: FindingRule, b: FindingRule): boolean {
  return a.references.length === b.references.length && a.references.every((text, i) => text === b.references[i]);
}

/** Sorted; a place that several reviewers scanned, each in a copy of their own, is told once. */
function distinct(sightings: readonly FindingSighting[]): readonly FindingSighting[] {
  if (sightings.length === 1) return sightings;
  return [...new Map(sightings.map((sighting) => [JSON.stringify(sighting), sighting])).values()].sort(
    compareSightings,
  );
}
