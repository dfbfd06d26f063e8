import type { HeldFile } from "./held-unit.ts";

/** Files are put together up to here. */
const mostBytes = 4 << 20;
/** And from here on they are worth being given away: it takes a message there and one back, and a hundredth of a second to scan them. */
const leastBytes = 1 << 17;

/** Small archives of a layer that somebody else may scan: documentation in `.gz` files, of which a layer has thousands. */
export class HeldBatch {
  #files: HeldFile[] = [];
  #memory: Uint8Array | undefined;
  #filled = 0;

  /** Takes a copy of a file; false where it does not fit any more. */
  add(file: HeldFile): boolean {
    const { length } = file.bytes;
    if (this.#filled + length > mostBytes) return false;
    this.#memory ??= new Uint8Array(new SharedArrayBuffer(mostBytes));
    const bytes = this.#memory.subarray(this.#filled, this.#filled + length);
    bytes.set(file.bytes);
    this.#files.push({ ...file, bytes });
    this.#filled += length;
    return true;
  }

  get bytes(): number {
    return this.#filled;
  }

  get isWorthGiving(): boolean {
    return this.#filled >= leastBytes;
  }

  /** Gives the files, and is empty then. */
  take(): readonly HeldFile[] {
    const files = this.#files;
    this.#files = [];
    this.#memory = undefined;
    this.#filled = 0;
    return files;
  }
}
