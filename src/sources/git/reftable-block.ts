import type { IdBytes } from "../../model/object-id.ts";

/** git itself refuses longer names of refs where they become files; a block of such names expands no further. */
const maxKeyBytes = 8192;

/** Reads the records of a reftable block one after the other. Throws Error where they lead out of it. */
export class BlockReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #key = Buffer.alloc(0);

  /** `bytes`: the block, with its table of restarts (3 bytes each) and their number at its end. `first`: where its first record starts. */
  constructor(bytes: Buffer, first: number) {
    this.#bytes = bytes;
    this.#end = bytes.length - 2 - 3 * bytes.readUInt16BE(bytes.length - 2);
    this.#at = first;
    if (this.#end < first) throw new Error("a block of a reftable is damaged");
  }

  hasMore(): boolean {
    return this.#at < this.#end;
  }

  /** A key shares its beginning with the one before; `extra` are the three bits that tell what follows. */
  key(): { key: Buffer; extra: number } {
    const shared = this.varint();
    const rest = this.varint();
    const length = Math.floor(rest / 8);
    if (shared > this.#key.length || shared + length > maxKeyBytes)
      throw new Error("a block of a reftable has a damaged name");
    this.#key = Buffer.concat([this.#key.subarray(0, shared), this.#take(length)]);
    return { key: this.#key, extra: rest % 8 };
  }

  /** Seven bits a byte, highest first, each step but the last one more. */
  varint(): number {
    let byte = this.#take(1)[0]!;
    let value = byte & 0x7f;
    while (byte & 0x80) {
      if (value > 2 ** 45) throw new Error("a block of a reftable has a number that is too long");
      byte = this.#take(1)[0]!;
      value = (value + 1) * 128 + (byte & 0x7f);
    }
    return value;
  }

  id(idBytes: IdBytes): string {
    return this.#take(idBytes).toString("hex");
  }

  text(): string {
    return this.#take(this.varint()).toString("utf8");
  }

  /** A time zone, kept as the number that git writes: 130 is an hour and a half. */
  zone(): string {
    const zone = this.#take(2).readInt16BE(0);
    return `${zone < 0 ? "-" : "+"}${String(Math.abs(zone)).padStart(4, "0")}`;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#end) throw new Error("a block of a reftable is damaged");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
