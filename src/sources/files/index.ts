/**
 * The files source: a folder, a file, or standard input. It scans what lies there, whatever .gitignore says; links inside the tree are not
 * followed, and FIFOs, sockets and devices are never opened.
 */
import { lstatSync, opendirSync, realpathSync, statSync, type Dirent, type Stats } from "node:fs";
import { join } from "node:path";
import { FileBatch } from "../../model/file-batch.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { ContentId } from "../../model/content.ts";
import type { Located, PlannedUnit, Sighting, Source } from "../../model/source.ts";
import type { StreamUnit, Unit, UnitResult } from "../../model/unit.ts";

export interface FilesOptions {
  /** Larger files are skipped and counted; 0: none are. */
  readonly maxBytes: number;
  /** Links to files inside the tree are read too; links to folders never are. */
  readonly followSymlinks: boolean;
}

/** Opens a file or folder. Throws ToolError when there is none. */
export function openFiles(target: string, options: FilesOptions): Source {
  let root: Stats;
  try {
    root = statSync(target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "does not exist"
        : code === "EACCES"
          ? "cannot be read: permission denied"
          : `cannot be read (${code ?? "unknown"})`;
    throw new ToolError("no-target", `${target} ${why}`, { cause: error });
  }
  if (!root.isFile() && !root.isDirectory())
    throw new ToolError("no-target", `${target} is neither a file nor a folder`);
  return new FilesSource(target, root, options);
}

class FilesSource implements Source {
  readonly target: string;
  readonly kind = "files";
  readonly #root: Stats;
  readonly #options: FilesOptions;
  readonly #sightings: Sighting[] = [];

  constructor(target: string, root: Stats, options: FilesOptions) {
    this.target = target;
    this.#root = root;
    this.#options = options;
  }

  async *units(): AsyncGenerator<PlannedUnit | Problem> {
    const batch = new FileBatch(this.target);
    for (const file of this.#root.isFile() ? [this.#single()] : this.#walk(this.target)) {
      if ("code" in file) {
        yield file;
        continue;
      }
      if (this.#options.maxBytes > 0 && file.size > this.#options.maxBytes) {
        yield {
          ...this.#problem("too-large", file.name, `file of ${file.size} bytes is over --max-target-megabytes`),
          contents: 1,
        };
        continue;
      }
      yield* batch.add(file.path, file.name, file.size);
    }
    yield* batch.rest();
  }

  /** A link given as the target is followed; what it leads to is opened by its own path. */
  #single(): WalkedFile {
    return { path: realpathSync(this.target), name: this.target, size: this.#root.size };
  }

  *#walk(folder: string): Generator<WalkedFile | Problem> {
    let entries: Dirent[];
    try {
      entries = readFolder(folder);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      yield this.#problem(
        "unreadable",
        folder,
        code === "EACCES" || code === "EPERM" ? "permission denied" : `folder cannot be read (${code ?? "unknown"})`,
      );
      return;
    }
    for (const entry of entries) {
      const name = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (isObjectFolder(folder, entry.name)) {
          yield { ...this.#problem("unsupported", name, "git objects are read by: leaktrace git"), effect: "note" };
        } else yield* this.#walk(name);
      } else if (entry.isFile()) yield* this.#file(name, name);
      else if (entry.isSymbolicLink() && this.#options.followSymlinks) yield* this.#link(name);
    }
  }

  *#link(name: string): Generator<WalkedFile | Problem> {
    let path: string;
    try {
      path = realpathSync(name);
      if (!statSync(path).isFile()) return;
    } catch {
      return; // A link that leads nowhere holds nothing.
    }
    yield* this.#file(path, name);
  }

  *#file(path: string, name: string): Generator<WalkedFile | Problem> {
    try {
      yield { path, name, size: lstatSync(path).size };
    } catch {
      // Names that are not UTF-8 come with this sign in them, and open nothing.
      const why = name.includes("\ufffd") ? "its name is not UTF-8: it cannot be opened by it" : "is gone";
      yield { ...this.#problem("unreadable", name, why), contents: 1 };
    }
  }

  done(_unit: Unit, result: UnitResult): void {
    for (const hit of result.hits)
      this.#sightings.push({ content: hit.content, origin: { kind: "file", path: hit.place } });
  }

  async locate(contents: ReadonlySet<ContentId>): Promise<Located> {
    return { sightings: this.#sightings.filter(({ content }) => contents.has(content)), problems: [] };
  }

  #problem(code: Problem["code"], subject: string, message: string): Problem {
    return { code, effect: "incomplete", target: this.target, subject, message };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

interface WalkedFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
}

/** Sorted, so that the same folder gives the same units. */
function readFolder(folder: string): Dirent[] {
  const entries: Dirent[] = [];
  const directory = opendirSync(folder);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) entries.push(entry);
  } finally {
    directory.closeSync();
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Deflated objects say nothing to a reader of files; the git source reads them. */
function isObjectFolder(folder: string, name: string): boolean {
  return name === "objects" && /(?:^|[\\/])(?:\.git|[^\\/]+\.git)$/.test(folder);
}

/** Standard input, as one content without a path. */
export function openStdin(): Source {
  const sightings: Sighting[] = [];
  return {
    target: "-",
    kind: "stdin",
    async *units() {
      const unit: StreamUnit = { kind: "stream", target: "-", weight: 0, descriptor: 0 };
      yield { kind: "planned", unit, planned: 1 };
    },
    done(_unit, result) {
      for (const hit of result.hits) sightings.push({ content: hit.content, origin: { kind: "stdin" } });
    },
    locate: async (contents) => ({ sightings: sightings.filter(({ content }) => contents.has(content)), problems: [] }),
    [Symbol.asyncDispose]: async () => {},
  };
}
