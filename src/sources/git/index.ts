/**
 * The git source: everything that lies in a repository's object store, reachable or not, and for contents with findings the commit that brought
 * them in. It reads packs and loose objects itself; no git program, hook, filter or configuration of the repository runs.
 */
import { join } from "node:path";
import { ObjectReader, openObjectStore, type ObjectStore } from "../../content/git/object-store.ts";
import type { StoreFault } from "../../content/git/pack-folder.ts";
import type { IdBytes } from "../../model/object-id.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { Located, KnownContents, PlannedUnit, Sighting, Source, SourceContext } from "../../model/source.ts";
import { originPath, type ContentId } from "../../model/content.ts";
import type { LfsPointer, Unit, UnitResult } from "../../model/unit.ts";
import {
  maxNamed,
  missingObjects,
  namedMissing,
  planWalk,
  readHistory,
  submoduleLinks,
  type HistoryWalk,
} from "./history.ts";
import { askPathRules } from "./named-files.ts";
import { Locator } from "./locate.ts";
import { bytesOfPacks, isContent, planLoose, planPack, planStrays } from "./plan.ts";
import { shallowCommits } from "./push-remote.ts";
import { checkHead, listRefs, listTableLogs, type Ref } from "./refs.ts";
import { findRepository, isGitFolder, linkedWorktrees, readFormat, type Repository } from "./repository.ts";
import { listRoots, reachOfLog } from "./roots.ts";
import { SideContents } from "./side-contents.ts";
import { gitFolderPrefix, initialisedModules, sideFiles } from "./side-files.ts";
import { stagedPaths } from "./staged.ts";

export { findRepository } from "./repository.ts";
export { listRefs } from "./refs.ts";

/** What of a repository is scanned beside its object store and git folder. */
export interface GitOptions {
  /** Also the files of the working tree. */
  readonly worktree: boolean;
  /** Where the repository lies, if that is not what the user called it. */
  readonly folder?: string;
}

/** Folders of the submodules that were initialised in the repository at `target`: each is a repository of its own. */
export function submodulesOf(target: string): string[] {
  const repository = findRepository(target);
  return repository === undefined ? [] : initialisedModules(repository.commonDir);
}

/** The git folder that a folder is, with those of its submodules; none where it is another folder. */
export function repositoriesAt(folder: string): readonly string[] {
  return isGitFolder(folder) ? [folder, ...initialisedModules(folder)] : [];
}

/** Opens the repository at `target`. Throws ToolError when there is none, or when it is kept in a form that cannot be read. */
export async function openGit(target: string, context: SourceContext, options: GitOptions): Promise<Source> {
  const repository = findRepository(options.folder ?? target);
  if (repository === undefined) {
    throw new ToolError("not-a-repository", `${target} is not a git repository`, {
      hint: "for a folder of files use: leaktrace dir " + target,
    });
  }
  const { idBytes } = await readFormat(repository);
  return new GitSource(target, repository, idBytes, context, options);
}

class GitSource implements Source {
  readonly target: string;
  readonly kind = "git";
  readonly #repository: Repository;
  readonly #idBytes: IdBytes;
  readonly #context: SourceContext;
  readonly #options: GitOptions;
  readonly #side: SideContents;
  readonly #pointers: LfsPointer[] = [];
  readonly #refFaults: StoreFault[] = [];
  #opened: ObjectStore | undefined;
  #listed: readonly Ref[] | undefined;
  #walk: HistoryWalk | undefined;
  #staged: Map<string, string[]> | undefined;
  readonly #indexFaults: StoreFault[] = [];

  constructor(target: string, repository: Repository, idBytes: IdBytes, context: SourceContext, options: GitOptions) {
    this.target = target;
    this.#repository = repository;
    this.#idBytes = idBytes;
    this.#context = context;
    this.#options = options;
    this.#side = new SideContents(target);
  }

  get #folder(): string {
    return this.#options.folder ?? this.target;
  }

  get #store(): ObjectStore {
    return (this.#opened ??= openObjectStore(join(this.#repository.commonDir, "objects"), this.#idBytes));
  }

  /** Read once: names, labels and attribution speak of the same refs. */
  get #refs(): readonly Ref[] {
    return (this.#listed ??= listRefs(this.#repository, this.#refFaults));
  }

  async *units(): AsyncGenerator<PlannedUnit | KnownContents | Problem> {
    const store = this.#store;
    for (const { subject, message, isNote } of store.faults)
      yield { ...this.#problem("pack-corrupt", subject, message), ...(isNote === true ? { effect: "note" } : {}) };
    let known = 0;
    const isNew = (claimed: boolean): boolean => {
      if (!claimed) known++;
      return claimed;
    };
    const { claim, claimAt } = this.#context;
    const { idBytes } = store;
    const storeBytes = bytesOfPacks(store.packs);
    for (const table of store.packs) {
      const units = planPack(
        this.target,
        table,
        (entry) =>
          isContent(table.types[entry]!) && isNew(claimAt(table.index.oids, idBytes * table.inIndex[entry]!, idBytes)),
        storeBytes,
      );
      for (const unit of units)
        yield { kind: "planned", unit, planned: unit.entries.wanted.reduce((sum, wanted) => sum + wanted, 0) };
    }
    const isNewId = (oid: string): boolean => isNew(claim(oid));
    for (const unit of [...planLoose(this.target, store, isNewId), ...planStrays(this.target, store, isNewId)])
      yield { kind: "planned", unit, planned: unit.oids.length };
    yield { kind: "known", contents: known };
    yield* this.#shallow();
    yield* this.#sideContents();
    // The workers are busy now; what `locate` will ask for is made ready meanwhile.
    this.#walk = planWalk(this.target, store);
  }

  *#shallow(): Generator<Problem> {
    const faults: StoreFault[] = [];
    const boundary = [...shallowCommits(this.#repository, faults)].sort();
    for (const { subject, message } of faults) yield this.#problem("unreadable", subject, message);
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

  /** What lies in the repository and is no object: files of the git folder, names of refs and of the index, files of the working tree. */
  *#sideContents(): Generator<PlannedUnit | Problem> {
    const { worktree } = this.#options;
    const folder = this.#folder;
    const prefix = gitFolderPrefix(folder, this.#repository);
    const names = this.#refs.map(({ name }) => name);
    const { commonDir } = this.#repository;
    for (const name of linkedWorktrees(this.#repository))
      checkHead({ gitDir: join(commonDir, "worktrees", name), commonDir }, this.#refFaults);
    for (const { subject, message } of this.#refFaults) yield this.#problem("unreadable", subject, message);
    yield* this.#side.lines(`${prefix}refs`, names, "ref");
    for (const { path, text } of listTableLogs(this.#repository))
      yield* this.#side.lines(prefix + path, text.trimEnd().split("\n"), reachOfLog(path));
    const staged = [...this.#stagedPaths().values()].flat();
    for (const { subject, message } of this.#indexFaults) yield this.#problem("unreadable", subject, message);
    yield* this.#side.lines(`${prefix}index`, [...new Set(staged)].sort(), "index");
    const files = sideFiles(folder, this.#repository, {
      ...{ worktree, tracked: new Set(staged), idBytes: this.#idBytes },
      hasDamagedIndex: this.#indexFaults.length > 0,
    });
    for (const item of this.#side.files(files)) yield "code" in item ? { ...item, target: this.target } : item;
    // Names of tracked files are in the index.
    yield* this.#side.lines(".", this.#side.workingNames(new Set(staged)), "worktree");
  }

  /** Paths of the index, and of those of linked working trees, by the id of what is staged there. */
  #stagedPaths(): Map<string, string[]> {
    if (this.#staged !== undefined) return this.#staged;
    const { gitDir, commonDir } = this.#repository;
    const linked = linkedWorktrees(this.#repository).map((name) => join(commonDir, "worktrees", name));
    const all = new Map<string, string[]>();
    for (const folder of new Set([gitDir, commonDir, ...linked])) {
      const onFault = (fault: StoreFault): void => void this.#indexFaults.push(fault);
      for (const [id, paths] of stagedPaths({ gitDir: folder, commonDir }, this.#idBytes, onFault))
        all.set(id, [...new Set([...(all.get(id) ?? []), ...paths])].sort());
    }
    return (this.#staged = all);
  }

  done(unit: Unit, result: UnitResult): void {
    if (unit.kind === "files" || unit.kind === "inline") this.#side.done(result);
    if (unit.kind === "loose") this.#side.noObjects(result, gitFolderPrefix(this.#folder, this.#repository));
    for (const pointer of result.pointers ?? []) this.#pointers.push(pointer);
  }

  async locate(contents: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located> {
    const store = this.#store;
    const reader = new ObjectReader(store);
    try {
      const here = [...contents].filter((id) => reader.has(id));
      const pointers = this.#pointers.filter(({ sha256 }) => this.#side.hasFound(sha256)).map(({ content }) => content);
      const wanted = [...new Set([...here, ...pointers])].sort();
      const { graph, names, files } = await readHistory(
        this.target,
        this.#walk ?? planWalk(this.target, store),
        wanted,
        run,
      );
      const { links, missing } = graph;
      const refs = this.#refs;
      const problems: Problem[] = [];
      const roots = listRoots(this.#repository, refs, (problem) =>
        problems.push({ code: "unsupported", effect: "note", target: this.target, ...problem }),
      );
      const trees = [
        ...links.trees,
        ...(missing.objects.length === 0
          ? []
          : namedMissing(graph)
              .slice(0, maxNamed)
              .map(({ tree }) => tree)),
      ];
      const locator = new Locator(this.target, reader, graph, roots, this.#stagedPaths(), trees);
      const inHistory = locator.sightings([...new Set([...wanted, ...names])].sort());
      const named = await this.#namedFiles(locator, new Set(wanted), files, run);
      const isShallow = shallowCommits(this.#repository).size > 0;
      const context = { target: this.target, graph, locator, refs, reader, isPartial: store.promised, isShallow };
      const places = [...inHistory, ...named];
      return {
        sightings: [...places, ...this.#side.sightings(this.#pointers, places)],
        problems: [
          ...problems,
          ...missingObjects(context),
          ...submoduleLinks(this.target, this.#repository.commonDir, graph, locator),
          ...this.#absentFiles(),
        ],
      };
    } finally {
      reader.close();
    }
  }

  /** Places of the files that rules on paths name: of those with telling names in trees, and of those in the index alone. */
  async #namedFiles(
    locator: Locator,
    known: ReadonlySet<ContentId>,
    files: readonly ContentId[],
    run: (unit: Unit) => Promise<UnitResult>,
  ): Promise<Sighting[]> {
    const inTrees = locator.sightings(files.filter((id) => !known.has(id)).sort());
    const asked = new Set([...known, ...files]);
    const staged = [...this.#stagedPaths()].flatMap(([content, paths]) =>
      asked.has(content) ? [] : paths.map((path) => ({ content, path })),
    );
    const named = await askPathRules(
      [...inTrees.map(({ content, origin }) => ({ content, path: originPath(origin) })), ...staged],
      { target: this.target, ...this.#store },
      run,
    );
    const inIndex = staged.filter(({ content }) => named.has(content)).map(({ content }) => content);
    return [...inTrees.filter(({ content }) => named.has(content)), ...locator.sightings([...new Set(inIndex)].sort())];
  }

  /** Files that Git LFS keeps elsewhere: history points at them, and nothing of them was scanned. */
  #absentFiles(): Problem[] {
    const local = this.#side.lfsFiles();
    const absent = new Map(
      this.#pointers.filter(({ sha256 }) => !local.has(sha256)).map((pointer) => [pointer.sha256, pointer]),
    );
    const sorted = [...absent.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    const problems = sorted.slice(0, maxNamed).map(({ sha256, size, content }) => ({
      ...this.#problem(
        "lfs-missing",
        sha256,
        `file of ${size} bytes that Git LFS keeps is not here (pointer ${content.slice(0, 12)}); git lfs fetch --all brings it`,
      ),
      contents: 1,
    }));
    const rest = sorted.length - problems.length;
    if (rest > 0)
      problems.push({
        ...this.#problem("lfs-missing", this.target, `${rest} more files of Git LFS are not here`),
        contents: rest,
      });
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
