import { containerKind, kindBytes, type Bytes, bytesInMemory } from "../../content/containers/index.ts";
import { insideLimits } from "../../content/containers/limits.ts";

/** Keeps the bytes of a content that streams by, if it is a container and not too large: what is in it can be read only when all of it is there. */
export class HeldContent {
  readonly #size: number;
  #parts: Buffer[] = [];
  #length = 0;
  #is: "unknown" | "held" | "too-large" | "other" = "unknown";

  /** `size`: what is known of its length; Infinity: nothing. */
  constructor(size: number) {
    this.#size = size;
  }

  push(chunk: Uint8Array): void {
    if (this.#is === "other" || this.#is === "too-large") return;
    this.#parts.push(Buffer.from(chunk));
    this.#length += chunk.length;
    if (this.#is === "unknown" && this.#length >= kindBytes) {
      const isContainer = containerKind(Buffer.concat(this.#parts).subarray(0, kindBytes)) !== undefined;
      const isLarge = this.#size !== Infinity && this.#size > insideLimits.maxHeldBytes;
      this.#is = !isContainer ? "other" : isLarge ? "too-large" : "held";
    }
    if (this.#is === "held" && this.#length > insideLimits.maxHeldBytes) this.#is = "too-large";
    if (this.#is !== "held" && this.#is !== "unknown") this.#parts = [];
  }

  /** The container, once all of it came by; undefined for everything else. */
  end(): Bytes | "too-large" | undefined {
    if (this.#is === "too-large") return "too-large";
    return this.#is === "held" ? bytesInMemory(Buffer.concat(this.#parts)) : undefined;
  }
}
