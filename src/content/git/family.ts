import type { PackEntries } from "../../model/unit.ts";

/** The trees of deltas among pack entries, without branches that hold nothing wanted: children of each entry, the one with the most work last. */
export interface Families {
  readonly roots: readonly number[];
  /** Children of entry i are `children[first[i]] … children[first[i + 1] - 1]`. */
  readonly first: Uint32Array;
  readonly children: Uint32Array;
  /** Wanted entries in the subtree of each entry, itself included. */
  readonly wanted: Uint32Array;
}

/**
 * Orders entries for a depth-first walk that holds few objects at once: light children first, the heaviest last. The parent is no longer
 * needed when its last child is made, so at most log2(n) ancestors are held at any time. Entries on a cycle have no root and are left out.
 */
export function buildFamilies(entries: PackEntries): Families {
  const { count, parents } = entries;
  const first = new Uint32Array(count + 2);
  const roots: number[] = [];
  for (let i = 0; i < count; i++) {
    if (parents[i]! < 0) roots.push(i);
    else first[parents[i]! + 2]!++;
  }
  for (let i = 2; i < count + 2; i++) first[i]! += first[i - 1]!;
  const children = new Uint32Array(count);
  for (let i = 0; i < count; i++) if (parents[i]! >= 0) children[first[parents[i]! + 1]!++] = i;

  const order = new Uint32Array(count);
  let reached = 0;
  for (const root of roots) order[reached++] = root;
  for (let at = 0; at < reached; at++) {
    const entry = order[at]!;
    for (let c = first[entry]!; c < first[entry + 1]!; c++) order[reached++] = children[c]!;
  }
  const sizes = new Uint32Array(count);
  const wanted = Uint32Array.from(entries.wanted);
  for (let at = reached - 1; at >= 0; at--) {
    const entry = order[at]!;
    const parent = parents[entry]!;
    if (wanted[entry]! > 0) sizes[entry]!++;
    if (parent < 0) continue;
    sizes[parent]! += sizes[entry]!;
    wanted[parent]! += wanted[entry]!;
  }
  leaveOut(children, first, (entry) => wanted[entry] === 0);
  for (let i = 0; i < count; i++) {
    const from = first[i]!;
    const to = first[i + 1]!;
    if (to - from > 1) children.subarray(from, to).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  }
  return { roots: roots.filter((root) => wanted[root]! > 0), first, children, wanted };
}

/** Takes children out of their lists, in place. */
function leaveOut(children: Uint32Array, first: Uint32Array, isOut: (entry: number) => boolean): void {
  let kept = 0;
  let from = 0;
  for (let i = 0; i + 1 < first.length; i++) {
    const to = first[i + 1]!;
    first[i] = kept;
    for (let c = from; c < to; c++) if (!isOut(children[c]!)) children[kept++] = children[c]!;
    from = to;
  }
}
