import {
  bytesInMemory,
  carriesOpened,
  containerKind,
  endsAsZip,
  isPlaced,
  isProgram,
  kindByEnd,
  kindBytes,
  LastBytes,
  longestScript,
  PassingProgram,
  type Bytes,
  type StreamKind,
} from "../../content/containers/index.ts";
import { insideLimits } from "../../content/containers/limits.ts";

/** Keeps the bytes of a content that streams by, if it is a container (or a program, behind which one may stand) and not too large: what is in it can be read only when all of it is there. */
export class HeldContent {
  readonly #size: number;
  /** What came before it was known where to put it. */
  #parts: Buffer[] = [];
  #whole: Uint8Array | undefined;
  #length = 0;
  readonly #end = new LastBytes();
  #isProgram = false;
  /** Most bytes that are held of it. */
  #most = insideLimits.maxHeldBytes;
  /** A program that is too large to be held. */
  #passing: PassingProgram | undefined;
  #is: "unknown" | "held" | "too-large" | "other" = "unknown";
  /** Of a container that is too large to be held, and can be read while it goes by. */
  streamed: StreamKind | undefined;

  /** `size`: what is known of its length, which then is in shared memory; Infinity: nothing. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Takes the next bytes; gives what is not held any more, or never was: all bytes so far, then each time the same ones. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#end.take(chunk);
    this.#passing?.take(chunk);
    if (this.#is === "other" || this.#is === "too-large") return chunk;
    if (this.#whole === undefined) this.#parts.push(Buffer.from(chunk));
    else this.#whole.set(chunk.subarray(0, this.#size - this.#length), this.#length);
    this.#length += chunk.length;
    if (this.#is === "unknown" && this.#length >= kindBytes) this.#decide(Buffer.concat(this.#parts));
    if (this.#is === "held" && this.#length > this.#most) this.#outgrow();
    if (this.#is === "held" || this.#is === "unknown") return undefined;
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    if (this.#isProgram) (this.#passing = new PassingProgram()).take(all);
    return all;
  }

  /** By its begin. Of a large program more is looked at: where it ends an archive may begin, and then it is held as archives are. */
  #decide(begin: Buffer): void {
    const kind = containerKind(begin.subarray(0, kindBytes));
    this.#isProgram = kind === undefined && isProgram(begin);
    if (this.#isProgram) this.#most = insideLimits.maxProgramBytes;
    const isLarge = this.#size !== Infinity && this.#size > this.#most;
    if (kind === undefined && this.#isProgram && isLarge) {
      if (begin.length < longestScript) return;
      if (carriesOpened(bytesInMemory(begin))) this.#most = insideLimits.maxHeldBytes;
      this.#is = this.#size > this.#most ? "other" : "held";
    } else if (kind === undefined) this.#is = this.#isProgram ? "held" : "other";
    else this.#is = isLarge ? "too-large" : "held";
    if (isLarge && kind !== undefined && !isPlaced(kind)) this.streamed = kind;
    if (this.#is === "held" && this.#size !== Infinity) this.#gather();
  }

  /** There is more of it than is held. */
  #outgrow(): void {
    const isCarrier =
      this.#isProgram && this.#most < insideLimits.maxHeldBytes && carriesOpened(bytesInMemory(this.#held));
    if (isCarrier) this.#most = insideLimits.maxHeldBytes;
    else this.#is = this.#isProgram ? "other" : "too-large";
  }

  get #held(): Uint8Array {
    return this.#whole?.subarray(0, this.#length) ?? Buffer.concat(this.#parts);
  }

  #gather(): void {
    this.#whole = new Uint8Array(new SharedArrayBuffer(this.#size));
    let at = 0;
    for (const part of this.#parts.splice(0)) {
      this.#whole.set(part, at);
      at += part.length;
    }
  }

  /** The container, once all of it came by; undefined for everything else. What its end alone tells to be one was not held. */
  end(): Bytes | "too-large" | undefined {
    if (this.#is === "too-large") return "too-large";
    if (this.#is === "other" && (endsAsZip(this.#end, false) || this.#passing?.carriesArchive)) return "too-large";
    if (this.#is !== "held" || this.bytes === undefined) return undefined;
    const held = bytesInMemory(this.bytes);
    return this.#isProgram && kindByEnd(held, true) === undefined ? undefined : held;
  }

  /** What is held, or not decided upon yet. */
  get bytes(): Uint8Array | undefined {
    if (this.#is === "other" || this.#is === "too-large") return undefined;
    return this.#held;
  }
}
