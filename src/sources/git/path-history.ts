import { join } from "node:path";
import { ToolError } from "../../model/problem.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { parseCommit, type Commit } from "../../content/git/commit.ts";
import { readObject } from "./push-commits.ts";
import { PushObjects } from "./push-objects.ts";
import { readTree, type TreeEntry } from "./push-walk.ts";
import { findRepository, readFormat } from "./repository.ts";

/** A file as a commit has it. */
export interface FileAt {
  readonly path: string;
  readonly id: string;
}

/** Deleted files that are held beside one that appeared, to tell whether it was renamed. */
const maxDeleted = 50;
/** Trees that are compared for one commit. */
const maxTrees = 2000;
/** Trees that are kept: from commit to commit most are the same. */
const maxKept = 200;

/** Looks at commits and files of one repository, one after the other. Nothing of it is started, and what is missing or damaged is as if it were not there. */
export class PathHistory implements Disposable {
  readonly #objects: PushObjects;
  readonly #kept = new Map<string, readonly TreeEntry[]>();

  private constructor(objects: PushObjects) {
    this.#objects = objects;
  }

  /** Throws ToolError where there is no repository. */
  static async open(target: string): Promise<PathHistory> {
    const repository = findRepository(target);
    if (repository === undefined) throw new ToolError("not-a-repository", `${target} is not a git repository`);
    const { idBytes } = await readFormat(repository);
    return new PathHistory(new PushObjects(join(repository.commonDir, "objects"), idBytes));
  }

  commit(id: string): Commit | undefined {
    const object = readObject(this.#objects, id, "commit", () => {});
    return object?.type === objectTypes.commit ? parseCommit(object.bytes) : undefined;
  }

  bytes(id: string): Buffer | undefined {
    return readObject(this.#objects, id, "object", () => {})?.bytes;
  }

  /** The file that a commit has at a path. */
  file({ tree }: Commit, path: string): FileAt | undefined {
    let at: TreeEntry | undefined;
    for (const part of path.split("/")) {
      const folder = at === undefined ? tree : at.kind === "tree" ? at.id : undefined;
      at = folder === undefined ? undefined : this.#entries(folder).find(({ name }) => name === part);
      if (at === undefined) return undefined;
    }
    return at === undefined || at.kind === "tree" ? undefined : { path, id: at.id };
  }

  /**
   * The file that a commit made of one of its parent's: at the same path, else one that it took away and that holds the same, else (asked by `isAlike`) much the same. Undefined where the
   * file is new.
   */
  before(commit: Commit, file: FileAt, parent: Commit, isAlike: (bytes: Buffer) => boolean): FileAt | undefined {
    const same = this.file(parent, file.path);
    if (same !== undefined) return same;
    const deleted = this.#deleted(parent.tree, commit.tree);
    return (
      deleted.find(({ id }) => id === file.id) ??
      deleted.find(({ id }) => {
        const bytes = this.bytes(id);
        return bytes !== undefined && isAlike(bytes);
      })
    );
  }

  /** Files that one tree has and another one has not at their paths. */
  #deleted(before: string, after: string): readonly FileAt[] {
    const found: FileAt[] = [];
    const stack: { readonly before: string; readonly after: string | undefined; readonly prefix: string }[] = [
      { before, after, prefix: "" },
    ];
    for (let trees = 0; trees < maxTrees && found.length < maxDeleted; trees++) {
      const at = stack.pop();
      if (at === undefined) break;
      const fresh = new Map(at.after === undefined ? [] : this.#entries(at.after).map((one) => [one.name, one]));
      for (const { name, id, kind } of this.#entries(at.before)) {
        const now = fresh.get(name);
        if (now?.id === id) continue;
        const path = at.prefix + name;
        if (kind === "tree")
          stack.push({ before: id, after: now?.kind === "tree" ? now.id : undefined, prefix: `${path}/` });
        else if (now === undefined) found.push({ path, id });
      }
    }
    return found.slice(0, maxDeleted);
  }

  #entries(tree: string): readonly TreeEntry[] {
    const known = this.#kept.get(tree);
    if (known !== undefined) return known;
    const entries = readTree(this.#objects, tree, () => {});
    if (this.#kept.size >= maxKept) this.#kept.delete(this.#kept.keys().next().value ?? "");
    this.#kept.set(tree, entries);
    return entries;
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
  }
}
