const newline = 0x0a;

/**
 * Tells lines and columns in a text of which only a window may be in memory. It walks from the place asked last to the next one, so
 * asking in nearly ascending order costs one pass.
 */
export class LineCounter {
  /** Address up to which newlines are counted, and their number since the start of the content. */
  #at: number;
  #newlines = 0;
  /** Offset in the content of the first byte of the line that holds the window's start. */
  #windowLineStart = 0;

  constructor(address: number) {
    this.#at = address;
  }

  /** 1-based line of address `to`; the window is `[low, high)` in `bytes`. */
  line(bytes: Buffer, to: number): number {
    if (to >= this.#at) this.#newlines += countNewlines(bytes, this.#at, to);
    else this.#newlines -= countNewlines(bytes, to, this.#at);
    this.#at = to;
    return this.#newlines + 1;
  }

  /** 1-based column in bytes of address `to`, where the window starts at address `low` and content offset `base`. */
  column(bytes: Buffer, low: number, base: number, to: number): number {
    const back = to > low ? bytes.subarray(low, to).lastIndexOf(newline) : -1;
    if (back >= 0) return to - (low + back);
    return base + (to - low) - this.#windowLineStart + 1;
  }

  /** The window moves: what was at address `from` is now at `low`, and had content offset `base`; everything before is dropped. */
  shift(bytes: Buffer, low: number, base: number, from: number): void {
    this.line(bytes, from);
    const back = from > low ? bytes.subarray(low, from).lastIndexOf(newline) : -1;
    if (back >= 0) this.#windowLineStart = base + back + 1;
    this.#at = low;
  }
}

function countNewlines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  const window = bytes.subarray(from, to);
  for (let at = window.indexOf(newline); at >= 0; at = window.indexOf(newline, at + 1)) count++;
  return count;
}
