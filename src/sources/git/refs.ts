import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRegularFile } from "../../content/regular-file.ts";
import { isObjectId } from "../../model/object-id.ts";
import type { Repository } from "./repository.ts";

export interface Ref {
  /** Full name, `refs/heads/main`; or `HEAD`. */
  readonly name: string;
  readonly oid: string;
  /** For annotated tags in packed-refs: the object behind the tag. */
  readonly peeled?: string;
}

/** A ref file holds an id or `ref: name`. */
const longestRefFile = 4096;
/** `ref:` may point at `ref:`; git gives up at five. */
const maxSymbolicDepth = 5;

/** All refs of the repository: HEAD, loose and packed ones; a loose ref hides the packed one of its name. Sorted by name. */
export function listRefs(repository: Repository): Ref[] {
  const found = new Map<string, Ref>();
  for (const ref of readPackedRefs(join(repository.commonDir, "packed-refs"))) found.set(ref.name, ref);
  for (const folder of new Set([repository.commonDir, repository.gitDir])) {
    for (const name of listFiles(folder, "refs")) {
      const oid = resolveRef(repository, name, found);
      if (oid !== undefined) found.set(name, { name, oid });
    }
  }
  const head = resolveRef(repository, "HEAD", found);
  if (head !== undefined) found.set("HEAD", { name: "HEAD", oid: head });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** `refs/heads/main` → `main`, `refs/remotes/origin/x` → `origin/x`, `refs/tags/v1` → `v1`, `refs/stash` → `stash`. */
export function shortName(name: string): string {
  return name.replace(/^refs\/(?:heads\/|remotes\/|tags\/)?/, "");
}

function resolveRef(repository: Repository, name: string, packed: ReadonlyMap<string, Ref>): string | undefined {
  let current = name;
  for (let depth = 0; depth <= maxSymbolicDepth; depth++) {
    const text = readRefFile(join(repository.gitDir, current)) ?? readRefFile(join(repository.commonDir, current));
    if (text === undefined) return packed.get(current)?.oid;
    if (isObjectId(text)) return text;
    const target = /^ref: (refs\/[^\0]+)$/.exec(text)?.[1];
    if (target === undefined || target.split("/").includes("..")) return undefined;
    current = target;
  }
  return undefined;
}

function readRefFile(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= longestRefFile ? readFileSync(path, "utf8").trim() : undefined;
  } catch {
    return undefined;
  }
}

function listFiles(folder: string, name: string): string[] {
  try {
    return readdirSync(join(folder, name), { withFileTypes: true }).flatMap((entry) => {
      const path = `${name}/${entry.name}`;
      return entry.isDirectory() ? listFiles(folder, path) : entry.isFile() ? [path] : [];
    });
  } catch {
    return [];
  }
}

/** The packed-refs file (git-pack-refs): `<id> <name>`, and `^<id>` for what the tag above points at. */
function readPackedRefs(path: string): Ref[] {
  if (!isRegularFile(path)) return [];
  const refs: Ref[] = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const peeled = /^\^([0-9a-f]{40}|[0-9a-f]{64})$/.exec(line)?.[1];
    const last = refs[refs.length - 1];
    if (peeled !== undefined && last !== undefined) refs[refs.length - 1] = { ...last, peeled };
    const [, oid, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) (refs\/.+)$/.exec(line) ?? [];
    if (oid !== undefined && name !== undefined) refs.push({ name, oid });
  }
  return refs;
}
