import type { CommitReader } from "./commit-reader.ts";
import { NewestFirst } from "./newest-first.ts";

/** Clocks go wrong: this many commits are looked at beyond the point where dates say that nothing more can follow. */
export const slack = 64;

interface Painted {
  readonly id: string;
  readonly time: number;
  readonly parents: readonly string[];
  /** 1: reached from one, 2: from the other, 3: from both. */
  sides: number;
  isWaiting: boolean;
}

/** Commits that can be reached from both: all merge bases are among them, so that what lies behind them is what both have in common. */
export function commonCommits(commits: CommitReader, a: string, b: string): string[] {
  const met = new Map<string, Painted>();
  const queue = new NewestFirst<Painted>();
  const common = new Set<string>();
  let oneSided = 0;
  const meet = (id: string, sides: number): void => {
    let node = met.get(id);
    if (node === undefined) {
      const commit = commits.read(id);
      if (commit === undefined) return;
      node = { id, time: commit.time, parents: commit.parents, sides: 0, isWaiting: false };
      met.set(id, node);
    }
    if ((node.sides | sides) === node.sides) return;
    if (node.isWaiting && node.sides !== 3) oneSided--;
    node.sides |= sides;
    node.isWaiting = true;
    if (node.sides !== 3) oneSided++;
    queue.push(node);
  };
  meet(a, 1);
  meet(b, 2);
  for (let left = slack; queue.size > 0;) {
    if (oneSided === 0 && left-- === 0) break;
    const node = queue.pop()!;
    if (!node.isWaiting) continue;
    node.isWaiting = false;
    if (node.sides === 3) common.add(node.id);
    else oneSided--;
    for (const parent of node.parents) meet(parent, node.sides);
  }
  return [...common];
}
