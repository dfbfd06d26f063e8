import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type StoreFault } from "../../content/git/pack-folder.ts";
import { readFileIfThere } from "../../content/whole-file.ts";
import { isObjectId } from "../../model/object-id.ts";
import { listRefs } from "./refs.ts";
import { configValues, defaultFormat, readFormat, type Repository, type RepositoryFormat } from "./repository.ts";

/** A configuration is a page of text; a larger one is not read for what follows, and nothing is believed of the remote. */
const maxConfigBytes = 1 << 20;
/** A million commits. */
const maxShallowBytes = 1 << 26;

/**
 * Ids that the remote of a push is known to have: what its tracking refs (`refs/remotes/<remote>/…`) stand at. Where the remote is fetched
 * from one place and pushed to another, these refs say nothing of the place that is pushed to, and the answer is empty.
 */
export function knownOfRemote(repository: Repository, remote: string): string[] {
  const config = readConfig(repository);
  if (config === undefined || /^\s*push(?:url|insteadof)\s*=/im.test(config)) return [];
  // A remote `a/b` keeps its refs inside those of a remote `a`.
  const nested = [...config.matchAll(/^\s*\[\s*remote\s+"([^"\n]+)"/gim)]
    .map(([, name = ""]) => `refs/remotes/${name}/`)
    .filter((prefix) => prefix.startsWith(`refs/remotes/${remote}/`) && prefix !== `refs/remotes/${remote}/`);
  return listRefs(repository)
    .filter(
      ({ name }) => name.startsWith(`refs/remotes/${remote}/`) && !nested.some((prefix) => name.startsWith(prefix)),
    )
    .map(({ oid }) => oid);
}

/** How the repository is kept. Throws ToolError where that is a form that cannot be read. Most have no extensions; then nothing has to be loaded to know it. */
export async function checkFormat(repository: Repository): Promise<RepositoryFormat> {
  const config = readConfig(repository);
  return config === undefined || /\[\s*extensions\b/i.test(config) ? readFormat(repository) : defaultFormat;
}

/**
 * `core.hooksPath` of the repository's own configuration, as it stands there. What the user's or the machine's configuration says of it,
 * and what is included from elsewhere, is not seen: ask git where it is there.
 */
export async function configuredHooksPath(repository: Repository): Promise<string | undefined> {
  const value = (await configValues(repository, "core.hookspath")).at(-1);
  return value === "" ? undefined : value;
}

/** Commits at which a shallow clone was cut off. What of the list cannot be read is told in `faults`. */
export function shallowCommits(repository: Repository, faults: StoreFault[] = []): ReadonlySet<string> {
  const file = join(repository.commonDir, "shallow");
  try {
    const lines = (readFileIfThere(file, maxShallowBytes)?.toString("latin1") ?? "").split("\n");
    const ids = lines.filter(isObjectId);
    const others = lines.filter((line) => line !== "").length - ids.length;
    if (others > 0) faults.push({ subject: file, message: `${others} lines are no ids of commits` });
    return new Set(ids);
  } catch (error) {
    faults.push({ subject: file, message: `where the clone is cut off is not known: ${messageOf(error)}` });
    return new Set();
  }
}

function readConfig(repository: Repository): string | undefined {
  const path = join(repository.commonDir, "config");
  if (!existsSync(path)) return "";
  const stat = statSync(path);
  return stat.isFile() && stat.size <= maxConfigBytes ? readFileSync(path, "utf8") : undefined;
}
