/**
 * Changes that no commit holds yet, as a source: what is staged, or what was changed in the working tree and not staged. In: the repository.
 * Out: units for these files alone, and sightings with their paths. It runs no git program, no filter, no hook.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ContentId } from "../../../model/content.ts";
import { FileBatch } from "../../../model/file-batch.ts";
import type { IdBytes } from "../../../model/object-id.ts";
import { ToolError, type Problem, type ProblemCode } from "../../../model/problem.ts";
import type { KnownContents, Located, PlannedUnit, Sighting, Source, SourceContext } from "../../../model/source.ts";
import type { InlineUnit, Unit, UnitResult } from "../../../model/unit.ts";
import { askPathRules } from "../named-files.ts";
import { planIds } from "../plan-ids.ts";
import { NewNames } from "../new-names.ts";
import type { OnFault } from "../push-commits.ts";
import { findRepositoryAbove } from "../push.ts";
import { PushObjects } from "../push-objects.ts";
import { checkFormat } from "../push-remote.ts";
import { CommitReader } from "../range/commit-reader.ts";
import { listRefs } from "../refs.ts";
import { findRepository, gitFileOf, type Repository } from "../repository.ts";
import { readIndex, type IndexEntry } from "./index-file.ts";
import { stagedChanges } from "./staged-changes.ts";
import { worktreeChanges } from "./worktree-changes.ts";

export interface ChangesRequest {
  readonly kind: "staged" | "unstaged";
  /** Larger files of the working tree are left out, and told; 0: none are. */
  readonly maxBytes: number;
  /** Another index than the repository's own: git has one for hooks while it commits only some paths. */
  readonly indexFile: string | undefined;
  /** Where the repository is, when that is not told by the target: a hook is given it by git. */
  readonly gitDir?: string;
}

/** Problems named one by one. */
const maxNamed = 50;

/** Opens the changes in the repository at `target`. Throws ToolError where there is none, or no working tree that could have changes. */
export async function openChanges(target: string, request: ChangesRequest, context: SourceContext): Promise<Source> {
  const repository = findRepository(request.gitDir ?? target);
  if (repository === undefined) {
    throw new ToolError("not-a-repository", `${target} is not a git repository`, {
      hint: `changes are staged in one; for a folder of files use: leaktrace dir ${target}`,
    });
  }
  const { idBytes } = await checkFormat(repository);
  const root = request.kind === "unstaged" ? worktreeOf(target, repository) : undefined;
  return new ChangesSource(target, repository, idBytes, root, request, context);
}

/** The index that `GIT_INDEX_FILE` names; it counts for the repository of the current folder alone. Undefined where there is none. */
export function indexOfHook(target: string, environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment["GIT_INDEX_FILE"];
  if (named === undefined || named === "") return undefined;
  const here = findRepositoryAbove(".");
  return here?.repository.gitDir === findRepository(target)?.gitDir ? resolve(here?.root ?? ".", named) : undefined;
}

/** Top of the working tree. */
function worktreeOf(target: string, { gitDir }: Repository): string {
  if (existsSync(join(target, ".git"))) return target;
  if (basename(gitDir) === ".git") return dirname(gitDir);
  // A linked worktree's own folder tells where its `.git` file is.
  const gitFile = gitFileOf(gitDir);
  if (gitFile !== undefined) return dirname(gitFile);
  throw new ToolError("usage", `--pre-commit: ${target} has no working tree`, {
    hint: "A bare repository has no changes; leaktrace git without --pre-commit scans its history.",
  });
}

class ChangesSource implements Source {
  readonly target: string;
  readonly kind = "git";
  readonly #repository: Repository;
  readonly #root: string | undefined;
  readonly #request: ChangesRequest;
  readonly #context: SourceContext;
  readonly #objects: PushObjects;
  readonly #sightings: Sighting[] = [];
  #paths: ReadonlyMap<string, readonly string[]> = new Map();
  #names = new NewNames<undefined>();
  #count = 0;

  constructor(
    target: string,
    repository: Repository,
    idBytes: IdBytes,
    root: string | undefined,
    request: ChangesRequest,
    context: SourceContext,
  ) {
    this.target = target;
    this.#repository = repository;
    this.#root = root;
    this.#request = request;
    this.#context = context;
    this.#objects = new PushObjects(join(repository.commonDir, "objects"), idBytes);
  }

  get selection(): string {
    const files = `${this.#count} ${this.#count === 1 ? "file" : "files"}`;
    return this.#request.kind === "staged" ? `${files} staged` : `${files} changed and not staged`;
  }

  async *units(): AsyncGenerator<PlannedUnit | KnownContents | Problem> {
    const path = this.#request.indexFile ?? join(this.#repository.gitDir, "index");
    let entries: IndexEntry[];
    try {
      entries = readIndex(path, this.#objects.idBytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : "it cannot be read";
      yield this.#problem("unreadable", path, `the index is not read: ${why}`);
      return;
    }
    if (this.#root === undefined) yield* this.#staged(entries);
    else yield* this.#unstaged(this.#root, entries, path);
  }

  *#staged(entries: readonly IndexEntry[]): Generator<PlannedUnit | KnownContents | Problem> {
    const objects = this.#objects;
    for (const { subject, message, isNote } of objects.faults)
      yield { ...this.#problem("pack-corrupt", subject, message), ...(isNote === true ? { effect: "note" } : {}) };
    const faults: Problem[] = [];
    const onFault: OnFault = (...fault) => void faults.push(this.#problem(...fault));
    const commits = new CommitReader(objects, new Set());
    const head = listRefs(this.#repository).find(({ name }) => name === "HEAD");
    const headTree = head === undefined ? undefined : commits.read(head.oid, onFault)?.tree;
    const { changes, names } = stagedChanges(objects, entries, headTree, onFault);
    this.#paths = changes;
    this.#names = names;
    this.#count = new Set([...this.#paths.values()].flat()).size;
    yield* faults.slice(0, maxNamed);
    if (faults.length > maxNamed)
      yield this.#problem(faults[0]!.code, this.target, `${faults.length - maxNamed} more objects cannot be read`);
    const problem = this.#problem.bind(this);
    yield* planIds(this.target, objects, this.#paths.keys(), "staged files", this.#context.claim, problem);
    yield* names.units(this.target);
  }

  *#unstaged(root: string, entries: readonly IndexEntry[], index: string): Generator<PlannedUnit | Problem> {
    const { target } = this;
    const written = statSync(index, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n;
    const batch = new FileBatch(target);
    for (const change of worktreeChanges(root, entries, written, this.#objects.idBytes === 20 ? "sha1" : "sha256")) {
      this.#count++;
      if (change.kind === "unreadable") {
        yield { ...this.#problem("unreadable", change.path, change.why), contents: 1 };
      } else if (change.kind === "link") {
        const contents = [{ place: change.path, bytes: new Uint8Array(change.target) }];
        const unit: InlineUnit = { kind: "inline", target, weight: change.target.length, contents };
        yield { kind: "planned", unit, planned: 1 };
      } else if (this.#request.maxBytes > 0 && change.size > this.#request.maxBytes) {
        const message = `file of ${change.size} bytes is over --max-target-megabytes`;
        yield { ...this.#problem("too-large", change.path, message), contents: 1 };
      } else {
        yield* batch.add(resolve(root, change.path), change.path, change.size);
      }
    }
    yield* batch.rest();
  }

  done(_unit: Unit, result: UnitResult): void {
    for (const { content, place } of result.hits)
      if (place !== "") this.#sightings.push(this.#sighting(content, place));
  }

  async locate(found: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located> {
    const files = [...this.#paths].flatMap(([content, paths]) =>
      found.has(content) ? [] : paths.map((path) => ({ content, path })),
    );
    const { folders, idBytes } = this.#objects;
    const contents = new Set([
      ...found,
      ...(await askPathRules(files, { target: this.target, folders, idBytes }, run)),
    ]);
    const sightings = this.#sightings.filter(({ content }) => contents.has(content));
    for (const content of [...contents].sort()) {
      for (const path of this.#paths.get(content) ?? []) sightings.push(this.#sighting(content, path));
      const name = this.#names.placeOf(content);
      if (name !== undefined) sightings.push(this.#sighting(content, name.path, "tree"));
    }
    return { sightings, problems: [] };
  }

  #sighting(content: ContentId, path: string, objectType: "blob" | "tree" = "blob"): Sighting {
    const origin = { kind: "git", repository: this.target, object: content, objectType, path } as const;
    const way = this.#request.kind === "staged" ? "index" : "worktree";
    return { content, origin: { ...origin, inHead: false, refs: [], reachedBy: [way] } };
  }

  #problem(code: ProblemCode, subject: string, message: string): Problem {
    return { code, effect: "incomplete", target: this.target, subject, message };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#objects[Symbol.dispose]();
  }
}
