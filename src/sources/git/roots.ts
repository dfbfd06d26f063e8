import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { openWithoutWaiting } from "../../content/regular-file.ts";
import type { Reach } from "../../model/content.ts";
import type { Problem } from "../../model/problem.ts";
import type { Root } from "./reachability.ts";
import { listOwnRefs, listTableLogs, shortName, type Ref } from "./refs.ts";
import { isOfGitFolder, linkedWorktrees, type Repository } from "./repository.ts";

/** A reflog beyond this is not followed; its text is scanned like that of any file. */
const maxLogBytes = 64 << 20;
/** Files that hold an id for a while: `ORIG_HEAD`, `FETCH_HEAD`, `MERGE_AUTOSTASH` … (gitrevisions). */
const pseudoRef = /^(?:[A-Z][A-Z_]*_HEAD|MERGE_AUTOSTASH|AUTO_MERGE|BISECT_EXPECTED_REV)$/;
/** Most that is read of one of them. */
const maxPseudoBytes = 1 << 20;
/** Folders below `logs` or `worktrees` that are gone into; names of refs are not deeper. */
const maxDepth = 32;

/** All ways into the object graph, with the refs that name nothing. `refs` are those of `listRefs`. */
export function listRoots(
  repository: Repository,
  refs: readonly Ref[],
  problem: (problem: RootProblem) => void,
): Root[] {
  const roots = refs.map((ref): Root => {
    const isHead = ref.name === "HEAD";
    return { oid: ref.oid, reach: kindOf(ref.name), ...(isHead ? { isHead } : { name: shortName(ref.name) }) };
  });
  const folders = new Set([repository.commonDir, repository.gitDir]);
  const byName = new Map(refs.map((ref) => [ref.name, ref]));
  for (const name of linkedWorktrees(repository)) {
    const gitDir = join(repository.commonDir, "worktrees", name);
    for (const ref of listOwnRefs({ gitDir, commonDir: repository.commonDir }, byName))
      roots.push({ oid: ref.oid, reach: kindOf(ref.name), name: `worktrees/${name}/${shortName(ref.name)}` });
    folders.add(gitDir);
  }
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      if (!pseudoRef.test(name)) continue;
      const text = readHead(join(folder, name), maxPseudoBytes)?.text ?? "";
      for (const [, oid = ""] of text.matchAll(/^([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])/gm))
        roots.push({ oid, reach: "ref" });
    }
    if (!isOfGitFolder(folder, "logs"))
      problem({ subject: join(folder, "logs"), message: "is a link that leads to no reflogs: none are followed" });
    else
      for (const path of filesBelow(join(folder, "logs"), 0)) {
        const log = readHead(path, maxLogBytes);
        if (log === undefined) continue;
        if (log.isCut)
          problem({
            subject: path,
            message: `reflog is longer than ${maxLogBytes} bytes: what it names beyond is not labelled`,
          });
        for (const oid of idsInLog(log.text)) roots.push({ oid, reach: reachOfLog(path) });
      }
  }
  for (const { path, text } of listTableLogs(repository))
    for (const oid of idsInLog(text)) roots.push({ oid, reach: reachOfLog(path) });
  return roots;
}

/** Old and new ids of a reflog, each once. */
function idsInLog(text: string): Set<string> {
  const lines = text.matchAll(/^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) /gm);
  return new Set([...lines].flatMap(([, a = "", b = ""]) => [a, b]));
}

/** What a reflog keeps reachable, by its path. */
export function reachOfLog(path: string): Reach {
  return basename(path) === "stash" ? "stash" : "reflog";
}

export type RootProblem = Pick<Problem, "subject" | "message">;

const kinds = new Map<string, Reach>([
  ["heads", "branch"],
  ["tags", "tag"],
  ["remotes", "remote-tracking"],
  ["notes", "note"],
]);

function kindOf(name: string): Reach {
  if (name === "HEAD") return "HEAD";
  if (name === "refs/stash") return "stash";
  return kinds.get(/^refs\/([^/]+)\//.exec(name)?.[1] ?? "") ?? "ref";
}

/** Names in a folder, sorted; none where it cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function filesBelow(folder: string, depth: number): string[] {
  if (depth > maxDepth) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? filesBelow(path, depth + 1) : entry.isFile() ? [path] : [];
      });
  } catch {
    return [];
  }
}

/** The first `limit` bytes of a regular file as text; undefined where it cannot be read. */
export function readHead(path: string, limit: number): { text: string; isCut: boolean } | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, openWithoutWaiting);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, limit));
    const read = readSync(descriptor, bytes, 0, bytes.length, 0);
    return { text: bytes.toString("latin1", 0, read), isCut: stat.size > limit };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
