import { join } from "node:path";
import { messageOf, type StoreFault } from "../../content/git/pack-folder.ts";
import { append } from "../../model/multimap.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { Repository } from "./repository.ts";
import { readIndex } from "./staged/index-file.ts";

/** Paths of the index by blob id; empty where there is no index. `onFault` hears of one that cannot be read: what it names is an object like all others, its names are lost. */
export function stagedPaths(
  repository: Repository,
  idBytes: IdBytes,
  onFault: (fault: StoreFault) => void = () => {},
): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  const index = join(repository.gitDir, "index");
  try {
    for (const { path, id, isIntended } of readIndex(index, idBytes)) {
      if (!isIntended && paths.get(id)?.includes(path) !== true) append(paths, id, path);
    }
  } catch (error) {
    onFault({ subject: index, message: `the index is not read: ${messageOf(error)}` });
  }
  return paths;
}
