/**
 * A push as a source: the objects that the remote does not have, and for each the commit and path that bring it in. In: the repository, the
 * pushed ids, the remote's. It runs no git program and asks no network.
 */
import { append } from "../../model/multimap.ts";
import { dirname, resolve } from "node:path";
import type { CommitFacts, ContentId, GitOrigin } from "../../model/content.ts";
import type { Problem, ProblemCode } from "../../model/problem.ts";
import type { KnownContents, Located, PlannedUnit, Sighting, Source, SourceContext } from "../../model/source.ts";
import type { Unit, UnitResult } from "../../model/unit.ts";
import { askPathRules } from "./named-files.ts";
import { NewNames } from "./new-names.ts";
import { objectFolders } from "./object-folders.ts";
import { planIds } from "./plan-ids.ts";
import { PushObjects } from "./push-objects.ts";
import { checkFormat, knownOfRemote, shallowCommits } from "./push-remote.ts";
import { findPushSet, holdsAt, namesAt, type Introduced, type PushSet } from "./push-walk.ts";
import { listRefs, shortName } from "./refs.ts";
import { findRepository, type Repository } from "./repository.ts";

export { configuredHooksPath } from "./push-remote.ts";
export { type Repository } from "./repository.ts";

/** One name that is pushed; not one that is deleted. */
export interface PushedRef {
  /** What it is called here: a ref, or what the user wrote instead. */
  readonly localRef: string;
  readonly localId: string;
  readonly remoteRef: string;
  /** What the remote has under the name; absent where it has none. */
  readonly remoteId?: string;
}

export interface Push {
  readonly repository: Repository;
  /** Name or URL of the remote, as git gives it to the hook. */
  readonly remote: string;
  readonly refs: readonly PushedRef[];
}

/** What the walk found, for whoever has to say it: filled when the source has planned its units. */
export interface PushFacts {
  /** New commits, parents first. */
  readonly commits: Map<string, { readonly isRoot: boolean }>;
  newFiles: number;
}

/** A new name of a file or folder. */
type IntroducedName = Omit<Introduced, "type"> & { readonly type: "tree" };

/** Problems named one by one: a clone without its blobs misses every one of them. */
const maxNamed = 50;
/** Names of refs listed for a commit. */
const maxRefs = 16;

/** Finds the repository that a path lies in, going up from it. Gives the folder it was found at, too. Undefined when there is none. */
export function findRepositoryAbove(
  path: string,
): { readonly repository: Repository; readonly root: string } | undefined {
  for (let root = resolve(path); ; root = dirname(root)) {
    const repository = findRepository(root);
    if (repository !== undefined) return { repository, root };
    if (root === dirname(root)) return undefined;
  }
}

/** Id of the commit that is checked out; empty when there is none. */
export function pushHead(repository: Repository): string {
  return listRefs(repository).find(({ name }) => name === "HEAD")?.oid ?? "";
}

/**
 * Opens a push. `target` names the repository in findings and problems; `facts` is filled along the way. Throws ToolError when the repository
 * is kept in a form that cannot be read. Every object that cannot be read is a problem that makes the scan incomplete.
 */
export async function openPush(target: string, push: Push, context: SourceContext, facts: PushFacts): Promise<Source> {
  const { idBytes } = await checkFormat(push.repository);
  const { repository } = push;
  const objects = new PushObjects(objectFolders(repository, process.env), idBytes);
  let set: PushSet = { commits: [], contents: new Map(), trees: new Set(), names: new NewNames(), tagged: new Map() };

  function* units(): Generator<PlannedUnit | KnownContents | Problem> {
    const faults: Problem[] = [];
    const problem = (code: ProblemCode, subject: string, message: string): Problem => ({
      code,
      effect: "incomplete",
      target,
      subject,
      message,
    });
    for (const { subject, message, isNote } of objects.faults)
      yield { ...problem("pack-corrupt", subject, message), ...(isNote === true ? { effect: "note" } : {}) };
    const remotes = [...knownOfRemote(repository, push.remote), ...push.refs.flatMap(({ remoteId }) => remoteId ?? [])];
    const locals = push.refs.map(({ localId }) => localId);
    set = findPushSet(
      objects,
      locals,
      remotes,
      shallowCommits(repository),
      (...fault) => void faults.push(problem(...fault)),
    );
    for (const { id, parents } of set.commits) facts.commits.set(id, { isRoot: parents.length === 0 });
    for (const { type } of set.contents.values()) if (type === "blob") facts.newFiles++;
    yield* faults.slice(0, maxNamed);
    if (faults.length > maxNamed)
      yield problem(faults[0]!.code, target, `${faults.length - maxNamed} more objects cannot be read`);

    yield* planIds(target, objects, set.contents.keys(), "pushed objects", context.claim, problem);
    yield* set.names.units(target);
  }

  async function locate(found: ReadonlySet<ContentId>, run: (unit: Unit) => Promise<UnitResult>): Promise<Located> {
    const files = [...set.contents].flatMap(([content, { type, path }]) =>
      type === "blob" && !found.has(content) ? [{ content, path }] : [],
    );
    const contents = [...found, ...(await askPathRules(files, { target, folders: objects.folders, idBytes }, run))];
    const head = pushHead(repository);
    const headTree = head === "" ? undefined : treeOf(objects, head);
    const refsOf = refFinder(set, push.refs);
    const sightings = contents.sort().flatMap((content) => {
      const introduced = set.contents.get(content);
      const name = set.names.placeOf(content);
      return [
        ...(introduced === undefined ? [] : [sighting(content, introduced)]),
        ...(name === undefined ? [] : [sighting(content, { ...name, type: "tree" })]),
      ];
    });
    return { sightings, problems: [] };

    function sighting(content: ContentId, { type, commit, path }: Introduced | IntroducedName): Sighting {
      const inHead = type === "blob" && headTree !== undefined && holdsAt(objects, headTree, path, content);
      const isNamedInHead = type === "tree" && headTree !== undefined && namesAt(objects, headTree, path);
      const origin: GitOrigin = {
        kind: "git",
        repository: target,
        object: content,
        objectType: type,
        path,
        ...(commit === undefined ? {} : { commit: factsOf(commit) }),
        inHead: inHead || isNamedInHead,
        refs: refsOf(content, commit),
      };
      return { content, origin };
    }
  }

  return {
    target,
    kind: "git",
    async *units() {
      yield* units();
    },
    done: () => {},
    locate,
    [Symbol.asyncDispose]: async () => objects[Symbol.dispose](),
  };
}

function factsOf({ id, author, email, authorTime, message }: NonNullable<Introduced["commit"]>): CommitFacts {
  // Beyond this JavaScript has no dates; hostile commits do.
  const date =
    Math.abs(authorTime) > 8_640_000_000_000 ? "" : new Date(authorTime * 1000).toISOString().replace(".000Z", "Z");
  return { id, author, email, date, message: message.trimEnd() };
}

function treeOf(objects: PushObjects, commit: string): string | undefined {
  try {
    return /^tree ([0-9a-f]{40}|[0-9a-f]{64})\n/.exec(objects.read(commit)?.bytes.toString("latin1", 0, 70) ?? "")?.[1];
  } catch {
    return undefined;
  }
}

/** Tells which pushed names lead to a content, by going from its commit to the commits above it. */
function refFinder(
  set: PushSet,
  refs: readonly PushedRef[],
): (content: ContentId, commit: Introduced["commit"]) => readonly string[] {
  const children = new Map<string, string[]>();
  for (const { id, parents } of set.commits) for (const parent of parents) append(children, parent, id);
  return (content, commit) => {
    const above = new Set([commit?.id ?? content]);
    for (const id of above) for (const child of children.get(id) ?? []) above.add(child);
    const names = refs
      .filter(({ localId }) => above.has(localId) || above.has(set.tagged.get(localId) ?? ""))
      .map(({ remoteRef }) => shortName(remoteRef));
    return [...new Set(names)].sort().slice(0, maxRefs);
  };
}
