import { join } from "node:path";
import { append } from "../../model/multimap.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { Repository } from "./repository.ts";
import { readIndex } from "./staged/index-file.ts";

/** Paths of the index by blob id; empty where there is no index or it cannot be read. */
export function stagedPaths(repository: Repository, idBytes: IdBytes): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  try {
    for (const { path, id, isIntended } of readIndex(join(repository.gitDir, "index"), idBytes)) {
      if (!isIntended && paths.get(id)?.includes(path) !== true) append(paths, id, path);
    }
  } catch {
    // An index that cannot be read names no paths; its contents are objects like all others.
  }
  return paths;
}
