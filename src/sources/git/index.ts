/**
 * The git source: everything that lies in a repository's object store, reachable or not, and for contents with findings the commit that brought
 * them in. It reads packs and loose objects itself; no git program, hook, filter or configuration of the repository runs.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ObjectReader, openObjectStore, type ObjectStore } from "../../content/git/object-store.ts";
import { isRegularFile } from "../../content/regular-file.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { Located, KnownContents, PlannedUnit, Source, SourceContext } from "../../model/source.ts";
import type { ContentId } from "../../model/content.ts";
import type { GraphUnit, LooseUnit, PackUnit, Unit, UnitResult } from "../../model/unit.ts";
import { IdSet, type SharedIds } from "../../model/id-set.ts";
import { GraphAssembler, type Graph } from "./graph.ts";
import { Locator } from "./locate.ts";
import { isContent, planLoose, planPack } from "./plan.ts";
import { listRefs, type Ref } from "./refs.ts";
import { checkExtensions, findRepository, type Repository } from "./repository.ts";
import { stagedPaths } from "./staged.ts";

export { findRepository } from "./repository.ts";
export { listRefs } from "./refs.ts";

/** Missing objects that are named one by one. */
const maxNamed = 50;

/** Opens the repository at `target`. Throws ToolError when there is none, or when it is kept in a form that cannot be read. */
export async function openGit(target: string, context: SourceContext): Promise<Source> {
  const repository = findRepository(target);
  if (repository === undefined) {
    throw new ToolError("not-a-repository", `${target} is not a git repository`, {
      hint: "for a folder of files use: leaktrace dir " + target,
    });
  }
  await checkExtensions(repository);
  return new GitSource(target, repository, context);
}

class GitSource implements Source {
  readonly target: string;
  readonly kind = "git";
  readonly #repository: Repository;
  readonly #context: SourceContext;
  #opened: ObjectStore | undefined;
  #walk: HistoryWalk | undefined;

  constructor(target: string, repository: Repository, context: SourceContext) {
    this.target = target;
    this.#repository = repository;
    this.#context = context;
  }

  get #store(): ObjectStore {
    return (this.#opened ??= openObjectStore(join(this.#repository.commonDir, "objects")));
  }

  async *units(): AsyncGenerator<PlannedUnit | KnownContents | Problem> {
    const store = this.#store;
    for (const { subject, message } of store.faults) yield this.#problem("pack-corrupt", subject, message);
    yield* this.#damagedEntries(store);
    let known = 0;
    const isNew = (claimed: boolean): boolean => {
      if (!claimed) known++;
      return claimed;
    };
    const { claim, claimAt } = this.#context;
    for (const table of store.packs) {
      const units = planPack(
        this.target,
        table,
        (entry) => isContent(table.types[entry]!) && isNew(claimAt(table.index.oids, 20 * table.inIndex[entry]!)),
      );
      for (const unit of units)
        yield { kind: "planned", unit, planned: unit.entries.wanted.reduce((sum, wanted) => sum + wanted, 0) };
    }
    for (const unit of planLoose(this.target, store, (oid) => isNew(claim(oid))))
      yield { kind: "planned", unit, planned: unit.oids.length };
    yield { kind: "known", contents: known };
    yield* this.#shallow();
    // The workers are busy now; what `locate` will ask for is made ready meanwhile.
    this.#walk = planWalk(this.target, store);
  }

  *#damagedEntries(store: ObjectStore): Generator<Problem> {
    for (const table of store.packs) {
      const lost = table.damaged.length;
      if (lost > 0)
        yield {
          ...this.#problem("pack-corrupt", table.pack, `${lost} of its ${table.count} objects cannot be read`),
          contents: lost,
        };
      const orphans = table.parents.reduce(
        (count, parent, entry) => (parent === -2 || (parent >= 0 && table.types[entry] === 0) ? count + 1 : count),
        0,
      );
      if (orphans > 0) {
        yield {
          ...this.#problem(
            "object-missing",
            table.pack,
            `${orphans} of its objects are built on objects that are not in it`,
          ),
          contents: orphans,
        };
      }
    }
  }

  *#shallow(): Generator<Problem> {
    const file = join(this.#repository.commonDir, "shallow");
    if (!isRegularFile(file)) return;
    const boundary = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => /^[0-9a-f]{40}$/.test(line))
      .sort();
    if (boundary.length === 0) return;
    const listed = boundary
      .slice(0, maxNamed)
      .map((oid) => oid.slice(0, 12))
      .join(" ");
    const more = boundary.length > maxNamed ? ` and ${boundary.length - maxNamed} more` : "";
    yield this.#problem(
      "shallow",
      this.target,
      `shallow clone: history before these commits is not here: ${listed}${more}; git fetch --unshallow brings it`,
    );
  }

  done(): void {
    // Objects carry their ids; nothing has to be remembered.
  }

  async locate(contents: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located> {
    const store = this.#store;
    const reader = new ObjectReader(store);
    try {
      const here = [...contents].filter((id) => reader.has(id)).sort();
      const { graph, problems } = await this.#graph(store, here, run);
      const refs = listRefs(this.#repository);
      const staged =
        here.length > 0 && isRegularFile(join(this.#repository.gitDir, "index"))
          ? stagedPaths(this.#repository)
          : new Map<string, string[]>();
      const locator = new Locator(this.target, reader, graph, refs, staged);
      problems.push(...this.#missing(graph, locator, refs, reader));
      return { sightings: here.flatMap((id) => locator.sightings(id)), problems };
    } finally {
      reader.close();
    }
  }

  async #graph(
    store: ObjectStore,
    here: readonly ContentId[],
    run: (unit: Unit) => Promise<UnitResult>,
  ): Promise<{ graph: Graph; problems: Problem[] }> {
    const wanted = new Uint8Array(Buffer.from(here.join(""), "hex"));
    const { present, sources } = this.#walk ?? planWalk(this.target, store);
    const assembler = new GraphAssembler();
    const problems: Problem[] = [];
    const readings = sources.map((source) =>
      run({ kind: "graph", target: this.target, weight: source.weight, source, wanted, present } satisfies GraphUnit),
    );
    // Added in the order of the units, not of their arrival: the same repository gives the same graph.
    for (const reading of readings) {
      const result = await reading;
      if (result.graph !== undefined) assembler.add(result.graph);
      problems.push(...result.problems);
    }
    return { graph: assembler.finish(), problems };
  }

  /** What trees, commits and refs name and the store does not hold: nothing of it was scanned. */
  #missing(graph: Graph, locator: Locator, refs: readonly Ref[], reader: ObjectReader): Problem[] {
    const problems: Problem[] = [];
    const partial = this.#store.promised;
    const shallow = existsSync(join(this.#repository.commonDir, "shallow"));
    const code = partial ? "partial" : "object-missing";
    const why = partial ? "is missing: this is a partial clone" : "is missing";
    const numbers = [...graph.missing.keys()]
      .map((number) => ({ number, id: graph.idOf(number) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { number, id } of numbers.slice(0, maxNamed)) {
      const path = locator.pathOf(number);
      problems.push({ ...this.#problem(code, id, path === "" ? why : `${why}: ${path}`), contents: 1 });
    }
    if (numbers.length > maxNamed) {
      const rest = numbers.length - maxNamed;
      problems.push({
        ...this.#problem(
          code,
          this.target,
          `${rest} more objects are missing${partial ? ": this is a partial clone" : ""}`,
        ),
        contents: rest,
      });
    }
    if (!shallow) {
      for (const id of graph.commits.missingParents.slice(0, maxNamed))
        problems.push(this.#problem(code, id, "commit is missing: history before it is not here"));
    }
    for (const ref of refs)
      if (!reader.has(ref.oid)) problems.push(this.#problem(code, ref.oid, `object of ref ${ref.name} is missing`));
    return problems;
  }

  #problem(code: Problem["code"], subject: string, message: string): Problem {
    return { code, effect: "incomplete", target: this.target, subject, message };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#opened = undefined;
    this.#walk = undefined;
  }
}

/** What is read to learn how commits, trees and contents hang together. */
interface HistoryWalk {
  readonly present: SharedIds;
  readonly sources: readonly (PackUnit | LooseUnit)[];
}

function planWalk(target: string, store: ObjectStore): HistoryWalk {
  const { commit, tree } = objectTypes;
  return {
    present: presence(store).share(),
    sources: [
      ...store.packs.flatMap((table) =>
        planPack(target, table, (entry) => table.types[entry] === commit || table.types[entry] === tree),
      ),
      ...planLoose(target, store, () => true),
    ],
  };
}

function presence(store: ObjectStore): IdSet {
  const ids = new IdSet();
  for (const { index } of store.packs) for (let at = 0; at < index.oids.length; at += 20) ids.add(index.oids, at);
  for (const { oids } of store.loose) for (const oid of oids) ids.add(Buffer.from(oid, "hex"), 0);
  return ids;
}
