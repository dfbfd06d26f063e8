/** What of a structure cannot be read. */
export class ThriftDamage extends Error {}

/** A value of a structure: the fields of one by their numbers, the values of a list. Numbers beyond 2^53 lose their lowest bits. */
export type Value = number | Buffer | readonly Value[] | Fields;
export type Fields = ReadonlyMap<number, Value>;

const type = {
  yes: 1,
  no: 2,
  byte: 3,
  short: 4,
  int: 5,
  long: 6,
  double: 7,
  text: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  id: 13,
} as const;
/** Structures in each other: a file of Parquet has seven. */
const mostDepth = 24;

/** Values of one structure with all that lie in it: each takes far more memory than bytes. */
const mostValues = 1_000_000;

/** Reads structures of Thrift's compact protocol (thrift-compact-protocol.md). What is read is never larger than its bytes. */
export class ThriftReader {
  readonly #bytes: Buffer;
  #at: number;
  #left = mostValues;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next byte stands. */
  get at(): number {
    return this.#at;
  }

  /** A structure. Throws where it is damaged. */
  fields(depth = 0): Fields {
    if (depth > mostDepth) throw new ThriftDamage("it lies too deep");
    const fields = new Map<number, Value>();
    let id = 0;
    for (let head = this.#byte(); head !== 0; head = this.#byte()) {
      id = head >> 4 === 0 ? this.#signed() : id + (head >> 4);
      const kind = head & 15;
      fields.set(id, kind === type.yes ? 1 : kind === type.no ? 0 : this.#value(kind, depth));
    }
    return fields;
  }

  #value(kind: number, depth: number): Value {
    if (--this.#left < 0) throw new ThriftDamage("it has too many values");
    switch (kind) {
      case type.yes:
      case type.no:
      case type.byte:
        return this.#byte();
      case type.short:
      case type.int:
      case type.long:
        return this.#signed();
      case type.double:
        return this.#take(8);
      case type.id:
        return this.#take(16);
      case type.text:
        return this.#take(this.#number());
      case type.list:
      case type.set: {
        const head = this.#byte();
        return this.#values(head >> 4 === 15 ? this.#number() : head >> 4, [head & 15], depth);
      }
      case type.map: {
        const count = this.#number();
        const kinds = count === 0 ? 0 : this.#byte();
        return this.#values(2 * count, [kinds >> 4, kinds & 15], depth);
      }
      case type.struct:
        return this.fields(depth + 1);
      default:
        throw new ThriftDamage("a value has no type");
    }
  }

  #values(count: number, kinds: readonly number[], depth: number): readonly Value[] {
    if (depth > mostDepth) throw new ThriftDamage("it lies too deep");
    const values: Value[] = [];
    for (let i = 0; i < count; i++) {
      if (this.#at >= this.#bytes.length) throw new ThriftDamage("it is cut off");
      values.push(this.#value(kinds[i % kinds.length]!, depth + 1));
    }
    return values;
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new ThriftDamage("it is cut off");
    return this.#bytes[this.#at++]!;
  }

  #take(length: number): Buffer {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new ThriftDamage("it is cut off");
    this.#at += length;
    return bytes;
  }

  #number(): number {
    let number = 0;
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = this.#byte();
      number += (byte & 0x7f) * scale;
      if (byte < 0x80) return number;
    }
    throw new ThriftDamage("a number is too long");
  }

  /** Numbers with signs: the lowest bit is the sign. */
  #signed(): number {
    const number = this.#number();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }
}
