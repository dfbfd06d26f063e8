import { blobId } from "../../content/blob-id.ts";
import type { ScanResult } from "../../detect/index.ts";
import { NameTable } from "./name-table.ts";

/** A name that is worth telling: it has detections, or candidates that were judged away. */
export interface NamedResult {
  /** The id that a blob with the name's bytes would have. */
  readonly content: string;
  readonly id: Uint8Array;
  readonly result: ScanResult;
}

/** Looks at names of files, each once. */
export class NameScanner {
  readonly #names = new NameTable();
  readonly #results = new Map<number, NamedResult>();
  readonly #telling = new Set<number>();
  readonly #isTelling: (name: string) => boolean;
  /** What the last `look` has to tell; undefined for nearly every name. */
  found: NamedResult | undefined;
  /** Whether a rule on paths may ask for a file of the name that was looked at last. */
  isTelling = false;

  constructor(isTelling: (name: string) => boolean) {
    this.#isTelling = isTelling;
  }

  /**
   * Looks at the name `bytes[from … to-1]` unless it was looked at before; `scan` gets a copy of its bytes. Gives the number of the name, -1 where
   * there is no room to remember it. Leaves the result in `found`.
   */
  look(bytes: Uint8Array, from: number, to: number, scan: (name: Buffer) => ScanResult): number {
    const known = this.#names.size;
    const number = this.#names.number(bytes, from, to);
    if (number >= 0 && number < known) {
      this.found = this.#results.size === 0 ? undefined : this.#results.get(number);
      this.isTelling = this.#telling.size > 0 && this.#telling.has(number);
      return number;
    }
    const name = Buffer.from(bytes.subarray(from, to));
    const result = scan(name);
    this.isTelling = this.#isTelling(name.toString());
    if (this.isTelling && number >= 0) this.#telling.add(number);
    this.found = undefined;
    if (result.detections.length > 0 || Object.keys(result.suppressed).length > 0) {
      const content = blobId(name);
      this.found = { content, id: Buffer.from(content, "hex"), result };
      if (number >= 0) this.#results.set(number, this.found);
    }
    return number;
  }
}
