/**
 * Repositories inside of images: the parts of a git folder that say what it holds are put into a folder of the caller's, where the git source reads them. Objects of
 * all layers lie beside each other, deleted ones too: whoever has the image has them. Only names that git itself gives are written, nothing but plain
 * files, and of the configuration no more than how objects are kept; hooks, alternates and links stay where they are.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { hasHash } from "../../content/hash-list.ts";
import { readLayer, type LayerSink } from "../../content/layer.ts";
import { pathHash } from "../../model/path-hash.ts";
import type { Problem } from "../../model/problem.ts";
import type { InnerRepositories } from "../../model/source.ts";
import type { LayerReading, LayerUnit } from "../../model/unit.ts";

/** A layer that has a part of the repository, and a way to have its bytes at hand meanwhile. */
export interface GitLayer {
  readonly unit: LayerUnit;
  /** Gives what went wrong, if anything. */
  readonly obtain: () => Promise<string | undefined>;
  readonly release: () => Promise<void>;
}

/** Bytes that are put on the disk at once, beside the tenth of it that is left free. The largest public histories have some five gigabytes. */
const maxBytes = 8 * 2 ** 30;
const freeShare = 0.9;
/** Files that are put there at once: loose objects and refs. */
const maxFiles = 1_000_000;
/** Repositories that are put there at once: for each lot the layers are read once more. */
const lotSize = 256;
/** Longer paths are no files of git. */
const longestPath = 8 << 10;
/** A configuration that git would read is smaller. */
const maxConfigBytes = 1 << 20;

/** What is written: objects, refs, logs and the index. Parts of names are what git allows in refs, so no `..` and nothing hidden. */
const wanted =
  /^(?:HEAD|packed-refs|shallow|index|[A-Z]+_HEAD|objects\/(?:pack\/(?:pack-[0-9a-f]{40,64}\.(?:pack|idx|rev|mtimes|promisor)|multi-pack-index)|[0-9a-f]{2}\/[0-9a-f]{38,62})|(?:refs|logs|reftable)\/.+)$/;

/** Layers may have different packs of one name; objects of all of them are read. */
const pack = /^objects\/pack\/[^/]+\.pack$/;
const comparedBytes = 1 << 20;

/** Whether the layer has any part of the git folder. */
export function hasPartOf(reading: LayerReading, folder: string): boolean {
  const inside = folder === "" ? "" : `${folder}/`;
  const has = (hashes: Float64Array, path: string): boolean => hasHash(hashes, pathHash(path));
  return (
    reading.gitFolders.includes(folder) ||
    ["HEAD", "packed-refs"].some((name) => has(reading.files, inside + name)) ||
    ["refs", "objects"].some((name) => has(reading.directories, inside + name))
  );
}

/** Repositories that lie at `folders` of an image, in these layers, lowest first. `image`: what it is called. */
export function gitFoldersIn(
  image: string,
  folders: readonly string[],
  layers: readonly GitLayer[],
  target: string,
): InnerRepositories[] {
  const lots: InnerRepositories[] = [];
  for (let from = 0; from < folders.length; from += lotSize)
    lots.push(lotOf(image, folders.slice(from, from + lotSize), layers, target));
  return lots;
}

function lotOf(
  image: string,
  folders: readonly string[],
  layers: readonly GitLayer[],
  target: string,
): InnerRepositories {
  const names = folders.map((folder) => `${image}!${folder}`);
  return {
    names,
    async layOut(into) {
      const room = roomIn(into[0]!);
      const writers = folders.map(
        (folder, i) => new GitFolderWriter(folder === "" ? "" : `${folder}/`, into[i]!, room),
      );
      const problems: Problem[] = [];
      const lost = (subject: string, message: string): void => {
        problems.push({ code: "unreadable", effect: "incomplete", target, subject, message });
      };
      const sink = distribute(writers);
      for (const { unit, obtain, release } of layers) {
        const fault = await obtain();
        if (fault !== undefined) {
          for (const name of names) lost(name, fault);
          continue;
        }
        try {
          // What is wrong with the layer was told when it was scanned; by now it may be gone.
          const { problems } = await readLayer(unit, sink);
          const gone = problems.find(({ code }) => code === "unreadable");
          if (gone !== undefined) for (const name of names) lost(name, gone.message);
        } finally {
          await release();
        }
      }
      for (const [i, writer] of writers.entries()) for (const message of writer.finish()) lost(names[i]!, message);
      return problems;
    },
  };
}

/** Gives each file to those in whose folders it lies. */
function distribute(writers: readonly GitFolderWriter[]): LayerSink {
  const byFolder = new Map(writers.map((writer) => [writer.inside, writer]));
  let current: GitFolderWriter[] = [];
  return {
    begin(file) {
      const { path } = file;
      current = [];
      if (path.length > longestPath) return;
      for (let at = 0; ; at = path.indexOf("/", at) + 1) {
        const writer = byFolder.get(path.slice(0, at));
        if (writer !== undefined) current.push(writer);
        if (!path.includes("/", at)) break;
      }
      for (const writer of current) writer.begin(file);
    },
    push: (chunk) => current.forEach((writer) => writer.push(chunk)),
    end: () => current.forEach((writer) => writer.end()),
  };
}

/** What may still be put on the disk. */
interface Room {
  bytes: number;
  files: number;
}

function roomIn(folder: string): Room {
  const { bavail, bsize } = statfsSync(folder);
  return { bytes: Math.min(maxBytes, bavail * bsize * freeShare), files: maxFiles };
}

/** Writes files of a git folder as a layer tells of them; a later layer's file takes the place of an earlier one. */
class GitFolderWriter implements LayerSink {
  /** What stands before its names in a layer. */
  readonly inside: string;
  readonly #into: string;
  readonly #faults = new Set<string>();
  readonly #room: Room;
  #open: number | undefined;
  #path = "";
  /** A pack of an earlier layer that has the name of the one that is written, which then gets another. */
  #earlier: string | undefined;
  #packs = 0;
  #config: Buffer[] | undefined;
  #format = "";

  constructor(inside: string, into: string, room: Room) {
    this.inside = inside;
    this.#into = into;
    this.#room = room;
    for (const name of ["objects", "refs"]) mkdirSync(join(into, name), { recursive: true });
    writeFileSync(join(into, "HEAD"), "ref: refs/heads/main\n");
  }

  begin({ path, size }: { readonly path: string; readonly size: number }): void {
    const name = path.slice(this.inside.length);
    if (name === "config" && size <= maxConfigBytes) this.#config = [];
    if (!wanted.test(name) || name.split("/").some((part) => part.startsWith(".") || part.includes("\\"))) return;
    if (size > this.#room.bytes || this.#room.files === 0) {
      this.#faults.add("is too large to be put on the disk; a part of it was not read");
      return;
    }
    this.#room.bytes -= size;
    this.#room.files--;
    this.#path = join(this.#into, name);
    this.#earlier = pack.test(name) && existsSync(this.#path) ? this.#path : undefined;
    if (this.#earlier !== undefined) this.#path = join(dirname(this.#path), otherPackName(this.#packs++));
    this.#attempt(() => {
      mkdirSync(dirname(this.#path), { recursive: true });
      rmSync(this.#path, { recursive: true, force: true });
      this.#open = openSync(this.#path, "wx", 0o600);
    });
  }

  push(chunk: Uint8Array): void {
    this.#config?.push(Buffer.from(chunk));
    const file = this.#open;
    if (file !== undefined) this.#attempt(() => writeAll(file, chunk));
  }

  end(): void {
    if (this.#config !== undefined) this.#format = formatLines(Buffer.concat(this.#config).toString("latin1"));
    this.#config = undefined;
    const { path, earlier } = { path: this.#path, earlier: this.#earlier };
    if (this.#open !== undefined) {
      closeSync(this.#open);
      if (earlier !== undefined) this.#attempt(() => void (isSameFile(path, earlier) && rmSync(path)));
    }
    this.#open = undefined;
  }

  /** Writes what is known once all layers were read. Gives what could not be put there. */
  finish(): readonly string[] {
    this.#attempt(() => writeFileSync(join(this.#into, "config"), this.#format));
    return [...this.#faults];
  }

  /** Names of a tar can get in each other's way (a ref `a` and a ref `a/b`), and disks are full. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      this.#faults.add(`a part of it could not be put on the disk (${code})`);
      if (this.#open !== undefined) closeSync(this.#open);
      this.#open = undefined;
    }
  }
}

function otherPackName(number: number): string {
  return `pack-${number.toString(16).padStart(40, "0")}.pack`;
}

function isSameFile(one: string, other: string): boolean {
  if (statSync(one).size !== statSync(other).size) return false;
  const files = [one, other].map((path) => openSync(path, "r")) as [number, number];
  const parts = [Buffer.alloc(comparedBytes), Buffer.alloc(comparedBytes)] as const;
  try {
    for (;;) {
      const read = readSync(files[0], parts[0], 0, comparedBytes, null);
      if (readSync(files[1], parts[1], 0, comparedBytes, null) !== read) return false;
      if (read === 0) return true;
      if (!parts[0].subarray(0, read).equals(parts[1].subarray(0, read))) return false;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
}

/** The lines of a configuration that say how objects and refs are kept. */
function formatLines(config: string): string {
  const format = /^\s*objectformat\s*=\s*"?(sha1|sha256)\b/im.exec(config)?.[1];
  return format === undefined
    ? ""
    : `[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = ${format.toLowerCase()}\n`;
}
