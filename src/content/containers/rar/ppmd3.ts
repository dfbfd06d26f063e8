import { RarCoder } from "../ppmd/coder.ts";
import { borrowModel, giveBack } from "../ppmd/loan.ts";
import type { PpmdModel } from "../ppmd/model.ts";
import type { BitReader } from "./bit-reader.ts";
import { RarDamage } from "./entry.ts";

/** What comes next of a block that is packed by PPMd. */
export type Step =
  | { readonly kind: "byte" | "end of block" | "end of file" | "filter" }
  | { readonly kind: "copy"; readonly length: number; readonly distance: number };

const usualEscape = 2;
const step = {
  byte: { kind: "byte" },
  block: { kind: "end of block" },
  file: { kind: "end of file" },
  filter: { kind: "filter" },
} as const satisfies Record<string, Step>;

/** The blocks of RAR 3 that are packed by PPMd: bytes, and behind an escape what LZ77 has marks for. */
export class PpmdBlocks {
  #model: PpmdModel | undefined;
  #coder: RarCoder | undefined;
  #input!: BitReader;
  #escape = usualEscape;
  /** The byte of the last step that was one. */
  byte = 0;

  /** Goes on with the bits of another file: what of it is packed by the last block's head goes on as well. */
  goOn(input: BitReader): void {
    this.#input = input;
  }

  /** Nothing more is read. */
  end(): void {
    if (this.#model !== undefined) giveBack(this.#model);
    this.#model = undefined;
  }

  /** A file begins that goes on with no other. */
  clear(): void {
    this.#escape = usualEscape;
  }

  /** Takes the head of a block, up to the first byte that is packed. */
  start(): void {
    const input = this.#input;
    const flags = input.bits(8);
    const isNew = (flags & 0x20) !== 0;
    const megabytes = isNew ? input.bits(8) + 1 : 0;
    if ((flags & 0x40) !== 0) this.#escape = input.bits(8);
    this.#coder = new RarCoder(() => this.#input.bits(8));
    if (!isNew && this.#model === undefined) throw new RarDamage("it has no model");
    if (!isNew) return;
    const told = (flags & 0x1f) + 1;
    if (told === 1) throw new RarDamage("its model is damaged");
    this.#model ??= borrowModel();
    this.#model.start(told > 16 ? 16 + (told - 16) * 3 : told, megabytes * 2 ** 20);
  }

  next(): Step {
    const byte = this.#decode();
    if (byte !== this.#escape) {
      this.byte = byte;
      return step.byte;
    }
    switch (this.#decode()) {
      case 0:
        return step.block;
      case 2:
        return step.file;
      case 3:
        return step.filter;
      case 4: {
        const distance = (this.#decode() << 16) | (this.#decode() << 8) | this.#decode();
        return { kind: "copy", length: this.#decode() + 32, distance: distance + 2 };
      }
      case 5:
        return { kind: "copy", length: this.#decode() + 4, distance: 1 };
      default:
        // The byte that is the escape itself.
        this.byte = byte;
        return step.byte;
    }
  }

  /** What a filter is told: bytes of the model, as others are. */
  readonly takeByte = (): number => this.#decode();

  #decode(): number {
    const byte = this.#model!.decode(this.#coder!);
    if (byte === undefined) throw new RarDamage("it ends too early");
    return byte;
  }
}
