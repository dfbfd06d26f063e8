import type { IdBytes } from "../../model/object-id.ts";

/** Files whose names are remembered; others are called by their ids alone. */
const mostNames = 200_000;
/** Longer names are remembered of no file. */
const longestName = 255;

/** What trees call the files of a pack. */
export class TreeNames {
  readonly #names = new Map<string, string>();
  readonly #idBytes: IdBytes;

  constructor(idBytes: IdBytes) {
    this.#idBytes = idBytes;
  }

  /** The name of a file, where a tree told it. */
  of(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** Takes the entries of a tree (`<mode> <name>\0<id>`), and gives the names that are new, a line each. */
  take(tree: Buffer): Buffer {
    const fresh: Buffer[] = [];
    for (let at = 0; at < tree.length;) {
      const name = tree.indexOf(0x20, at) + 1;
      const end = name === 0 ? -1 : tree.indexOf(0, name);
      // What is no tree is text like any other.
      if (end < 0) return tree;
      const id = tree.toString("hex", end + 1, end + 1 + this.#idBytes);
      const own = tree.subarray(name, end);
      const text = own.length > longestName ? undefined : own.toString();
      if (text === undefined || this.#names.get(id) !== text) fresh.push(own, newLine);
      if (text !== undefined && this.#names.size < mostNames && !this.#names.has(id)) this.#names.set(id, text);
      at = end + 1 + this.#idBytes;
    }
    return Buffer.concat(fresh);
  }
}

const newLine = Buffer.from("\n");
