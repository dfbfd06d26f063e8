import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { objectTypes } from "../../../content/git/pack-entry.ts";
import { peel, readObject } from "../push-commits.ts";
import { headBranch, type Ref } from "../refs.ts";
import { configValues, type Repository } from "../repository.ts";
import type { CommitReader } from "./commit-reader.ts";
import { readDate } from "./dates.ts";
import { NewestFirst } from "./newest-first.ts";
import { readReflog } from "./reflog.ts";
import { readTextFilter } from "./text-filter.ts";
import { usageError } from "./usage.ts";

/** Where a short name of a ref is looked for, in this order (gitrevisions). */
const places = [
  (name: string) => name,
  (name: string) => `refs/${name}`,
  (name: string) => `refs/tags/${name}`,
  (name: string) => `refs/heads/${name}`,
  (name: string) => `refs/remotes/${name}`,
  (name: string) => `refs/remotes/${name}/HEAD`,
];
/** A file beside HEAD that holds an id and little more: ORIG_HEAD, FETCH_HEAD. */
const maxPseudoRefBytes = 1 << 20;
/** Suffixes of a revision (`~1^2~3…`) that are followed. */
const maxSuffixes = 1000;
/** Commits looked at for a message. */
const maxSearched = 10_000_000;

/** Tells what revisions name, as `git rev-parse` does, from the files of a repository. */
export class RevisionNames {
  readonly refs: readonly Ref[];
  readonly #repository: Repository;
  readonly #commits: CommitReader;
  readonly #now: number;
  readonly #idOf: ReadonlyMap<string, string>;

  constructor(repository: Repository, commits: CommitReader, refs: readonly Ref[], now: number) {
    this.refs = refs;
    this.#repository = repository;
    this.#commits = commits;
    this.#now = now;
    this.#idOf = new Map(refs.map(({ name, oid }) => [name, oid]));
  }

  /**
   * The id that one revision names (no range); undefined where there is no such thing. The object need not be here, or be a commit.
   * Throws ToolError `usage` for forms that are not known, and for short ids that several objects have.
   */
  async find(text: string, depth = 0): Promise<string | undefined> {
    if (depth > maxSuffixes)
      throw usageError(`the revision ${text.slice(0, 60)} is too long`, "Name the commit by its id.");
    if (text.startsWith(":/"))
      return this.#byMessage(
        this.refs.map(({ oid }) => oid),
        text.slice(2),
        text,
      );
    const [, before, mark, digits] = /^(.+)([~^])(\d{0,9})$/s.exec(text) ?? [];
    if (before !== undefined) {
      const id = await this.find(before, depth + 1);
      const count = digits === "" ? 1 : Number(digits);
      return id === undefined ? undefined : mark === "^" ? this.parent(id, count) : this.#ancestor(id, count);
    }
    if (text.endsWith("}")) {
      const open = text.lastIndexOf("^{");
      if (open > 0) {
        const id = await this.find(text.slice(0, open), depth + 1);
        return id === undefined ? undefined : this.#peelTo(id, text.slice(open + 2, -1), text);
      }
    }
    const basic = await this.#basic(text);
    if (basic !== undefined) return basic;
    const described = /^.+-g([0-9a-f]{4,64})$/.exec(text)?.[1];
    return (described === undefined ? undefined : this.#abbreviated(described, text)) ?? this.#abbreviated(text, text);
  }

  /** The commit that an id stands for, through tags; undefined where it stands for none, or is not here. */
  commitOf(id: string): string | undefined {
    const { target, type } = peel(this.#commits.objects, id, () => {});
    return type === objectTypes.commit ? target : undefined;
  }

  /** Parent number `count` of a commit, from 1; 0 is the commit itself. */
  parent(id: string, count: number): string | undefined {
    const commit = this.commitOf(id);
    if (commit === undefined || count === 0) return commit;
    return this.#commits.read(commit)?.parents[count - 1];
  }

  #ancestor(id: string, count: number): string | undefined {
    let at = this.commitOf(id);
    for (let left = count; left > 0 && at !== undefined; left--) at = this.#commits.read(at)?.parents[0];
    return at;
  }

  #peelTo(id: string, type: string, text: string): string | undefined {
    if (type.startsWith("/")) {
      const commit = this.commitOf(id);
      return commit === undefined ? undefined : this.#byMessage([commit], type.slice(1), text);
    }
    switch (type) {
      case "":
        return peel(this.#commits.objects, id, () => {}).target;
      case "commit":
        return this.commitOf(id);
      case "object":
        return this.#commits.objects.has(id) ? id : undefined;
      case "tag":
        return readObject(this.#commits.objects, id, "object", () => {})?.type === objectTypes.tag ? id : undefined;
      default:
        throw usageError(
          `^{${type}} in ${text} names no commit`,
          "Known are ^{commit}, ^{tag}, ^{object}, ^{} and ^{/text}.",
        );
    }
  }

  async #basic(text: string): Promise<string | undefined> {
    if (/^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(text)) return text.toLowerCase();
    const [, name = "", inside] = /^(.*)@\{([^{}]*)\}$/s.exec(text) ?? [];
    if (inside === undefined) return this.#ref(text)?.id;
    if (name === "" && /^-\d{1,9}$/.test(inside)) {
      const branch = this.#earlierBranch(Number(inside.slice(1)));
      return branch === undefined ? undefined : (this.#idOf.get(`refs/heads/${branch}`) ?? this.find(branch));
    }
    if (/^u(?:pstream)?$/i.test(inside)) return this.#upstream(name, text);
    if (/^push$/i.test(inside)) throw usageError(`${text} is not understood`, "Name the branch at the remote itself.");
    return this.#logged(name, inside, text);
  }

  /** A ref by a short name, with its full one. */
  #ref(name: string): { readonly name: string; readonly id: string } | undefined {
    const wanted = name === "@" ? "HEAD" : name;
    for (const place of places) {
      const full = place(wanted);
      const id = this.#idOf.get(full) ?? (/^[A-Z_]+$/.test(full) ? this.#pseudoRef(full) : undefined);
      if (id !== undefined) return { name: full, id };
    }
    return undefined;
  }

  #pseudoRef(name: string): string | undefined {
    const path = join(this.#repository.gitDir, name);
    try {
      const stat = statSync(path);
      if (!stat.isFile() || stat.size > maxPseudoRefBytes) return undefined;
      return /^([0-9a-f]{64}|[0-9a-f]{40})(?:\s|$)/.exec(readFileSync(path, "latin1"))?.[1];
    } catch {
      return undefined;
    }
  }

  #earlierBranch(count: number): string | undefined {
    const moves = readReflog(this.#repository, "HEAD").flatMap(
      ({ message }) => /^checkout: moving from (\S+) to /.exec(message)?.[1] ?? [],
    );
    return moves[moves.length - count];
  }

  #logged(name: string, inside: string, text: string): string | undefined {
    const full = name === "" ? (headBranch(this.#repository) ?? "HEAD") : name === "@" ? "HEAD" : this.#ref(name)?.name;
    if (full === undefined) return undefined;
    const log = readReflog(this.#repository, full);
    const oldest = log[0];
    if (oldest === undefined) throw usageError(`${text}: nothing was logged for ${full}`, "Name the commit by its id.");
    const wasThere = !/^0+$/.test(oldest.from);
    if (/^\d{1,8}$/.test(inside)) {
      const count = Number(inside);
      const entry = log[log.length - 1 - count];
      if (entry !== undefined) return entry.to;
      if (count === log.length && wasThere) return oldest.from;
      throw usageError(
        `${text}: the log of ${full} has ${log.length} entries`,
        `The oldest is ${full}@{${log.length - 1}}.`,
      );
    }
    const moment = readDate(inside, this.#now);
    if (moment === undefined)
      throw usageError(`${text}: "${inside}" is no date`, "Write @{1}, @{2024-01-31} or @{yesterday}.");
    return log.findLast(({ time }) => time <= moment)?.to ?? (wasThere ? oldest.from : oldest.to);
  }

  /** The branch at the remote that a branch follows (branch.<name>.merge). */
  async #upstream(name: string, text: string): Promise<string | undefined> {
    const full = name === "" || name === "@" || name === "HEAD" ? headBranch(this.#repository) : this.#ref(name)?.name;
    const branch = /^refs\/heads\/(.+)$/s.exec(full ?? "")?.[1];
    const remote = branch === undefined ? undefined : await configValues(this.#repository, `branch.${branch}.remote`);
    const merge = branch === undefined ? undefined : await configValues(this.#repository, `branch.${branch}.merge`);
    if (remote?.[0] === undefined || merge?.[0] === undefined)
      throw usageError(
        `${text}: ${branch ?? "HEAD"} follows no branch of a remote`,
        "Name that branch itself, like origin/main.",
      );
    if (remote[0] === ".") return this.#idOf.get(merge[0]);
    for (const fetch of await configValues(this.#repository, `remote.${remote[0]}.fetch`)) {
      const [from = "", to = ""] = fetch.replace(/^\+/, "").split(":");
      const [head = "", tail] = from.split("*");
      if (tail === undefined ? from !== merge[0] : !merge[0].startsWith(head) || !merge[0].endsWith(tail)) continue;
      const middle = tail === undefined ? "" : merge[0].slice(head.length, merge[0].length - tail.length);
      return this.#idOf.get(to.replace("*", () => middle));
    }
    throw usageError(`${text}: the remote ${remote[0]} keeps no copy of ${merge[0]}`, "Name the commit itself.");
  }

  #abbreviated(digits: string, text: string): string | undefined {
    if (!/^[0-9a-fA-F]{4,63}$/.test(digits)) return undefined;
    const found = this.#commits.objects.withPrefix(digits.toLowerCase());
    if (found.length <= 1) return found[0];
    const commits = found.filter((id) => this.commitOf(id) !== undefined);
    if (commits.length === 1) return commits[0];
    throw usageError(
      `the short id ${text} stands for ${found.length} objects`,
      `Write more of it: ${found
        .slice(0, 4)
        .map((id) => id.slice(0, Math.max(12, digits.length + 2)))
        .join(", ")}.`,
    );
  }

  /** The newest commit behind some whose message matches. */
  #byMessage(starts: readonly string[], pattern: string, text: string): string | undefined {
    if (pattern.startsWith("!")) throw usageError(`${text} is not understood`, "Name the commit by its id.");
    const matches = readTextFilter({
      patterns: [{ field: "message", text: pattern }],
      syntax: "extended",
      ignoreCase: false,
      isAll: false,
      isInverted: false,
    });
    const queue = new NewestFirst<{ id: string; time: number; parents: readonly string[] }>();
    const met = new Set<string>();
    const meet = (id: string | undefined): void => {
      if (id === undefined || met.has(id)) return;
      met.add(id);
      const commit = this.#commits.read(id);
      if (commit !== undefined) queue.push(commit);
    };
    for (const start of starts) meet(this.commitOf(start));
    for (let left = maxSearched; queue.size > 0 && left > 0; left--) {
      const commit = queue.pop()!;
      const bytes = this.#commits.bytes(commit.id);
      if (bytes !== undefined && matches?.(bytes) !== false) return commit.id;
      for (const parent of commit.parents) meet(parent);
    }
    return undefined;
  }
}
