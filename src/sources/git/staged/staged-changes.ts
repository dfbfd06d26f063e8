import { NewNames } from "../new-names.ts";
import type { OnFault } from "../push-commits.ts";
import type { PushObjects } from "../push-objects.ts";
import { readTree } from "../push-walk.ts";
import { TreeComparer } from "../range/tree-changes.ts";
import type { IndexEntry } from "./index-file.ts";

const folderMode = 0o40000;
const submoduleMode = 0o160000;
const typeBits = 0o170000;

/**
 * What the next commit would bring in: blobs of the index that HEAD does not have under the same path, with their paths. Of a conflict all
 * sides count. A file that was moved and not changed brings nothing in; submodules and files that are only announced hold nothing.
 * `headTree`: undefined before the first commit. `names`: those of files and folders that HEAD does not have there.
 */
export function stagedChanges(
  objects: PushObjects,
  entries: readonly IndexEntry[],
  headTree: string | undefined,
  onFault: OnFault,
): { changes: Map<string, string[]>; names: NewNames<undefined> } {
  const comparer = new TreeComparer(objects, undefined, onFault);
  const head = new Map<string, string>();
  if (headTree !== undefined) for (const { path, id } of comparer.files(headTree)) head.set(path, id);
  const staged = new Set(entries.filter(({ isIntended }) => !isIntended).map(({ path }) => path));
  const folders = entries.filter(({ mode }) => (mode & typeBits) === folderMode).map(({ path }) => path);
  const moved = new Map<string, number>();
  for (const [path, id] of head) {
    if (staged.has(path) || folders.some((folder) => path.startsWith(folder))) continue;
    moved.set(id, (moved.get(id) ?? 0) + 1);
  }
  const names = new NewNames<undefined>();
  const held = new Set([...head.keys()].flatMap(pathsTo));
  const changes = new Map<string, string[]>();
  const add = (id: string, path: string): void => {
    const paths = changes.get(id);
    if (paths === undefined) changes.set(id, [path]);
    else if (!paths.includes(path)) paths.push(path);
  };
  for (const { path, id, mode, isIntended, stage } of entries) {
    if (isIntended || (mode & typeBits) === submoduleMode) continue;
    if ((mode & typeBits) === folderMode) {
      const before = headTree === undefined ? undefined : treeAt(objects, headTree, path);
      const onName = (name: string, inside: string): void => names.add(name, path + inside, undefined);
      for (const change of comparer.changes(id, before === undefined ? [] : [before], onName))
        add(change.id, path + change.path);
      continue;
    }
    const before = head.get(path);
    if (before === id) continue;
    for (const at of before === undefined ? pathsTo(path) : [])
      if (!held.has(at)) names.add(at.slice(at.lastIndexOf("/") + 1), at, undefined);
    const left = before === undefined && stage === 0 ? (moved.get(id) ?? 0) : 0;
    if (left > 0) moved.set(id, left - 1);
    else add(id, path);
  }
  return { changes, names };
}

/** A path, and those of the folders on the way to it. */
function pathsTo(path: string): string[] {
  const paths = [path];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) paths.push(path.slice(0, at));
  return paths;
}

/** The tree of a folder; `path` can end with a slash. */
function treeAt(objects: PushObjects, root: string, path: string): string | undefined {
  let at: string | undefined = root;
  for (const part of path.split("/").filter((one) => one !== "")) {
    if (at === undefined) break;
    at = readTree(objects, at, () => {}).find(({ name, kind }) => name === part && kind === "tree")?.id;
  }
  return at;
}
