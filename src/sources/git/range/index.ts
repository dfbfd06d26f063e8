/**
 * A part of a history as a source: what selected commits bring in. In: the repository and what the user wrote, as for `git log`. Out: units for
 * the files, messages and tags of these commits alone, and sightings that name them. It runs no git program.
 */
import { join } from "node:path";
import { parseCommit } from "../../../content/git/commit.ts";
import { reaches, type CommitFacts, type ContentId, type GitOrigin, type Reach } from "../../../model/content.ts";
import { ToolError, type Problem, type ProblemCode } from "../../../model/problem.ts";
import type { KnownContents, Located, PlannedUnit, Sighting, Source, SourceContext } from "../../../model/source.ts";
import type { Unit, UnitResult } from "../../../model/unit.ts";
import { askPathRules } from "../named-files.ts";
import type { NamePlace } from "../new-names.ts";
import { planIds } from "../plan-ids.ts";
import type { OnFault } from "../push-commits.ts";
import { PushObjects } from "../push-objects.ts";
import { checkFormat } from "../push-remote.ts";
import { namesAt } from "../push-walk.ts";
import { findRepository, type Repository } from "../repository.ts";
import { listRoots } from "../roots.ts";
import { stagedPaths } from "../staged.ts";
import type { Introduced } from "./introduced.ts";
import { openSelection, type OpenSelection } from "./open-selection.ts";
import { reachingRefs } from "./reaching-refs.ts";
import { requestText, type RangeRequest } from "./request.ts";
import { TreeComparer } from "./tree-changes.ts";

export { readRangeRequest, type RangeRequest } from "./request.ts";

/** Problems named one by one: a clone without its blobs misses every one of them. */
const maxNamed = 50;

/**
 * Opens a part of the history at `target`, which lies in `folder`. `now`: seconds since 1970, for relative dates. Throws ToolError when there is no repository, and
 * `usage` for revisions that are not there. What cannot be read of the range is a problem that makes the scan incomplete.
 */
export async function openRange(
  target: string,
  request: RangeRequest,
  now: number,
  context: SourceContext,
  folder = target,
): Promise<Source> {
  const repository = findRepository(folder);
  if (repository === undefined) {
    throw new ToolError("not-a-repository", `${target} is not a git repository`, {
      hint: `commits can only be selected in one; for a folder of files use: leaktrace dir ${target}`,
    });
  }
  const { idBytes } = await checkFormat(repository);
  const objects = new PushObjects(join(repository.commonDir, "objects"), idBytes);
  try {
    const faults: Problem[] = [];
    const onFault: OnFault = (code, subject, message) =>
      void faults.push({ code, effect: "incomplete", target, subject, message });
    const opened = await openSelection({ target, repository, objects, request, now, onFault });
    return new RangeSource(target, repository, objects, request, context, opened, faults);
  } catch (error) {
    objects[Symbol.dispose]();
    throw error;
  }
}

/** A content, or a name of a file (`tree`), and where it comes in. */
interface Met {
  readonly content: ContentId;
  readonly introduced: Omit<Introduced, "type"> & { readonly type: Introduced["type"] | "tree" };
}

function metName(content: ContentId, { commit, path }: NamePlace<string>): Met {
  return { content, introduced: { type: "tree", commit, paths: [path] } };
}

class RangeSource implements Source {
  readonly target: string;
  readonly kind = "git";
  readonly selection: string;
  readonly #repository: Repository;
  readonly #objects: PushObjects;
  readonly #context: SourceContext;
  readonly #opened: OpenSelection;
  readonly #faults: readonly Problem[];

  constructor(
    target: string,
    repository: Repository,
    objects: PushObjects,
    request: RangeRequest,
    context: SourceContext,
    opened: OpenSelection,
    faults: readonly Problem[],
  ) {
    this.target = target;
    this.#repository = repository;
    this.#objects = objects;
    this.#context = context;
    this.#opened = opened;
    this.#faults = faults;
    const count = opened.found.commits.length;
    this.selection = `${count} ${count === 1 ? "commit" : "commits"}: ${requestText(request)}`;
  }

  async *units(): AsyncGenerator<PlannedUnit | KnownContents | Problem> {
    const problem = (code: ProblemCode, subject: string, message: string): Problem =>
      this.#problem(code, subject, message);
    for (const { subject, message, isNote } of this.#objects.faults)
      yield { ...problem("pack-corrupt", subject, message), ...(isNote === true ? { effect: "note" } : {}) };
    yield* this.#faults.slice(0, maxNamed);
    const more = this.#faults.length - maxNamed;
    if (more > 0) yield problem(this.#faults[0]!.code, this.target, `${more} more objects cannot be read`);
    for (const id of this.#opened.found.boundary.slice(0, maxNamed))
      yield problem(
        "shallow",
        id,
        "shallow clone: what of the range lies before this commit is not here; git fetch --unshallow brings it",
      );
    const { target } = this;
    yield* planIds(
      target,
      this.#objects,
      this.#opened.introduced.keys(),
      "objects of the range",
      this.#context.claim,
      problem,
    );
    yield* this.#opened.newNames.units(target);
  }

  done(): void {
    // Objects carry their ids; nothing has to be remembered.
  }

  async locate(found: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located> {
    const files = [...this.#opened.introduced].flatMap(([content, { type, paths }]) =>
      type === "blob" && !found.has(content) ? paths.map((path) => ({ content, path })) : [],
    );
    const { folders, idBytes } = this.#objects;
    const contents = new Set([
      ...found,
      ...(await askPathRules(files, { target: this.target, folders, idBytes }, run)),
    ]);
    const here = [...contents].sort().flatMap((content): Met[] => {
      const introduced = this.#opened.introduced.get(content);
      const name = this.#opened.newNames.placeOf(content);
      return [
        ...(introduced === undefined ? [] : [{ content, introduced }]),
        ...(name === undefined ? [] : [metName(content, name)]),
      ];
    });
    if (here.length === 0) return { sightings: [], problems: [] };
    const { commits, names } = this.#opened;
    const roots = listRoots(this.#repository, names.refs, () => {});
    const waysTo = reachingRefs(commits, names, roots, new Set(here.map(({ introduced }) => introduced.commit)));
    const headTree = this.#headTree();
    const isInHead = this.#headContents(headTree, contents);
    const staged = stagedPaths(this.#repository, this.#objects.idBytes);
    const sightings = here.flatMap(({ content, introduced: { type, commit, paths } }) =>
      paths.toSorted().map((path): Sighting => {
        const facts = type === "tag" ? undefined : this.#factsOf(commit);
        const { refs, reachedBy } = waysTo(commit);
        const isStaged = type === "blob" && staged.has(content);
        const ways = new Set<Reach>([...(reachedBy ?? []), ...(isStaged ? ["index" as const] : [])]);
        if (ways.size > 1) ways.delete("unreachable");
        const isNamedInHead = type === "tree" && headTree !== undefined && namesAt(this.#objects, headTree, path);
        const origin: GitOrigin = {
          kind: "git",
          repository: this.target,
          object: content,
          objectType: type,
          path,
          ...(facts === undefined ? {} : { commit: facts }),
          inHead: isInHead.has(content) || isNamedInHead,
          refs,
          ...(reachedBy === undefined ? {} : { reachedBy: reaches.filter((way) => ways.has(way)) }),
        };
        return { content, origin };
      }),
    );
    return { sightings, problems: [] };
  }

  #headTree(): string | undefined {
    const { commits, names } = this.#opened;
    const head = names.refs.find(({ name }) => name === "HEAD")?.oid;
    return head === undefined ? undefined : commits.read(head)?.tree;
  }

  /** Which contents the tree of HEAD holds. */
  #headContents(tree: string | undefined, contents: ReadonlySet<ContentId>): ReadonlySet<string> {
    const held = new Set<string>();
    if (tree === undefined) return held;
    for (const { id } of new TreeComparer(this.#objects, undefined, () => {}).files(tree))
      if (contents.has(id)) held.add(id);
    return held;
  }

  #factsOf(id: string): CommitFacts | undefined {
    const bytes = this.#opened.commits.bytes(id);
    const commit = bytes === undefined ? undefined : parseCommit(bytes);
    if (commit === undefined) return undefined;
    const { author, email, authorTime, message } = commit;
    // Beyond this JavaScript has no dates; hostile commits do.
    const date =
      Math.abs(authorTime) > 8_640_000_000_000 ? "" : new Date(authorTime * 1000).toISOString().replace(".000Z", "Z");
    return { id, author, email, date, message: message.trimEnd() };
  }

  #problem(code: ProblemCode, subject: string, message: string): Problem {
    return { code, effect: "incomplete", target: this.target, subject, message };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#objects[Symbol.dispose]();
  }
}
