import { lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { IgnoreRules } from "../../model/ignore-rules.ts";
import { readHead } from "./roots.ts";
import { list, type SideFile, type SideProblem } from "./side-file.ts";

/** An ignore file beyond this is no file of patterns. */
const maxIgnoreBytes = 1 << 20;
/** Folders are not gone into deeper than this. */
const maxDepth = 256;

/** The files of a working tree: tracked, untracked and ignored ones. Other repositories inside it are named and left out. */
export class WorkingTree {
  readonly #root: string;
  readonly #exclude: IgnoreRules;
  readonly #tracked: ReadonlySet<string>;

  /** `tracked`: paths of the index; what is tracked is never ignored. */
  constructor(root: string, commonDir: string, tracked: ReadonlySet<string>) {
    this.#root = root;
    this.#tracked = tracked;
    this.#exclude = rulesOf(join(commonDir, "info", "exclude"));
  }

  *files(): Generator<SideFile | SideProblem> {
    yield* this.#folder("", [{ base: "", rules: this.#exclude }], false, 0);
  }

  *#folder(
    folder: string,
    above: readonly Scope[],
    isIgnored: boolean,
    depth: number,
  ): Generator<SideFile | SideProblem> {
    const listed = list(join(this.#root, folder), folder === "" ? "." : folder);
    if ("code" in listed) return yield listed;
    const scopes = [...above];
    if (listed.some(({ name }) => name === ".gitignore"))
      scopes.push({ base: folder === "" ? "" : `${folder}/`, rules: rulesOf(join(this.#root, folder, ".gitignore")) });
    for (const entry of listed) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.name === ".git") {
        if (folder === "") continue;
        yield {
          code: "submodule",
          effect: "note",
          subject: folder,
          message: "is another repository: its history is not scanned",
        };
        // Its git folder is left out, its files are files like others.
        continue;
      }
      const isOut = isIgnored || ignores(scopes, name, entry.isDirectory());
      if (entry.isDirectory()) {
        if (depth < maxDepth) yield* this.#folder(name, scopes, isOut, depth + 1);
        else yield { code: "unsupported", effect: "incomplete", subject: name, message: "is nested too deeply" };
      } else if (entry.isFile()) {
        const path = join(this.#root, name);
        const size = lstatSync(path, { throwIfNoEntry: false })?.size;
        const reach = isOut && !this.#tracked.has(name) ? (["worktree", "ignored"] as const) : (["worktree"] as const);
        if (size === undefined)
          yield { code: "unreadable", effect: "incomplete", subject: name, message: "is gone", contents: 1 };
        else yield { path, name, size, reach };
      } else if (entry.isSymbolicLink()) {
        yield { ...linkOf(join(this.#root, name)), name, reach: ["worktree"], form: "symlink" };
      }
    }
  }
}

/** Rules of one ignore file; they speak of paths below `base`. */
interface Scope {
  readonly base: string;
  readonly rules: IgnoreRules;
}

/** The innermost file with an opinion decides (gitignore, "PATTERN FORMAT"). */
function ignores(scopes: readonly Scope[], name: string, isFolder: boolean): boolean {
  for (let i = scopes.length - 1; i >= 0; i--) {
    const { base, rules } = scopes[i]!;
    const opinion = rules.opinion(name.slice(base.length), isFolder);
    if (opinion !== undefined) return opinion;
  }
  return false;
}

function rulesOf(path: string): IgnoreRules {
  return new IgnoreRules(Buffer.from(readHead(path, maxIgnoreBytes)?.text ?? "", "latin1").toString("utf8"));
}

function linkOf(path: string): { path: string; size: number; target: string } {
  try {
    const target = readlinkSync(path);
    return { path, size: Buffer.byteLength(target), target };
  } catch {
    return { path, size: 0, target: "" };
  }
}
