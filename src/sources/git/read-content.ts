import { join } from "node:path";
import { ToolError } from "../../model/problem.ts";
import { readObject } from "./push-commits.ts";
import { PushObjects } from "./push-objects.ts";
import { readTree } from "./push-walk.ts";
import { findRepository, readFormat } from "./repository.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import { parseCommit } from "../../content/git/commit.ts";

/** An object by its id, or a file as a commit holds it. */
export type ContentName = { readonly id: string } | { readonly commit: string; readonly path: string };

/** Reads one content of the repository at `target`. Undefined where it is not there or damaged. Throws ToolError where there is no repository. */
export async function readGitContent(target: string, name: ContentName): Promise<Buffer | undefined> {
  const repository = findRepository(target);
  if (repository === undefined) throw new ToolError("not-a-repository", `${target} is not a git repository`);
  const { idBytes } = await readFormat(repository);
  using objects = new PushObjects(join(repository.commonDir, "objects"), idBytes);
  const id = "id" in name ? name.id : idAt(objects, name.commit, name.path);
  return id === undefined ? undefined : readObject(objects, id, "object", () => {})?.bytes;
}

function idAt(objects: PushObjects, commit: string, path: string): string | undefined {
  const object = readObject(objects, commit, "commit", () => {});
  let at = object?.type === objectTypes.commit ? parseCommit(object.bytes)?.tree : undefined;
  for (const part of path.split("/")) {
    if (at === undefined) return undefined;
    at = readTree(objects, at, () => {}).find(({ name }) => name === part)?.id;
  }
  return at;
}
