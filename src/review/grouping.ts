import { originPath, type ImageOrigin, type Origin } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";

/** What the list puts together under one head: `value` has no heads, for a finding is a value. `cause`: the commit or layer that brought it. */
export type Grouping = "value" | "rule" | "cause" | "file" | "folder";

/** In the order in which `t` goes through them. */
export const groupings: readonly Grouping[] = ["value", "rule", "cause", "file", "folder"];

/** Findings under one head, in the order of the list. */
export interface Group {
  /** Never that of a finding: those begin with `lt1`. */
  readonly id: string;
  /** For people; from the scanned side, so not sanitised yet. */
  readonly title: string;
  /** Fingerprints of those that the filter shows. */
  readonly members: readonly string[];
}

/** The list as it is drawn. */
export interface Listing {
  /** Fingerprints of all that the filter shows, also under heads that are folded. */
  readonly shown: readonly string[];
  /** By id; empty where the list has no heads. */
  readonly groups: ReadonlyMap<string, Group>;
  /** Ids of heads and fingerprints, from top to bottom. */
  readonly rows: readonly string[];
}

/** A list that was made, and how many findings are open under each head. */
export interface Listed {
  readonly list: Listing;
  readonly open: ReadonlyMap<string, number>;
}

/** Of a secret in very many places this many are asked for the first commit. */
const maxPlaces = 500;
const maxTitle = 200;

const idStart = "group:";

export function isGroupId(row: string): boolean {
  return row.startsWith(idStart);
}

interface Head {
  readonly id: string;
  readonly title: string;
}

/** Heads by grouping and id: findings under one head have the very same, so that they are told apart quickly. A session sees some thousands. */
const knownHeads = new Map<string, Head>();

const heads = new Map<Grouping, WeakMap<Finding, Head>>(groupings.map((grouping) => [grouping, new WeakMap()]));

/** Makes ready under which heads a finding stands. */
export function prepareHeads(finding: Finding): void {
  for (const grouping of groupings) if (grouping !== "value") headOf(finding, grouping);
}

/** The id of the group that a finding belongs to; a finding is in one group of each kind, so that counts add up. */
export function groupIdOf(finding: Finding, grouping: Grouping): string {
  return headOf(finding, grouping).id;
}

/** Findings (in the order of a list) under their heads. */
interface Grouped {
  readonly groups: ReadonlyMap<string, Group>;
  readonly all: readonly string[];
  /** Of each finding of the list its head. */
  readonly headOf: readonly Head[];
}

// Which list is shown changes with `s` and with the filter, what stands in it does not: so it is made ahead of the keys.
const groupedLists = new WeakMap<readonly Finding[], Map<Grouping, Grouped>>();

/** Findings that are put under their heads between two pauses. */
const groupedAtOnce = 4096;

/** Puts the findings of a list under heads of every kind, in steps, so that `t` finds it done. */
export function* groupAhead(shown: readonly Finding[]): Generator<undefined, void> {
  for (const grouping of groupings) if (grouping !== "value") yield* grouped(shown, grouping);
}

function* grouped(shown: readonly Finding[], grouping: Grouping): Generator<undefined, Grouped> {
  const lists = groupedLists.get(shown) ?? new Map<Grouping, Grouped>();
  const known = lists.get(grouping);
  if (known !== undefined) return known;
  const members = new Map<Head, string[]>();
  const heads: Head[] = [];
  for (const finding of shown) {
    const head = headOf(finding, grouping);
    heads.push(head);
    const lot = members.get(head);
    if (lot === undefined) members.set(head, [finding.fingerprint]);
    else lot.push(finding.fingerprint);
    if (heads.length % groupedAtOnce === 0) yield undefined;
  }
  const groups = new Map(
    Array.from(members, ([{ id, title }, lot]): readonly [string, Group] => [id, { id, title, members: lot }]),
  );
  const made = { groups, all: [...members.values()].flat(), headOf: heads };
  groupedLists.set(shown, lists.set(grouping, made));
  return made;
}

/** Puts findings (in the order of the list) under their heads, and folds these, or all. Groups stand in the order of their first members. */
export function listing(
  shown: readonly Finding[],
  grouping: Grouping,
  folded: ReadonlySet<string> | "all",
  isOpen: (finding: Finding) => boolean,
): Listed {
  if (grouping === "value") {
    const fingerprints = shown.map(({ fingerprint }) => fingerprint);
    return { list: { shown: fingerprints, groups: new Map(), rows: fingerprints }, open: new Map() };
  }
  const steps = grouped(shown, grouping);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const { groups, all, headOf: heads } = step.value;
  const open = new Map(Array.from(groups.keys(), (id) => [id, 0]));
  // Of a long list an iterator would take longer than all the rest.
  for (let at = 0; at < shown.length; at++) {
    const { id } = heads[at]!;
    if (isOpen(shown[at]!)) open.set(id, open.get(id)! + 1);
  }
  return { list: { shown: all, groups, rows: folded === "all" ? [...groups.keys()] : rowsOf(groups, folded) }, open };
}

/** The same list with other heads folded. */
export function refolded(list: Listing, folded: ReadonlySet<string>): Listing {
  return list.groups.size === 0 ? list : { ...list, rows: rowsOf(list.groups, folded) };
}

function rowsOf(groups: ReadonlyMap<string, Group>, folded: ReadonlySet<string>): readonly string[] {
  const rows: string[] = [];
  for (const { id, members } of groups.values()) {
    rows.push(id);
    if (!folded.has(id)) for (const fingerprint of members) rows.push(fingerprint);
  }
  return rows;
}

function headOf(finding: Finding, grouping: Grouping): Head {
  const known = heads.get(grouping)?.get(finding);
  if (known !== undefined) return known;
  const [key, title] = keyAndTitle(finding, grouping);
  const id = idStart + key;
  const name = `${grouping}\0${id}`;
  const head = knownHeads.get(name) ?? { id, title: title.slice(0, maxTitle) };
  knownHeads.set(name, head);
  heads.get(grouping)?.set(finding, head);
  return head;
}

function keyAndTitle(finding: Finding, grouping: Grouping): readonly [key: string, title: string] {
  switch (grouping) {
    case "value":
      return [finding.fingerprint, finding.masked];
    case "rule":
      return [finding.rule.id, finding.rule.id];
    case "cause": {
      const origin = earliest(finding.sightings)?.origin;
      return origin === undefined ? ["", "nowhere"] : causeOf(origin);
    }
    case "file":
    case "folder": {
      const [first] = finding.sightings;
      if (first === undefined) return ["", "nowhere"];
      const path = originPath(first.origin);
      const where = grouping === "file" ? path : path.slice(0, path.lastIndexOf("/") + 1);
      const inside = holderOf(first.origin);
      const title = where === "" ? (grouping === "file" ? "no path" : "top folder") : where;
      return [`${inside}\0${where}`, inside === "" ? title : `${title}  ${inside}`];
    }
  }
}

/** Of several commits the first one is the cause; of layers the one that is told first, which is the lowest. */
function earliest(sightings: readonly FindingSighting[]): FindingSighting | undefined {
  let found = sightings[0];
  for (const sighting of sightings.slice(0, maxPlaces)) {
    const date = dateOf(sighting);
    if (date !== "" && (found === undefined || dateOf(found) === "" || date < dateOf(found))) found = sighting;
  }
  return found;
}

function dateOf({ origin }: FindingSighting): string {
  return origin.kind === "git" ? (origin.commit?.date ?? "") : "";
}

function causeOf(origin: Origin): readonly [key: string, title: string] {
  switch (origin.kind) {
    case "git": {
      const { commit, repository } = origin;
      if (commit === undefined) return [`git ${repository}`, `no commit, ${repository}`];
      const message = commit.message.slice(0, maxTitle).trimStart().split("\n", 1)[0] ?? "";
      return [
        `commit ${commit.id}`,
        `${commit.id.slice(0, 8)} ${commit.date.slice(0, 10)} ${commit.author}: ${message}`,
      ];
    }
    case "image":
      return layerCause(origin);
    case "file":
      return ["files", "files of a folder"];
    case "stdin":
      return ["stdin", "standard input"];
  }
}

function layerCause({ layer, image }: ImageOrigin): readonly [key: string, title: string] {
  if (layer === undefined) return [`config ${image}`, `configuration of ${image}`];
  const short = layer.digest.slice(0, layer.digest.indexOf(":") + 9);
  return [`layer ${layer.digest}`, `layer ${layer.index} ${short} ${layer.createdBy}`];
}

function holderOf(origin: Origin): string {
  if (origin.kind === "git") return origin.repository;
  return origin.kind === "image" ? origin.image : "";
}
