import { PathHistory } from "./path-history.ts";

/** An object by its id, or a file as a commit holds it. */
export type ContentName = { readonly id: string } | { readonly commit: string; readonly path: string };

/** Reads one content of the repository at `target`. Undefined where it is not there or damaged. Throws ToolError where there is no repository. */
export async function readGitContent(target: string, name: ContentName): Promise<Buffer | undefined> {
  using history = await PathHistory.open(target);
  if ("id" in name) return history.bytes(name.id);
  const commit = history.commit(name.commit);
  const id = commit === undefined ? undefined : history.file(commit, name.path)?.id;
  return id === undefined ? undefined : history.bytes(id);
}
