import { TAR_BLOCK } from "./tar-header.ts";

/** What a list of ranges has in a block: 21 offsets and lengths of twelve bytes each, then whether another block follows (GNU tar, "Old GNU Format"). */
const FIELD_BYTES = 12;
const LIST_BYTES = 42 * FIELD_BYTES;

/** Whether the header at `at` is that of a sparse file in GNU's old form whose list of ranges goes on behind it: in blocks that its size does not count. */
export function hasMoreRanges(bytes: Uint8Array, at: number): boolean {
  return at >= 0 && bytes[at + 156] === 0x53 && bytes[at + 482] !== 0;
}

interface BodyTaker {
  data(chunk: Uint8Array): void;
  end(complete: boolean): void;
}

/** The body of such a file: the rest of the list, which is left out as far as it is one, then what its ranges hold. */
export class SparseBody {
  readonly #taker: BodyTaker;
  #left: number;
  #padding: number;
  #isInList = true;

  constructor(size: number, taker: BodyTaker) {
    this.#taker = taker;
    this.#left = size;
    this.#padding = (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
  }

  get isDone(): boolean {
    return !this.#isInList && this.#left === 0 && this.#padding === 0;
  }

  /** Takes what is its own of whole blocks, or of the last bytes of a tar, from `at` on; gives where that ends. */
  take(bytes: Uint8Array, at: number): number {
    let to = at;
    while (this.#isInList && to + TAR_BLOCK <= bytes.length) {
      // Whatever else stands there is a part of the body: nothing hides behind a mark in a header.
      if (!isList(bytes, to)) this.#endList();
      else {
        if (bytes[to + LIST_BYTES] === 0) this.#endList();
        to += TAR_BLOCK;
      }
    }
    if (this.#isInList) return bytes.length;
    const length = Math.min(this.#left, bytes.length - to);
    if (length > 0) {
      this.#taker.data(bytes.subarray(to, to + length));
      this.#left -= length;
      if (this.#left === 0) this.#taker.end(true);
    }
    const padding = Math.min(this.#padding, bytes.length - to - length);
    if (this.#left === 0) this.#padding -= padding;
    return to + length + (this.#left === 0 ? padding : 0);
  }

  /** No more bytes come. Gives whether some were missing, beside padding. */
  cut(): boolean {
    if (!this.#isInList && this.#left === 0) return false;
    this.#taker.end(false);
    return true;
  }

  #endList(): void {
    this.#isInList = false;
    if (this.#left === 0) this.#taker.end(true);
  }
}

/** Numbers alone: octal text, or base-256. */
function isList(bytes: Uint8Array, at: number): boolean {
  for (let field = at; field < at + LIST_BYTES; field += FIELD_BYTES) {
    if (bytes[field] === 0x80) continue;
    for (let i = field; i < field + FIELD_BYTES; i++) {
      const byte = bytes[i]!;
      if (byte !== 0 && byte !== 0x20 && (byte < 0x30 || byte > 0x37)) return false;
    }
  }
  return true;
}
