/** Histories of any shape, made by `git fast-import`: merges, octopuses, evil merges, roots, moved and copied files, clocks that stand still. */
import type { Random } from "../../../../src/rules/random.ts";
import type { Workshop } from "../../../../fixtures/git/workshop.ts";

const firstMoment = 1_704_067_200;
const names = ["a.txt", "b.txt", "lib/a.txt", "lib/deep/c.txt", "lib/deep/er/d.txt", "docs/Note.md", "x y.txt"];
const people = ["Ada Fixture <ada@fixture.invalid>", "Bob Fixture <bob@fixture.invalid>"];

interface MadeFile {
  readonly body: string;
  readonly mode: string;
}

export interface HistoryOptions {
  readonly commits: number;
  /** Most seconds between a commit and the next; 0: all of one moment. */
  readonly tick: number;
  /** Clocks go wrong now and then. */
  readonly skew?: boolean;
}

/** Fills a repository. Branches are `b0`, `b1` …, `side/x`; tags `v0` … (some of them annotated, some of tags). Gives the ids of all commits, oldest first. */
export function importHistory(
  shop: Workshop,
  random: Random,
  { commits, tick, skew = false }: HistoryOptions,
): string[] {
  const pick = (count: number): number => random.integer(count);
  const lines: string[] = [];
  const say = (...more: readonly string[]): void => void lines.push(...more);
  const data = (text: string): void => say(`data ${Buffer.byteLength(text)}`, text);
  const trees: Map<string, MadeFile>[] = [];
  let moment = firstMoment;
  for (let i = 0; i < commits; i++) {
    const parents: number[] = [];
    const wanted = i === 0 || pick(12) === 0 ? 0 : pick(4) === 0 ? 2 + (pick(4) === 0 ? 1 + pick(2) : 0) : 1;
    for (let p = 0; p < wanted; p++) {
      // Mostly recent ones, so that branches grow.
      const parent = pick(3) === 0 ? pick(i) : Math.max(0, i - 1 - pick(4));
      if (!parents.includes(parent)) parents.push(parent);
    }
    moment += pick(tick + 1);
    const at = skew && pick(6) === 0 ? moment - 5 * tick : moment;
    // Each commit on a ref of its own: so that none of them needs another's branch.
    say(`commit refs/made/c${i}`, `mark :${i + 1}`);
    const author = people[pick(people.length)]!;
    say(`author ${author} ${at - pick(100)} +0100`, `committer ${people[pick(people.length)]!} ${at} +0000`);
    data(`${["Fix", "Add", "Take out"][pick(3)]!} thing ${i}\n\nMore (words) about ${i}.\n`);
    const [first, ...others] = parents;
    if (first !== undefined) say(`from :${first + 1}`);
    for (const other of others) say(`merge :${other + 1}`);
    const tree = new Map(first === undefined ? [] : trees[first]);
    // A clean merge takes files of the other side; an evil one makes some of its own.
    for (const other of others)
      for (const [name, body] of trees[other]!) if (!tree.has(name) || pick(2) === 0) tree.set(name, body);
    for (let edits = others.length > 0 ? pick(2) : pick(4); edits > 0; edits--) edit(tree, i, pick);
    say("deleteall");
    for (const [name, { body, mode }] of tree) {
      say(`M ${mode} inline ${JSON.stringify(name)}`);
      data(body);
    }
    trees.push(tree);
  }
  say("");
  shop.feed(Buffer.from(lines.join("\n")), "fast-import", "--quiet", "--force");
  const listed = shop.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/made").split("\n");
  const ids: string[] = [];
  for (const line of listed) {
    const [name = "", id = ""] = line.split(" ");
    ids[Number(name.slice("refs/made/c".length))] = id;
  }
  shop.feed(Buffer.from(listed.map((line) => `delete ${line.split(" ")[0]!}\n`).join("")), "update-ref", "--stdin");
  placeRefs(shop, ids, pick);
  return ids;
}

function edit(tree: Map<string, MadeFile>, at: number, pick: (count: number) => number): void {
  const name = names[pick(names.length)]!;
  const there = [...tree.keys()];
  const other = there[pick(there.length)];
  const file = { mode: ["100644", "100644", "100755", "120000"][pick(4)]! };
  switch (pick(7)) {
    case 0:
      if (other !== undefined) tree.delete(other);
      break;
    case 1:
      // Moved, or copied.
      if (other !== undefined && other !== name) {
        tree.set(name, tree.get(other)!);
        if (pick(2) === 0) tree.delete(other);
      }
      break;
    case 2:
      // What stood there before, again: taken back.
      tree.set(name, { ...file, body: `early ${pick(3)}\n` });
      break;
    case 3:
      // The kind of file alone.
      if (other !== undefined) tree.set(other, { ...tree.get(other)!, ...file });
      break;
    default:
      tree.set(name, { ...file, body: `text ${at} ${pick(1000)}\n` });
  }
}

function placeRefs(shop: Workshop, ids: readonly string[], pick: (count: number) => number): void {
  const one = (): string => ids[Math.max(pick(ids.length), pick(ids.length))]!;
  const refs: string[] = ["main", "b0", "b1", "side/x", "side/y"].map((name) => `refs/heads/${name}`);
  refs.push("refs/remotes/origin/main", "refs/remotes/origin/dev", "refs/remotes/fork/main", "refs/tags/v0");
  for (const ref of refs) shop.git("update-ref", "--create-reflog", ref, one());
  for (const ref of refs.slice(0, 4)) shop.git("update-ref", ref, one());
  for (const [i, tag] of ["v1", "v2"].entries()) shop.git("tag", "-a", "-m", `tag ${i}`, tag, one());
  shop.git("tag", "-a", "-m", "a tag of a tag", "v3", "v1");
  shop.git("symbolic-ref", "HEAD", "refs/heads/main");
}
