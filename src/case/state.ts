import { compareFindings, compareSightings, createSharing } from "../findings/index.ts";
import type { Finding, FindingRule, FindingSighting } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";
import { confidences, severities } from "../model/rule.ts";
import type { Row } from "../sqlite/database.ts";
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

/** A row that tells of a place. */
interface PlaceRow {
  readonly place: string;
  readonly target: string;
  readonly record: string;
  /** Rank of the newest scan that saw it. */
  readonly last: number;
}

interface Description {
  readonly record: string;
  readonly told: Finding;
  readonly first: number;
  /** Rank of the newest scan that saw it. */
  readonly last: number;
}

/** Of each item the ranks of the first and the last scan that saw it. */
interface SightRanks {
  firstOf(item: number): number | undefined;
  lastOf(item: number): number | undefined;
}

/** Rows that are held at once. */
const pageRows = 5000;

/** Secrets that are read between two pauses: some tens of milliseconds of work. */
const sliceRows = 500;

/** A case whose scans were read, and whose secrets can be. Both ways throw ToolError where the file is damaged. */
interface OpenState {
  /** By time; of the same second by id. */
  readonly scans: readonly ScanRecord[];
  /** All of them at once, sorted as reports are. */
  readonly secrets: () => readonly KnownSecret[];
  /**
   * Slice by slice, the worst first; whoever asks for the next one may do something else in between. A secret comes again where a later scan described it otherwise: then the
   * later one holds. What is written meanwhile is not told.
   */
  readonly slices: () => Generator<readonly KnownSecret[], void>;
}

/** What a case knows: see `openState`. */
export function readState(file: CaseFile): CaseState {
  const { scans, secrets } = openState(file);
  return { scans, secrets: secrets() };
}

/**
 * What a case knows. A place is gone where a later scan of the same target, with the same rules and settings, looked at all of it and did not see it; where the later one was
 * incomplete, or of a part, the place stays. What a scan told before it knew where it stands counts only until a scan that ended has seen the same secret.
 * Places are read when somebody looks at them, for a case can hold a million; but for those that may be gone.
 * Throws ToolError where the file is damaged.
 */
export function openState(file: CaseFile): OpenState {
  const numbered = readScans(file);
  const scans = numbered.map(({ scan }) => scan);
  const ranks = sightRanks(file, numbered);
  const whole = wholeScans(scans);
  const stale = fingerprintsWithOldPlaces(file, ranks, mayBeGone(scans, whole));
  const sharing = createSharing();
  const reader: PlaceReader = { file, ranks, scans, whole, share: sharing.sighting };
  const secretOf = (described: Description): KnownSecret =>
    new Secret(reader, described, stale.has(described.told.fingerprint));
  return {
    scans,
    secrets() {
      const { known, learn } = createDescriptions(file, ranks, sharing.rule);
      for (const row of paged(file, `${descriptionRows} AND number > ? ORDER BY number LIMIT ${pageRows}`)) learn(row);
      return Array.from(known.values(), secretOf).sort((a, b) => compareFindings(a.description, b.description));
    },
    *slices() {
      const { learn } = createDescriptions(file, ranks, sharing.rule);
      const numbers = worstFirst(file);
      for (let at = 0; at < numbers.length; at += sliceRows) {
        const wanted = JSON.stringify(numbers.slice(at, at + sliceRows));
        const rows = file.rows(`${descriptionRows} AND number IN (SELECT value FROM json_each(?))`, wanted);
        yield rows.flatMap((row) => learn(row) ?? []).map(secretOf);
      }
    },
  };
}

const descriptionRows = `SELECT number, fingerprint, ${bounded("record")} FROM item WHERE place = ''`;

/** A longer text is not looked into for its place in an order. */
const maxSortedBytes = 1 << 16;

/** The numbers of all descriptions, as reports are sorted; what cannot be looked into comes first. Who shows them sorts them once more. */
function worstFirst(file: CaseFile): readonly number[] {
  const field = (path: string): string =>
    `CASE WHEN octet_length(record) <= ${maxSortedBytes} AND json_valid(record) THEN json_extract(record, '$.${path}') END`;
  const rank = (path: string, words: readonly string[]): string => `instr('${words.join(" ")}', ${field(path)})`;
  const order = [rank("severity", severities), rank("confidence", confidences), field("rule.id"), "fingerprint"];
  const sorted = `SELECT number FROM item WHERE place = '' ORDER BY ${order.join(", ")}`;
  const [row] = file.rows(`SELECT json_group_array(number) AS numbers FROM (${sorted})`);
  return JSON.parse(textOf(row ?? {}, "numbers", file.path)) as number[]; // the column is of integers alone
}

function readScans(file: CaseFile): { readonly number: number; readonly scan: ScanRecord }[] {
  return file
    .rows(`SELECT number, id, began, ended, ${bounded("record")} FROM scan ORDER BY began, id`)
    .map((row) => ({ number: Number(row["number"]), scan: scanOfRow(row, file.path) }));
}

function sightRanks(file: CaseFile, scans: ReturnType<typeof readScans>): SightRanks {
  const last = new Map<number, number>();
  // Most items were seen by one scan.
  const first = new Map<number, number>();
  for (const [rank, { number }] of scans.entries()) {
    for (const item of itemsSeen(file, number)) {
      const before = last.get(item);
      if (before !== undefined && !first.has(item)) first.set(item, before);
      last.set(item, rank);
    }
  }
  return { firstOf: (item) => first.get(item) ?? last.get(item), lastOf: (item) => last.get(item) };
}

/** The newest description of each secret. Texts are read into what they say at once, so that few are held. */
function createDescriptions(
  file: CaseFile,
  ranks: SightRanks,
  share: (rule: FindingRule) => FindingRule,
): {
  readonly known: ReadonlyMap<string, Description>;
  /** Takes up a row; gives what its secret is now, where the row tells something newer of it than those before. */
  readonly learn: (row: Row) => Description | undefined;
} {
  const known = new Map<string, Description>();
  const learn = (row: Row): Description | undefined => {
    const number = Number(row["number"]);
    const last = ranks.lastOf(number);
    if (last === undefined) return undefined;
    const fingerprint = textOf(row, "fingerprint", file.path);
    const record = textOf(row, "record", file.path);
    const before = known.get(fingerprint);
    const first = Math.min(before?.first ?? last, ranks.firstOf(number) ?? last);
    if (before !== undefined && !isNewer({ last, record }, before)) {
      if (first < before.first) known.set(fingerprint, { ...before, first });
      return undefined;
    }
    const told = checkedRow(file.path, () => descriptionOf(record));
    const described = { record, told: { ...told, rule: share(told.rule) }, first, last };
    known.set(fingerprint, described);
    return described;
  };
  return { known, learn };
}

function* paged(file: CaseFile, query: string): Iterable<Row> {
  for (let page = file.rows(query, 0); page.length > 0; page = file.rows(query, Number(page.at(-1)!["number"])))
    yield* page;
}

/** Of two that one scan told of the same place, one is taken by its text: not by the order in which they came. */
function isNewer(one: Pick<PlaceRow, "last" | "record">, before: Pick<PlaceRow, "last" | "record">): boolean {
  return one.last > before.last || (one.last === before.last && one.record > before.record);
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

/** The ranks of scans after which one of their targets was looked at as a whole: what they saw last may be gone. */
function mayBeGone(
  scans: readonly ScanRecord[],
  whole: ReadonlyMap<string, ReadonlyMap<string, number>>,
): ReadonlySet<number> {
  const ranks = scans.flatMap(({ facts }, rank) =>
    facts.targets.some(({ identity }) => newestOf(whole.get(identity)) > rank) ? [rank] : [],
  );
  return new Set(ranks);
}

/** The rank of the newest whole scan, however it looked; -1 where there is none. */
function newestOf(ranks: ReadonlyMap<string, number> | undefined): number {
  return Math.max(-1, ...(ranks?.values() ?? []));
}

/** The secrets with a place that one of these scans saw last. */
function fingerprintsWithOldPlaces(file: CaseFile, ranks: SightRanks, old: ReadonlySet<number>): ReadonlySet<string> {
  const found = new Set<string>();
  if (old.size === 0) return found;
  const query = `SELECT number, fingerprint FROM item WHERE place <> '' AND number > ? ORDER BY number LIMIT ${pageRows}`;
  for (const row of paged(file, query)) {
    const last = ranks.lastOf(Number(row["number"]));
    if (last !== undefined && old.has(last)) found.add(textOf(row, "fingerprint", file.path));
  }
  return found;
}

/** Scans by other settings look for other things. Newer built-in rules are the same kind of rules. */
function comparedBy(scan: ScanRecord): string {
  let text = compared.get(scan);
  if (text === undefined)
    compared.set(scan, (text = JSON.stringify([scan.facts.settings, scan.facts.report?.rules.origin ?? ""])));
  return text;
}

const compared = new WeakMap<ScanRecord, string>();

/** What it takes to read the places of a secret. */
interface PlaceReader {
  readonly file: CaseFile;
  readonly ranks: SightRanks;
  readonly scans: readonly ScanRecord[];
  readonly whole: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly share: (sighting: FindingSighting) => FindingSighting;
}

interface Places {
  readonly there: readonly PlaceRow[];
  readonly gone: readonly PlaceRow[];
}

/** `newest`: rank of the newest scan that saw the secret. */
function placesOf({ file, ranks, scans, whole }: PlaceReader, fingerprint: string, newest: number): Places {
  const isEnded = scans[newest]!.ended !== undefined;
  const there: PlaceRow[] = [];
  const gone: PlaceRow[] = [];
  for (const row of newestPlaces(file, ranks, fingerprint)) {
    if (isInterim(row) && isEnded && row.last < newest) continue;
    const scan = scans[row.last]!;
    const later = whole.get(row.target);
    const laterRank = scan.ended === undefined ? newestOf(later) : (later?.get(comparedBy(scan)) ?? -1);
    (laterRank > row.last ? gone : there).push(row);
  }
  if (there.length + gone.length === 0) throw new ToolError("case", `${file.path} is damaged: a secret has no places`);
  return { there, gone };
}

/** The newest row of each place of a secret. */
function newestPlaces(file: CaseFile, ranks: SightRanks, fingerprint: string): Iterable<PlaceRow> {
  const newest = new Map<string, PlaceRow>();
  const query = `SELECT number, target, place, ${bounded("record")} FROM item WHERE fingerprint = ? AND place <> '' ORDER BY number`;
  for (const columns of file.rows(query, fingerprint)) {
    const last = ranks.lastOf(Number(columns["number"]));
    if (last === undefined) continue;
    const text = (name: string): string => textOf(columns, name, file.path);
    const row: PlaceRow = { place: text("place"), target: text("target"), record: text("record"), last };
    const before = newest.get(row.place);
    if (before === undefined || isNewer(row, before)) newest.set(row.place, row);
  }
  return newest.values();
}

class Secret implements KnownSecret {
  readonly description: Finding;
  readonly isGone: boolean;
  readonly #reader: PlaceReader;
  readonly #rank: { readonly first: number; readonly last: number };
  readonly #mayBeGone: boolean;
  #sightings: readonly FindingSighting[] | undefined;

  constructor(reader: PlaceReader, { told, first, last }: Description, mayBeGone: boolean) {
    this.description = told;
    this.#reader = reader;
    this.#rank = { first, last };
    this.#mayBeGone = mayBeGone;
    this.isGone = mayBeGone && this.#places().there.length === 0;
  }

  get firstSeen(): string {
    return this.#reader.scans[this.#rank.first]!.began;
  }

  get lastSeen(): string {
    return this.#reader.scans[this.#rank.last]!.began;
  }

  sightings(): readonly FindingSighting[] {
    if (this.#sightings === undefined) {
      const { there, gone } = this.#places();
      this.#sightings = distinct((this.isGone ? gone : there).map((row) => this.#read(row)));
    }
    return this.#sightings;
  }

  gone(): readonly GonePlace[] {
    if (!this.#mayBeGone) return [];
    const { scans } = this.#reader;
    return this.#places().gone.map((row) => ({ lastSeen: scans[row.last]!.began, sighting: () => this.#read(row) }));
  }

  #places(): Places {
    return placesOf(this.#reader, this.description.fingerprint, this.#rank.last);
  }

  #read({ record }: PlaceRow): FindingSighting {
    const { file, share } = this.#reader;
    return share(checkedRow(file.path, () => placeOf(record)));
  }
}

/** Sorted; a place that several reviewers scanned, each in a copy of their own, is told once. */
function distinct(sightings: readonly FindingSighting[]): readonly FindingSighting[] {
  if (sightings.length === 1) return sightings;
  return [...new Map(sightings.map((sighting) => [JSON.stringify(sighting), sighting])).values()].sort(
    compareSightings,
  );
}
