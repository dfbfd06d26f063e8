import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ObjectReader, ObjectStore } from "../../content/git/object-store.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { ContentId } from "../../model/content.ts";
import { SortedIds, type SharedIds } from "../../model/sorted-ids.ts";
import type { Problem } from "../../model/problem.ts";
import type { LooseUnit, PackUnit, Unit, UnitResult } from "../../model/unit.ts";
import { GraphAssembler, type Graph } from "./graph.ts";
import type { Locator } from "./locate.ts";
import { bytesOfPacks, planLoose, planPack, planStrays } from "./plan.ts";
import type { Ref } from "./refs.ts";

/** Units that are read, or wait for it or for their turn, at once: each takes some megabytes. */
const mostUnderWay = 8 + 2 * availableParallelism();
/** Missing objects, and submodules, that are named one by one. */
export const maxNamed = 50;

/** What is read to learn how commits, trees and contents hang together. */
export interface HistoryWalk {
  readonly present: SharedIds;
  readonly sources: readonly Iterable<PackUnit | LooseUnit>[];
}

/** Plans the reading of all commits, trees and tags of a store. */
export function planWalk(target: string, store: ObjectStore): HistoryWalk {
  const { blob } = objectTypes;
  const storeBytes = bytesOfPacks(store.packs);
  return {
    present: presence(store).share(),
    sources: [
      ...store.packs.map((table) =>
        planPack(target, table, (entry) => table.types[entry] !== 0 && table.types[entry] !== blob, storeBytes),
      ),
      planLoose(target, store, () => true),
      planStrays(target, store, () => true),
    ],
  };
}

function presence(store: ObjectStore): SortedIds {
  const loose = store.loose.flatMap(({ oids }) => oids);
  return SortedIds.of(store.idBytes, [
    ...store.packs.map(({ index }) => index.oids),
    new Uint8Array(Buffer.from(loose.join(""), "hex")),
  ]);
}

/**
 * Reads commits, trees and tags, and the names in trees. Gives how they hang together, the ids of names that have detections, and those of contents whose
 * names are such that rules on paths may ask for them.
 */
export async function readHistory(
  target: string,
  { present, sources }: HistoryWalk,
  contents: readonly ContentId[],
  run: (unit: Unit) => Promise<UnitResult>,
): Promise<{ graph: Graph; names: ContentId[]; files: ContentId[] }> {
  const wanted = new Uint8Array(Buffer.from(contents.join(""), "hex"));
  const assembler = new GraphAssembler(present);
  const names = new Set<ContentId>();
  const files = new Set<ContentId>();
  const add = ({ graph, hits }: UnitResult): void => {
    if (graph !== undefined) {
      assembler.add(graph);
      for (const id of idsIn(graph.files, present.idBytes)) files.add(id);
    }
    for (const { content } of hits) names.add(content);
  };
  // Added in the order of the units, not of their arrival: the same repository gives the same graph.
  const underWay: Promise<UnitResult>[] = [];
  for (const part of sources) {
    for (const source of part) {
      const trees = treesIn(source);
      underWay.push(run({ kind: "graph", target, weight: source.weight, source, trees, wanted, present }));
      if (underWay.length >= mostUnderWay) add(await underWay.shift()!);
    }
  }
  while (underWay.length > 0) add(await underWay.shift()!);
  for (const content of contents) assembler.want(content);
  return { graph: assembler.finish(), names: [...names], files: [...files] };
}

function* idsIn(bytes: Uint8Array, idBytes: number): Generator<ContentId> {
  const ids = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < ids.length; at += idBytes) yield ids.toString("hex", at, at + idBytes);
}

function treesIn(source: PackUnit | LooseUnit): number {
  if (source.kind === "loose") return 0;
  const { types, wanted } = source.entries;
  let trees = 0;
  for (let i = 0; i < wanted.length; i++) if (wanted[i] === 1 && types[i] === objectTypes.tree) trees++;
  return trees;
}

/** Numbers of missing objects that are named, with the entry of a tree that names each: in the order of their ids. */
export function namedMissing({ missing, idOf }: Graph): { id: string; tree: number; name: number }[] {
  return [...missing.objects]
    .map((object, i) => ({ id: idOf(object), tree: missing.trees[i]!, name: missing.names[i]! }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export interface MissingContext {
  readonly target: string;
  readonly graph: Graph;
  readonly locator: Locator;
  readonly refs: readonly Ref[];
  readonly reader: ObjectReader;
  readonly isPartial: boolean;
  readonly isShallow: boolean;
}

/** What trees, commits and refs name and the store does not hold: nothing of it was scanned. */
export function missingObjects({
  target,
  graph,
  locator,
  refs,
  reader,
  isPartial,
  isShallow,
}: MissingContext): Problem[] {
  const problems: Problem[] = [];
  const code = isPartial ? "partial" : "object-missing";
  const why = isPartial ? "is missing: this is a partial clone" : "is missing";
  const problem = (subject: string, message: string): Problem => ({
    code,
    effect: "incomplete",
    target,
    subject,
    message,
  });
  const missing = namedMissing(graph);
  for (const { id, tree, name } of missing.slice(0, maxNamed)) {
    const path = locator.pathOf(tree, name);
    problems.push({ ...problem(id, path === "" ? why : `${why}: ${path}`), contents: 1 });
  }
  if (missing.length > maxNamed) {
    const rest = missing.length - maxNamed;
    problems.push({
      ...problem(target, `${rest} more objects are missing${isPartial ? ": this is a partial clone" : ""}`),
      contents: rest,
    });
  }
  if (!isShallow) {
    for (const id of graph.commits.missingParents.slice(0, maxNamed))
      problems.push(problem(id, "commit is missing: history before it is not here"));
  }
  for (const ref of refs)
    if (!reader.has(ref.oid)) problems.push(problem(ref.oid, `object of ref ${ref.name} is missing`));
  return problems;
}

/** Links to other repositories: what they hold is no part of this one. */
export function submoduleLinks(target: string, commonDir: string, graph: Graph, locator: Locator): Problem[] {
  const { links } = graph;
  const paths = [...links.trees].map((tree, i) => ({
    path: locator.pathOf(tree, links.names[i]!),
    id: graph.idOf(links.objects[i]!),
  }));
  const note = (subject: string, message: string): Problem => ({
    code: "submodule",
    effect: "note",
    target,
    subject,
    message,
  });
  const problems = paths
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .slice(0, maxNamed)
    .map(({ path, id }) => {
      const how = existsSync(join(commonDir, "modules", path))
        ? "--recurse-submodules scans it"
        : "it is not in this repository";
      return note(path, `submodule at commit ${id.slice(0, 12)} is another repository: ${how}`);
    });
  if (paths.length > maxNamed)
    problems.push(note(target, `${paths.length - maxNamed} more submodules are other repositories`));
  return problems;
}
