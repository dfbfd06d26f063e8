import type { Repository } from "./repository.ts";

/** Paths of the index by blob id, read by isomorphic-git; empty where there is no index or it cannot be read. */
export async function stagedPaths(repository: Repository): Promise<Map<string, string[]>> {
  const [{ default: git }, fs] = await Promise.all([import("isomorphic-git"), import("node:fs")]);
  const paths = new Map<string, string[]>();
  try {
    await git.walk({
      fs,
      dir: repository.gitDir,
      gitdir: repository.gitDir,
      trees: [git.STAGE()],
      map: async (path, [entry]) => {
        const oid = await entry?.oid();
        if (typeof oid === "string" && path !== ".") paths.set(oid, [...(paths.get(oid) ?? []), path]);
        return undefined;
      },
    });
  } catch {
    // An index that cannot be read names no paths; its contents are objects like all others.
  }
  return paths;
}
