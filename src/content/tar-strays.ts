import { isZero } from "./tar-header.ts";

/** Bytes that are held until they are given; longer runs come in pieces, each of which begins with the end of the one before. */
const pieceBytes = 1 << 20;
const overlapBytes = 4096;

/**
 * Gathers bytes of a tar that no entry has: blocks that are no headers where one should stand, and what fills the last block of a body, where that is more than zeros. They are to be told
 * between entries, in order.
 */
export class TarStrays {
  readonly #give: (bytes: Uint8Array) => void;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Where the last body ends, and where its last block does. */
  #bodyEnd = 0;
  #blockEnd = 0;

  constructor(give: (bytes: Uint8Array) => void) {
    this.#give = give;
  }

  /** The next bytes that belong to nothing. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0 || (this.#length === 0 && isZero(bytes))) return;
    this.#parts.push(Buffer.from(bytes));
    this.#length += bytes.length;
    if (this.#length < pieceBytes) return;
    const piece = Buffer.concat(this.#parts);
    this.#give(piece);
    const tail = piece.subarray(piece.length - overlapBytes);
    this.#parts = [tail];
    this.#length = tail.length;
  }

  /** A run of them has ended. */
  flush(): void {
    if (this.#length > 0) this.#give(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#length = 0;
  }

  /** A body ends at `bodyEnd`, its last block at `blockEnd`. */
  expect(bodyEnd: number, blockEnd: number): void {
    this.#bodyEnd = bodyEnd;
    this.#blockEnd = blockEnd;
  }

  /** Looks at whole blocks that begin at `start`, once what they hold of a body was given. */
  look(blocks: Uint8Array, start: number): void {
    if (this.#bodyEnd >= this.#blockEnd || this.#bodyEnd < start || this.#blockEnd > start + blocks.length) return;
    const padding = blocks.subarray(this.#bodyEnd - start, this.#blockEnd - start);
    this.#blockEnd = 0;
    if (isZero(padding)) return;
    this.add(padding);
    this.flush();
  }
}
