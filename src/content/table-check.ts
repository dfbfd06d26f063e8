import { createHash, type Hash } from "node:crypto";
import type { Problem } from "../model/problem.ts";
import type { LayerTable, TableChunk, TableFile } from "./layer-table.ts";

/** How a layer's tar and its table of contents differ. */
export interface TableFault {
  readonly effect: Problem["effect"];
  /** One of the files. */
  readonly path: string;
  readonly message: string;
}

/** The table itself, which eStargz keeps as the last file of the tar. */
const ownName = "stargz.index.json";

interface Told {
  readonly file: TableFile;
  /** Whether a file of the tar is what it says. */
  isFound: boolean;
}

/** A part of a file with the hash that the table promises. */
interface Part {
  readonly chunk: TableChunk;
  readonly hash: Hash;
}

/**
 * Holds the files of a tar beside the layer's table of contents. Engines that fetch files one by one believe the table, all others the tar: where they differ, an image is two
 * images. What the tar holds is scanned, so a file that the table leaves out is only worth a note; what the table alone promises is not.
 */
export class TableCheck {
  readonly #told = new Map<string, Told[]>();
  #hiddenCount = 0;
  #hidden = "";
  #path = "";
  #size = 0;
  #at = 0;
  #candidates: Told[] = [];
  /** Of the file that goes by, by where they begin; those that were not reached yet stand from `#next` on. */
  #parts: Part[] = [];
  #next = 0;
  #reached: Part[] = [];

  constructor(table: LayerTable) {
    for (const [path, files] of table)
      this.#told.set(
        path,
        files.map((file) => ({ file, isFound: false })),
      );
  }

  begin(path: string, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#at = 0;
    this.#candidates = this.#told.get(path) ?? [];
    this.#parts = [];
    this.#next = 0;
    this.#reached = [];
    const seen = new Set<string>();
    const expect = (chunk: TableChunk): void => {
      const key = `${chunk.from} ${chunk.to}`;
      if (!seen.has(key) && chunk.digest.startsWith("sha256:")) this.#parts.push({ chunk, hash: createHash("sha256") });
      seen.add(key);
    };
    for (const { file } of this.#candidates) {
      if (file.size !== size || file.chunks === undefined) continue;
      if (file.digest !== "") expect({ from: 0, to: size, digest: file.digest });
      file.chunks.forEach(expect);
    }
    this.#parts.sort((a, b) => a.chunk.from - b.chunk.from);
  }

  push(bytes: Uint8Array): void {
    const start = this.#at;
    this.#at += bytes.length;
    for (; this.#next < this.#parts.length && this.#parts[this.#next]!.chunk.from < this.#at; this.#next++)
      this.#reached.push(this.#parts[this.#next]!);
    for (const { chunk, hash } of this.#reached)
      hash.update(bytes.subarray(Math.max(0, chunk.from - start), chunk.to - start));
    this.#reached = this.#reached.filter(({ chunk }) => chunk.to > this.#at);
  }

  end(): void {
    if (this.#path === ownName) return;
    if (this.#candidates.length === 0) {
      if (this.#hiddenCount++ === 0) this.#hidden = this.#path;
      return;
    }
    const digests = new Map(
      this.#parts.map(({ chunk, hash }) => [`${chunk.from} ${chunk.to}`, `sha256:${hash.digest("hex")}`]),
    );
    const isAs = (from: number, to: number, digest: string): boolean =>
      !digest.startsWith("sha256:") || digests.get(`${from} ${to}`) === digest;
    for (const told of this.#candidates) {
      const { size, digest, chunks } = told.file;
      told.isFound ||=
        size === this.#size &&
        isAs(0, size, digest) &&
        chunks?.every((chunk) => isAs(chunk.from, chunk.to, chunk.digest)) === true;
    }
  }

  /** What was found once the tar is over. */
  faults(): readonly TableFault[] {
    const missing = [...this.#told].filter(([, files]) => files.some(({ isFound, file }) => !isFound && file.size > 0));
    const faults: TableFault[] = [];
    const add = (effect: Problem["effect"], path: string, count: number, message: string): void => {
      if (count > 0) faults.push({ effect, path, message: count > 1 ? `${message} (and ${count - 1} more)` : message });
    };
    const only =
      "is in the layer's table of contents, and in its tar not as it says: what engines would fetch by the table was not scanned";
    add("incomplete", missing[0]?.[0] ?? "", missing.length, only);
    add("note", this.#hidden, this.#hiddenCount, "is in the layer's tar and hidden from its table of contents");
    return faults;
  }
}
