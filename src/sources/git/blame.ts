import { setImmediate } from "node:timers/promises";
import type { Commit } from "../../content/git/commit.ts";
import type { FileAt, PathHistory } from "./path-history.ts";
import { sameLines } from "./same-lines.ts";

/** Commits that are looked at for one answer. */
const maxCommits = 5000;
/** So many between two looks at whether anybody still waits. */
const commitsAtOnce = 32;
/** A larger file is not compared line by line. */
const maxBytes = 4 << 20;

/** Who brought a line; absent where the history is longer than was looked at, or is not here. */
export interface BlamedLine {
  readonly commit?: { readonly id: string } & Pick<Commit, "author" | "email" | "authorTime" | "message">;
  /** Where the file was called otherwise then. */
  readonly path?: string;
}

/** Lines of a file of some commit that nobody is known for yet. */
interface Task {
  readonly id: string;
  readonly commit: Commit;
  readonly file: FileAt;
  /** Of each line asked for: where it stands in this file. */
  readonly lines: ReadonlyMap<number, number>;
}

/**
 * Says of lines of a file (from 1) which commit brought them, as `git blame` does: from a commit on which has it, along all parents that hold the line, through renames. Ends early when `signal` is aborted.
 */
export async function blame(
  history: PathHistory,
  at: { readonly commit: string; readonly path: string },
  lines: readonly number[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, BlamedLine>> {
  const found = new Map<number, BlamedLine>(lines.map((line) => [line, {}]));
  const commit = history.commit(at.commit);
  const file = commit === undefined ? undefined : history.file(commit, at.path);
  if (commit === undefined || file === undefined) return found;
  const tasks: Task[] = [{ id: at.commit, commit, file, lines: new Map(lines.map((line) => [line, line - 1])) }];
  for (let looked = 0; looked < maxCommits && !signal.aborted; looked++) {
    const task = tasks.pop();
    if (task === undefined) break;
    if (looked % commitsAtOnce === commitsAtOnce - 1) await setImmediate();
    for (const line of toParents(history, task, tasks)) {
      const { author, email, authorTime, message } = task.commit;
      const path = task.file.path === at.path ? {} : { path: task.file.path };
      found.set(line, { commit: { id: task.id, author, email, authorTime, message }, ...path });
    }
  }
  return found;
}

/** Hands lines on to parents that have them too; gives those that this commit brought, and none where a parent is not here. */
function toParents(history: PathHistory, { commit, file, lines }: Task, tasks: Task[]): Iterable<number> {
  const parents = commit.parents.map((id) => ({ id, commit: history.commit(id) }));
  // In a shallow clone whoever stands at its border has not brought all of it.
  if (parents.some((parent) => parent.commit === undefined)) return [];
  const bytes = history.bytes(file.id);
  const text = linesOf(bytes);
  const befores = parents.flatMap((parent) => {
    const before = history.before(commit, file, parent.commit!, isAlike(bytes));
    return before === undefined ? [] : [{ id: parent.id, commit: parent.commit!, file: before }];
  });
  const same = befores.find((before) => before.file.id === file.id);
  if (same !== undefined) {
    tasks.push({ ...same, lines });
    return [];
  }
  const left = new Map(lines);
  for (const before of befores) {
    const from = sameLines(linesOf(history.bytes(before.file.id)), text);
    const handed = new Map<number, number>();
    for (const [line, index] of left) {
      const old = from[index] ?? -1;
      if (old < 0) continue;
      handed.set(line, old);
      left.delete(line);
    }
    if (handed.size > 0) tasks.push({ ...before, lines: handed });
  }
  return left.keys();
}

function linesOf(bytes: Buffer | undefined): readonly string[] {
  return bytes === undefined || bytes.length > maxBytes ? [] : bytes.toString("latin1").split("\n");
}

/** Asks of another file whether half of its lines are those of this one. */
export function isAlike(file: Buffer | undefined): (other: Buffer) => boolean {
  const lines = linesOf(file);
  const known = new Set(lines);
  return (other) => {
    const others = linesOf(other);
    const same = others.filter((line) => known.has(line)).length;
    return same > 1 && same * 2 >= Math.max(others.length, lines.length);
  };
}
