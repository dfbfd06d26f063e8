import { isZero, TAR_BLOCK } from "./tar-header.ts";

/** Blocks of zeros that end a tar (POSIX pax, "ustar Interchange Format"). */
const END_BLOCKS = 2;

/** Watches for the end of a tar, which stands where the next header should. What follows is unpacked by no engine. */
export class TarEnd {
  #expected: number;
  #zeros = 0;
  #isReached = false;

  /** `position`: where the first header is, in the whole tar. */
  constructor(position: number) {
    this.#expected = position;
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  /** The next header should stand at `position`. */
  expect(position: number): void {
    this.#expected = position;
    this.#zeros = 0;
  }

  /** Looks at whole blocks that begin at `start`; each is to be shown before the next. */
  look(blocks: Uint8Array, start: number): void {
    while (!this.#isReached) {
      const at = this.#expected + this.#zeros * TAR_BLOCK - start;
      if (at < 0 || at + TAR_BLOCK > blocks.length || !isZero(blocks.subarray(at, at + TAR_BLOCK))) return;
      this.#isReached = ++this.#zeros === END_BLOCKS;
    }
  }
}
