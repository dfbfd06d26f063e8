import { behindProgram, endOfProgram, longestScript, longestSettings, longestTail } from "./behind-program.ts";
import type { Bytes } from "./bytes.ts";

const none = Buffer.alloc(0);

/**
 * A program that goes by and is too large to be held. Of it are kept its begin, what stands behind where that says that it ends, and its last bytes: all that
 * is looked at to tell whether an archive stands behind it, which then is not passed over in silence.
 */
export class PassingProgram implements Bytes {
  #head: Buffer = none;
  /** Where the program ends, once its begin is there; 0 where that does not say. */
  #end: number | undefined;
  #behind: Buffer = none;
  #last: Buffer = none;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  take(chunk: Uint8Array): void {
    const lacking = this.#end === undefined ? longestScript - this.#size : 0;
    if (lacking > 0 && lacking < chunk.length) {
      this.take(chunk.subarray(0, lacking));
      this.take(chunk.subarray(lacking));
      return;
    }
    const from = this.#size;
    this.#size += chunk.length;
    this.#last = Buffer.concat([this.#last, chunk.subarray(-longestTail)]).subarray(-longestTail);
    if (this.#end === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      if (this.#size < longestScript) return;
      this.#end = endOfProgram(this);
      this.#behind = this.#head.subarray(this.#end, this.#end + longestSettings);
    } else if (this.#end > 0 && this.#size > this.#end && from < this.#end + longestSettings) {
      const begin = Math.max(0, this.#end - from);
      this.#behind = Buffer.concat([this.#behind, chunk.subarray(begin, this.#end + longestSettings - from)]);
    }
  }

  /** Takes pieces, and gives them as they are. What came `before` is taken when there is one. */
  *watch(before: Iterable<Uint8Array>, chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
    let isFirst = true;
    for (const chunk of chunks) {
      if (isFirst) for (const one of before) this.take(one);
      isFirst = false;
      this.take(chunk);
      yield chunk;
    }
  }

  /** Whether something stands behind it that would be opened, or named. */
  get carriesArchive(): boolean {
    return this.#end !== undefined && behindProgram(this) !== undefined;
  }

  /** Of what was not kept nothing. */
  read(at: number, length: number): Buffer {
    const behind = at - (this.#end ?? Infinity);
    if (this.#end !== 0 && behind >= 0 && behind < this.#behind.length)
      return this.#behind.subarray(behind, behind + length);
    if (at < this.#head.length) return this.#head.subarray(at, at + length);
    const last = at - (this.#size - this.#last.length);
    return last >= 0 ? this.#last.subarray(last, last + length) : none;
  }
}
