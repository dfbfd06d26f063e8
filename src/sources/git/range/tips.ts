import { existsSync } from "node:fs";
import { join } from "node:path";
import { objectTypes } from "../../../content/git/pack-entry.ts";
import { peel, type OnFault } from "../push-commits.ts";
import type { Repository } from "../repository.ts";
import type { RangeArguments, RangeItem } from "./arguments.ts";
import type { CommitReader } from "./commit-reader.ts";
import { commonCommits } from "./common-commits.ts";
import { readReflog } from "./reflog.ts";
import type { RevisionNames } from "./revision-names.ts";
import { usageError } from "./usage.ts";
import { hasWildcard, matchesWildcard } from "./wildcard.ts";

/** A commit that a range begins at, or ends before. */
export interface Tip {
  readonly id: string;
  readonly isNegative: boolean;
  /** Tag objects on the way to it. */
  readonly tags: readonly string[];
}

export interface FoundTips {
  readonly tips: readonly Tip[];
  /** What words without `--` before them turned out to be. */
  readonly paths: readonly string[];
}

/** What the lookup needs to know. */
export interface TipLookup {
  readonly repository: Repository;
  readonly names: RevisionNames;
  readonly commits: CommitReader;
  /** Top of the working tree, where there is one: words that name no revision can be files in it. */
  readonly worktree: string | undefined;
  /** For messages: the target, and the option that the words came from. */
  readonly target: string;
  readonly option: string;
  readonly onFault: OnFault;
}

/**
 * Looks up everything that names commits. Without any revision HEAD counts; a repository without commits gives none. Throws ToolError `usage`
 * for what is neither a revision nor a file.
 */
export async function findTips(asked: RangeArguments, lookup: TipLookup): Promise<FoundTips> {
  const finder = new TipFinder(lookup);
  const paths: string[] = [];
  for (const item of asked.items) {
    if (paths.length > 0) paths.push(fileOf(item, lookup));
    else if (item.kind !== "revision") finder.refs(item);
    else if (!(await finder.revision(item.text, item.isNegative))) {
      if (asked.paths !== undefined || item.text.startsWith("^") || !isFile(item.text, lookup))
        throw unknown(item.text, lookup);
      paths.push(item.text);
    } else if (asked.paths === undefined && isFile(item.text, lookup)) {
      throw usageError(
        `${lookup.option}: ${item.text} is a revision and a file`,
        `Write "${item.text} --" for the revision, "-- ${item.text}" for the file.`,
      );
    }
  }
  if (!asked.items.some((item, at) => item.kind !== "revision" || at < asked.items.length - paths.length))
    finder.head();
  return { tips: finder.tips, paths: [...paths, ...(asked.paths ?? [])] };
}

function isFile(text: string, { worktree }: TipLookup): boolean {
  return worktree !== undefined && !text.startsWith("/") && existsSync(join(worktree, text));
}

function fileOf(item: RangeItem, lookup: TipLookup): string {
  if (item.kind === "revision" && isFile(item.text, lookup)) return item.text;
  if (item.kind === "revision") throw unknown(item.text, lookup);
  throw usageError(`${lookup.option}: paths stand behind everything else`, "Write -- before the first of them.");
}

function unknown(text: string, { option, target }: TipLookup): Error {
  return usageError(
    `${option}: ${text} is no revision in ${target}, and no file`,
    "git branch -a, git tag and git log show what is there; paths of files that are gone stand behind --.",
  );
}

class TipFinder {
  readonly tips: Tip[] = [];
  readonly #lookup: TipLookup;

  constructor(lookup: TipLookup) {
    this.#lookup = lookup;
  }

  /** HEAD; nothing where no commit was made yet. */
  head(): void {
    const head = this.#lookup.names.refs.find(({ name }) => name === "HEAD");
    if (head !== undefined) this.#add(head.oid, false, true);
  }

  /** A revision or a range; false where it names nothing. */
  async revision(text: string, isNegative: boolean): Promise<boolean> {
    const { names } = this.#lookup;
    const dots = /^(.*?)(\.\.\.?)(.*)$/s.exec(text);
    if (dots !== null && text !== ".." && text !== "...") {
      const [, left = "", mark, right = ""] = dots;
      const a = await names.find(left === "" ? "HEAD" : left);
      const b = a === undefined ? undefined : await names.find(right === "" ? "HEAD" : right);
      if (a === undefined || b === undefined) return false;
      if (mark === "...") this.#symmetric(a, b, isNegative, text);
      else {
        this.#add(a, !isNegative, false, text);
        this.#add(b, isNegative, false, text);
      }
      return true;
    }
    const [, name, mark, digits] = /^(.+)\^([@!]|-)(\d{0,9})$/s.exec(text) ?? [];
    if (name !== undefined && (mark === "-" || digits === "")) {
      const id = await names.find(name);
      const commit = id === undefined ? undefined : names.commitOf(id);
      if (commit === undefined) return false;
      const parents = this.#lookup.commits.read(commit)?.parents ?? [];
      const chosen = mark === "-" ? parents.slice(Number(digits || 1) - 1, Number(digits || 1)) : parents;
      if (mark === "-" && chosen.length === 0) return false;
      for (const parent of chosen) this.#add(parent, mark === "@" ? isNegative : !isNegative, false, text);
      if (mark !== "@") this.#add(commit, isNegative, false, text);
      return true;
    }
    const isTurned = text.startsWith("^");
    const id = await names.find(isTurned ? text.slice(1) : text);
    if (id === undefined) return false;
    this.#add(id, isNegative !== isTurned, false, text);
    return true;
  }

  /** All refs of a kind, what was logged, or a branch. */
  refs(item: Exclude<RangeItem, { kind: "revision" }>): void {
    const { names, repository } = this.#lookup;
    if (item.kind === "branch") return this.#branch(item.text);
    if (item.kind === "reflogs") {
      for (const { name } of names.refs) {
        for (const { from, to } of readReflog(repository, name))
          for (const id of [from, to]) if (!/^0+$/.test(id)) this.#add(id, item.isNegative, true);
      }
      return;
    }
    const { prefix, pattern, excluded } = item;
    const isKept = (name: string): boolean => !excluded.some((one) => matchesWildcard(one, name));
    for (const { name, oid } of names.refs) {
      if (name === "HEAD" || !name.startsWith(prefix)) continue;
      if (pattern !== undefined && !matchesWildcard(pattern, name)) continue;
      if (isKept(name.slice(prefix.length))) this.#add(oid, item.isNegative, true);
    }
    const head = names.refs.find(({ name }) => name === "HEAD");
    if (prefix === "" && pattern === undefined && head !== undefined && isKept("HEAD"))
      this.#add(head.oid, item.isNegative, true);
  }

  #branch(text: string): void {
    const { names, option, target } = this.#lookup;
    const isAt = (start: string) => (name: string) =>
      hasWildcard(text)
        ? name.startsWith(start) && matchesWildcard(`${start}${text}`, name)
        : name === `${start}${text}`;
    const isAnyRemote = (name: string): boolean =>
      name.startsWith("refs/remotes/") && isAt("")(name.replace(/^refs\/remotes\/[^/]+\//, ""));
    // The branch of this name here; where there is none, the remote's.
    for (const test of [isAt("refs/heads/"), isAt("refs/remotes/"), isAnyRemote, isAt("")]) {
      const found = names.refs.filter(({ name }) => test(name));
      for (const { oid } of found) this.#add(oid, false, true);
      if (found.length > 0) return;
    }
    throw usageError(
      `${option === "--branch" ? "" : `${option}: `}--branch=${text}: there is no such branch in ${target}`,
      "git branch -a lists what is there.",
    );
  }

  #symmetric(a: string, b: string, isNegative: boolean, text: string): void {
    const { names, commits } = this.#lookup;
    const [left, right] = [names.commitOf(a), names.commitOf(b)];
    if (left !== undefined && right !== undefined)
      for (const id of commonCommits(commits, left, right)) this.#add(id, !isNegative, true);
    this.#add(a, isNegative, false, text);
    this.#add(b, isNegative, false, text);
  }

  /** `isListed`: it came from a list of refs; there other things than commits are passed over, and those that were named are refused. */
  #add(id: string, isNegative: boolean, isListed: boolean, text = id): void {
    const { commits, onFault, option, target } = this.#lookup;
    // What is left out need not be here.
    const { tags, target: commit, type } = peel(commits.objects, id, isNegative ? () => {} : onFault);
    if (type === objectTypes.commit) this.tips.push({ id: commit, isNegative, tags });
    else if (type !== undefined && !isListed)
      throw usageError(
        `${option}: ${text} names no commit in ${target}`,
        "Files and folders of a commit are selected by -- <path>.",
      );
    else if (!commits.objects.has(id) && !isListed)
      throw usageError(
        `${option}: ${text} is not in ${target}`,
        "git fetch brings what was left at the remote; --unshallow all of it.",
      );
  }
}
