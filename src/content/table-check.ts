import { createHash, type Hash } from "node:crypto";
import type { LayerDifference } from "../model/unit.ts";
import type { LayerTable, TableChunk, TableFile } from "./layer-table.ts";

/** How a layer's table of contents and its tar differ. */
export interface TableFaults {
  /** Files of which the two say different things, sorted by path; of many the first ones of each kind. */
  readonly differences: readonly LayerDifference[];
  /** Files that the tar does not hold as the table says, and one of them. */
  readonly promised: { readonly count: number; readonly path: string };
  /** Files that the table leaves out, beyond those among the differences. */
  readonly moreHidden: number;
}

/** The table itself, which eStargz keeps as the last file of the tar. */
const ownName = "stargz.index.json";

/** Files of each kind (hidden from the table, otherwise than it says) that are told one by one. A writer with a fault of its own has them by the thousand. */
const mostTold = 20;

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

/** What the tar has at a path of the table, where that is not what the table says. */
interface Held {
  readonly size: number;
  /** Empty where nothing asked for it. */
  readonly digest: string;
}

/**
 * Holds the files of a tar beside the layer's table of contents. Engines that fetch files one by one believe the table, all others the tar: where they differ, an image is two
 * images. What the tar holds is scanned, so a file that the table leaves out is no gap; what the table alone promises is one.
 */
export class TableCheck {
  readonly #told = new Map<string, Told[]>();
  readonly #held = new Map<string, Held>();
  readonly #hidden: { readonly path: string; readonly held: Held }[] = [];
  #hiddenCount = 0;
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
    const isToldAlone = this.#candidates.length === 0 && path !== ownName && this.#hiddenCount < mostTold;
    if (isToldAlone) expect({ from: 0, to: size, digest: "sha256:" });
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
    const digests = new Map(
      this.#parts.map(({ chunk, hash }) => [`${chunk.from} ${chunk.to}`, `sha256:${hash.digest("hex")}`]),
    );
    const held = { size: this.#size, digest: digests.get(`0 ${this.#size}`) ?? "" };
    if (this.#candidates.length === 0) {
      if (this.#hiddenCount++ < mostTold) this.#hidden.push({ path: this.#path, held });
      return;
    }
    const isAs = (from: number, to: number, digest: string): boolean =>
      !digest.startsWith("sha256:") || digests.get(`${from} ${to}`) === digest;
    for (const told of this.#candidates) {
      const { size, digest, chunks } = told.file;
      told.isFound ||=
        size === this.#size &&
        isAs(0, size, digest) &&
        chunks?.every((chunk) => isAs(chunk.from, chunk.to, chunk.digest)) === true;
    }
    // Of several files at a path the last one counts.
    if (this.#candidates.some(isMissing)) this.#held.set(this.#path, held);
  }

  /** What was found once the tar is over. */
  faults(): TableFaults {
    const missing = [...this.#told].filter(([, files]) => files.some(isMissing)).sort(([a], [b]) => (a < b ? -1 : 1));
    const promised = missing.slice(0, mostTold).map(([path, files]): LayerDifference => {
      const told = files.filter(isMissing).map(({ file }) => fileText(file));
      return differenceOf(path, told.join(" and "), heldText(this.#held.get(path), files));
    });
    const hidden = this.#hidden.map(({ path, held }) => differenceOf(path, "no file", fileText(held)));
    return {
      differences: [...promised, ...hidden],
      promised: { count: missing.length, path: missing[0]?.[0] ?? "" },
      moreHidden: this.#hiddenCount - this.#hidden.length,
    };
  }
}

/** The text that stands for a difference as a content. */
export function differenceBytes({ path, text }: LayerDifference): Buffer {
  return Buffer.from(`${path}\n${text}\n`);
}

/** An empty file has nothing that could be another one's. */
function isMissing({ file, isFound }: Told): boolean {
  return !isFound && file.size > 0;
}

function differenceOf(path: string, told: string, held: string): LayerDifference {
  return { path, text: `table of contents: ${told}; tar: ${held}` };
}

function heldText(held: Held | undefined, files: readonly Told[]): string {
  if (held === undefined) return "no file";
  const isSame = held.digest !== "" && files.some((told) => isMissing(told) && told.file.digest === held.digest);
  return `${fileText(held)}${isSame ? " in other chunks" : ""}`;
}

/** `digest` may be any text that somebody wrote into a table. */
function fileText({ size, digest }: Held): string {
  return `file of ${size} bytes${/^[a-z0-9]{1,20}:[0-9a-f]{32,128}$/.test(digest) ? ` (${digest})` : ""}`;
}
