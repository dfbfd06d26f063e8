/**
 * The files source: a folder, a file, or standard input. It scans what lies there, whatever .gitignore says; links inside the tree are not
 * followed, and FIFOs, sockets and devices are never opened.
 */
import { lstatSync, opendirSync, readdirSync, realpathSync, statSync, type Dirent, type Stats } from "node:fs";
import { join } from "node:path";
import { createKernelCheck } from "./kernel-files.ts";
import { FileBatch } from "../../model/file-batch.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { ContentId } from "../../model/content.ts";
import type { Located, PlannedUnit, RepositoriesAtHand, Sighting, Source } from "../../model/source.ts";
import type { StreamUnit, Unit, UnitResult } from "../../model/unit.ts";

export interface FilesOptions {
  /** Larger files are skipped and counted; 0: none are. */
  readonly maxBytes: number;
  /** Links to files inside the tree are read too; links to folders never are. */
  readonly followSymlinks: boolean;
  /** Asked of folders that hold `objects`: repositories that a reader of such then reads instead, with all that lies in the folder. Absent: nobody does. */
  readonly repositoriesAt?: (folder: string) => readonly string[];
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
  readonly #repositories: string[] = [];
  readonly #isMadeUp = createKernelCheck();

  constructor(target: string, root: Stats, options: FilesOptions) {
    this.target = target;
    this.#root = root;
    this.#options = options;
  }

  async *units(): AsyncGenerator<PlannedUnit | Problem> {
    const batch = new FileBatch(this.target);
    if (this.#isMadeUp(this.target)) {
      yield this.#problem("unsupported", this.target, madeUpMessage);
      return;
    }
    for (const file of this.#root.isFile() ? [this.#single()] : this.#walk(this.target, this.target)) {
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

  /** `name`: what the folder at `path` is called in reports. */
  *#walk(path: FolderPath, name: string): Generator<WalkedFile | Problem> {
    let entries: FolderEntry[];
    try {
      entries = readFolder(path, name);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      yield this.#problem(
        "unreadable",
        name,
        code === "EACCES" || code === "EPERM" ? "permission denied" : `folder cannot be read (${code ?? "unknown"})`,
      );
      return;
    }
    if (typeof path === "string" && entries.some(({ own }) => own === "objects") && this.#isRepository(path)) return;
    for (const entry of entries) {
      if (entry.kind === "folder") {
        if (this.#options.repositoriesAt === undefined && isObjectFolder(name, entry.own)) {
          const message = "git objects are read by: leaktrace git";
          yield { ...this.#problem("unsupported", entry.name, message), effect: "note" };
          yield* this.#besideObjects(entry.path, entry.name);
        } else if (this.#isMadeUp(entry.path)) {
          yield { ...this.#problem("unsupported", entry.name, madeUpMessage), effect: "note" };
        } else yield* this.#walk(entry.path, entry.name);
      } else if (entry.kind === "file") yield* this.#file(entry.path, entry.name);
      else if (entry.kind === "link" && this.#options.followSymlinks) yield* this.#link(entry);
    }
  }

  #isRepository(folder: string): boolean {
    const found = this.#options.repositoriesAt?.(folder) ?? [];
    for (const one of found) this.#repositories.push(one);
    return found.length > 0;
  }

  /** Repositories that were met: their folders were passed by. */
  repositories(): readonly RepositoriesAtHand[] {
    return this.#repositories.length === 0 ? [] : [{ atHand: this.#repositories }];
  }

  /** Files in a folder of git objects that are not called as git calls what it puts there. */
  *#besideObjects(path: FolderPath, name: string): Generator<WalkedFile | Problem> {
    for (const file of this.#walk(path, name)) if ("code" in file || !objectFile.test(file.name)) yield file;
  }

  *#link({ path, name }: FolderEntry): Generator<WalkedFile | Problem> {
    let to: FolderPath;
    try {
      to = typeof path === "string" ? realpathSync(path) : realpathSync.native(path, "buffer");
      if (!statSync(to).isFile()) return;
    } catch {
      return; // A link that leads nowhere holds nothing.
    }
    yield* this.#file(to, name);
  }

  *#file(path: FolderPath, name: string): Generator<WalkedFile | Problem> {
    try {
      yield { path, name, size: lstatSync(path).size };
    } catch {
      yield { ...this.#problem("unreadable", name, "is gone"), contents: 1 };
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

const madeUpMessage = "is made up by the kernel while it is read, and was not read";

/** As the system is given it: bytes where it is no UTF-8. */
type FolderPath = string | Buffer;

interface WalkedFile {
  readonly path: FolderPath;
  readonly name: string;
  readonly size: number;
}

interface FolderEntry {
  readonly kind: "folder" | "file" | "link" | "other";
  readonly path: FolderPath;
  /** The entry's own name, and what it is called in reports. */
  readonly own: string;
  readonly name: string;
}

/** Sorted, so that the same folder gives the same units. Names are asked for as bytes where one of them is not UTF-8: as texts such names would open nothing, or another file. */
function readFolder(path: FolderPath, name: string): FolderEntry[] {
  const entries: FolderEntry[] = [];
  const directory = opendirSync(path);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      const inside = typeof path === "string" ? join(path, entry.name) : bytePath(path, Buffer.from(entry.name));
      entries.push({ kind: kindOf(entry), path: inside, own: entry.name, name: join(name, entry.name) });
    }
  } finally {
    directory.closeSync();
  }
  if (entries.some(({ own }) => own.includes(notUtf8))) return readFolderAsBytes(path, name);
  return entries.sort((a, b) => (a.own < b.own ? -1 : 1));
}

/** What stands in a text for bytes that are no UTF-8. */
const notUtf8 = "\ufffd";

function readFolderAsBytes(path: FolderPath, name: string): FolderEntry[] {
  return readdirSync(path, { withFileTypes: true, encoding: "buffer" })
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map((entry) => {
      const own = entry.name.toString();
      return { kind: kindOf(entry), path: bytePath(path, entry.name), own, name: join(name, own) };
    });
}

function bytePath(folder: FolderPath, name: Buffer): Buffer {
  return Buffer.concat([typeof folder === "string" ? Buffer.from(folder) : folder, Buffer.from("/"), name]);
}

function kindOf(entry: Dirent<string> | Dirent<Buffer>): FolderEntry["kind"] {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  return entry.isSymbolicLink() ? "link" : "other";
}

/** Deflated objects say nothing to a reader of files; the git source reads them. */
function isObjectFolder(folder: string, name: string): boolean {
  return name === "objects" && /(?:^|[\\/])(?:\.git|[^\\/]+\.git)$/.test(folder);
}

/** Packs, their indexes, and loose objects. */
const objectFile =
  /[\\/]objects[\\/](?:pack[\\/](?:pack-[0-9a-f]{40,64}\.(?:pack|idx|rev|bitmap|mtimes)|multi-pack-index)|[0-9a-f]{2}[\\/][0-9a-f]{38,62})$/;

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
