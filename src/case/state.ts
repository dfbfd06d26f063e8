import { compareFindings, compareSightings } from "../findings/index.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { bounded, textOf, type CaseFile } from "./case-file.ts";
import { checkedRow, scanOfRow } from "./absorb.ts";
import { descriptionOf, isInterim, placeOf } from "./item.ts";
import { isWhole, type ScanRecord } from "./scan-record.ts";

/** A secret as all scans together tell it. Decisions are not applied. */
export interface KnownSecret {
  /** As the newest scan that saw it describes it, with the places that are there. Where none is left: with those that were. */
  readonly finding: Finding;
  /** Whether none of its places is there any more. */
  readonly isGone: boolean;
  /** Places that the last whole scan of their target did not see again, with the day on which they were seen last. */
  readonly gone: readonly { readonly sighting: FindingSighting; readonly lastSeen: string }[];
  /** When a scan first told of it. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface CaseState {
  /** By time; of the same second by id. */
  readonly scans: readonly ScanRecord[];
  /** Sorted as reports are. */
  readonly secrets: readonly KnownSecret[];
}

interface Row {
  readonly place: string;
  readonly target: string;
  readonly record: string;
  /** Rank of the newest scan that saw it. */
  readonly last: number;
}

interface Gathered {
  description: Row | undefined;
  first: number;
  readonly places: Map<string, Row>;
}

/**
 * What a case knows. A place is gone where a later scan of the same target, with the same rules and settings, looked at all of it and did not see it; where the later one was
 * incomplete, or of a part, the place stays. What a scan told before it knew where it stands counts only until a scan that ended has seen the same secret.
 * Throws ToolError where the file is damaged.
 */
export function readState(file: CaseFile): CaseState {
  const scans = readScans(file);
  const rankOf = new Map(scans.map(({ number }, rank) => [number, rank]));
  const { first, last } = sightRanks(file, rankOf);
  const secrets = gather(file, first, last);
  const whole = wholeScans(scans.map(({ scan }) => scan));
  return {
    scans: scans.map(({ scan }) => scan),
    secrets: [...secrets.values()]
      .map((gathered) => checkedRow(file.path, () => toSecret(gathered, scans, whole)))
      .sort((a, b) => compareFindings(a.finding, b.finding)),
  };
}

function readScans(file: CaseFile): { readonly number: number; readonly scan: ScanRecord }[] {
  return file
    .rows(`SELECT number, id, began, ended, ${bounded("record")} FROM scan ORDER BY began, id`)
    .map((row) => ({ number: Number(row["number"]), scan: scanOfRow(row, file.path) }));
}

/** Of each item the ranks of the first and the last scan that saw it. */
function sightRanks(
  file: CaseFile,
  rankOf: ReadonlyMap<number, number>,
): { readonly first: ReadonlyMap<number, number>; readonly last: ReadonlyMap<number, number> } {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const [number, rank] of rankOf) {
    for (const row of file.rows("SELECT item FROM seen WHERE scan = ?", number)) {
      const item = Number(row["item"]);
      if (!first.has(item)) first.set(item, rank);
      last.set(item, rank);
    }
  }
  return { first, last };
}

/** The newest row of each description and place, by secret. */
function gather(
  file: CaseFile,
  first: ReadonlyMap<number, number>,
  last: ReadonlyMap<number, number>,
): ReadonlyMap<string, Gathered> {
  const secrets = new Map<string, Gathered>();
  const columns = `number, id, fingerprint, target, place, ${bounded("record")}`;
  // The order decides between two that one scan told of the same place.
  for (const row of file.rows(`SELECT ${columns} FROM item ORDER BY id`)) {
    const number = Number(row["number"]);
    const rank = last.get(number);
    if (rank === undefined) continue;
    const [fingerprint, place, target] = ["fingerprint", "place", "target"].map((name) => textOf(row, name, file.path));
    const found: Row = { place: place!, target: target!, record: textOf(row, "record", file.path), last: rank };
    let secret = secrets.get(fingerprint!);
    if (secret === undefined) secrets.set(fingerprint!, (secret = { description: undefined, first: rank, places: new Map() }));
    secret.first = Math.min(secret.first, first.get(number) ?? rank);
    if (found.place === "") {
      if (secret.description === undefined || secret.description.last <= rank) secret.description = found;
    } else {
      const before = secret.places.get(found.place);
      if (before === undefined || before.last <= rank) secret.places.set(found.place, found);
    }
  }
  return secrets;
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
function comparedBy({ facts: { settings, report } }: ScanRecord): string {
  return JSON.stringify([settings, report?.rules.origin ?? ""]);
}

function toSecret(
  { description, first, places }: Gathered,
  scans: ReturnType<typeof readScans>,
  whole: ReadonlyMap<string, ReadonlyMap<string, number>>,
): KnownSecret {
  if (description === undefined) throw new SyntaxError("a secret without a description");
  const dateOf = (rank: number): string => scans[rank]!.scan.began;
  const isEnded = scans[description.last]!.scan.ended !== undefined;
  const there: FindingSighting[] = [];
  const gone: KnownSecret["gone"][number][] = [];
  for (const row of places.values()) {
    if (isInterim(row) && isEnded && row.last < description.last) continue;
    const { scan } = scans[row.last]!;
    const ranks = whole.get(row.target);
    const later =
      scan.ended === undefined ? Math.max(-1, ...(ranks?.values() ?? [])) : (ranks?.get(comparedBy(scan)) ?? -1);
    if (later > row.last) gone.push({ sighting: placeOf(row.record), lastSeen: dateOf(row.last) });
    else there.push(placeOf(row.record));
  }
  const sightings = distinct(there.length > 0 ? there : gone.map(({ sighting }) => sighting));
  if (sightings.length === 0) throw new SyntaxError("a secret without places");
  return {
    finding: { ...descriptionOf(description.record), sightings },
    isGone: there.length === 0,
    gone: gone.sort((a, b) => compareSightings(a.sighting, b.sighting)),
    firstSeen: dateOf(first),
    lastSeen: dateOf(description.last),
  };
}

/** Sorted; a place that several reviewers scanned, each in a copy of their own, is told once. */
function distinct(sightings: readonly FindingSighting[]): FindingSighting[] {
  if (sightings.length === 1) return [...sightings];
  return [...new Map(sightings.map((sighting) => [JSON.stringify(sighting), sighting])).values()].sort(compareSightings);
}
