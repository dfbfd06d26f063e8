import { instantiateLzma, runEnd, type LzmaCode } from "./code.ts";

/** Compressed data in pieces; undefined where there are no more. */
export type PieceSource = () => Uint8Array | undefined;

/** The data cannot be right. */
export class LzmaDamage extends Error {}

/** Of the literals' context and position; LZMA2 allows four bits of both together. */
const lzma2LiteralBits = 4;
/** Expanded bytes that are given at once. */
const outputBytes = 1 << 16;
/** A chunk of LZMA2 fits in. */
const inputBytes = 1 << 16;
/** Behind the input and behind the ring: the code may touch some bytes there. */
const slackBytes = 64;
const pageBytes = 1 << 16;
/** Lengths are 32 bits to the code; no single match is as long. */
const mostAsked = 0x7fffffff;

const damages: ReadonlyMap<number, string> = new Map([
  [runEnd.outside, "a match lies outside"],
  [runEnd.tooLong, "a match is too long"],
  [runEnd.cutOff, "it ends too early"],
]);

/** How a stream ended. */
export interface Ended {
  /** Whether it met the marker of its end. */
  readonly hasMarker: boolean;
  /** Whether the data ended there as they have to. */
  readonly isExact: boolean;
  /** The input that was taken and not read, in pieces. */
  readonly rest: () => readonly Uint8Array[];
}

/**
 * The decoder of LZMA, for streams that come in parts: it keeps its dictionary and, until it is told otherwise, its state. Of our own, because no kept package
 * expands in the calling thread and can be stopped. Symbols are decoded in WebAssembly (assembly/index.ts), in a memory that only this decoder has:
 * input, dictionary and probabilities lie in it. What is given is part of that memory, and valid until the next result is asked for.
 */
export class LzmaDecoder {
  readonly #code: LzmaCode = instantiateLzma();
  readonly #memory: Uint8Array;
  readonly #input: number;
  readonly #ring: number;
  readonly #ringBytes: number;
  readonly #mostLiteralBits: number;
  #literalBits = 0;
  /** Place in the ring up to which bytes were given. */
  #given = 0;
  #hasTables = false;

  /** `dictionaryBytes`: how far back matches may lie. `literalBits`: more than these are damage. */
  constructor(dictionaryBytes: number, literalBits = lzma2LiteralBits) {
    this.#mostLiteralBits = literalBits;
    this.#input = this.#code.heapBase.value;
    this.#ring = this.#input + inputBytes + slackBytes;
    this.#ringBytes = ((Math.max(dictionaryBytes, outputBytes * 2) + slackBytes) & ~7) >>> 0;
    const literals = this.#ring + this.#ringBytes + slackBytes;
    const end = literals + 2 * (0x300 << literalBits);
    const { memory } = this.#code;
    memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / pageBytes)));
    this.#memory = new Uint8Array(memory.buffer);
    this.#code.place(this.#ring, this.#ringBytes, literals);
  }

  /** Forgets what was expanded, also what nobody took. */
  resetDictionary(): void {
    this.#code.resetDictionary();
    this.#given = this.#at;
  }

  /** Sets the properties (the byte of a header) and begins anew. */
  setProperties(byte: number): void {
    const rest = Math.floor(byte / 9);
    const [context, position] = [byte % 9, rest % 5];
    if (byte >= 9 * 5 * 5 || context + position > this.#mostLiteralBits)
      throw new LzmaDamage("its properties are damaged");
    this.#literalBits = context + position;
    this.#code.setProperties(context, position, Math.floor(rest / 5));
  }

  resetState(): void {
    this.#code.resetState(this.#literalBits);
  }

  /** Puts bytes into the dictionary that were stored as they are. */
  *copy(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let from = 0; from < bytes.length; from += inputBytes) {
      const part = bytes.subarray(from, from + inputBytes);
      this.#memory.set(part, this.#input);
      this.#code.put(this.#input, part.length);
      yield* this.#flush();
    }
  }

  /** Expands `length` bytes, or until the marker of the end where there is one; throws LzmaDamage. */
  *decode(source: PieceSource, length: number): Generator<Uint8Array, Ended> {
    const input = new Input(this.#memory, this.#input, source);
    input.refill(this.#input);
    if (input.end < this.#input + 5) throw new LzmaDamage("it ends too early");
    if (this.#code.start(this.#input) === 0) throw new LzmaDamage("its first byte is damaged");
    let ended: number = runEnd.more;
    for (let left = length; left > 0 && ended === runEnd.more;) {
      ended = this.#code.run(input.end, input.isLast, Math.min(left, outputBytes), Math.min(left, mostAsked));
      const made = this.#code.made.value;
      left -= made;
      yield* this.#flush();
      if (ended !== runEnd.more || left === 0) break;
      if (made < outputBytes) this.#code.next.value = input.refill(this.#next);
    }
    const damage = damages.get(ended);
    if (damage !== undefined) throw new LzmaDamage(damage);
    return {
      hasMarker: ended === runEnd.marker,
      isExact: this.#code.isFinished() !== 0 && this.#next === input.end && input.isAtEnd(),
      rest: () => input.restFrom(this.#next),
    };
  }

  /** The CRC-64 of what this decoder has given just now, behind bytes whose CRC is `before`. */
  crc64(piece: Uint8Array, before: bigint): bigint {
    if (!this.#hasTables) this.#code.makeCrcTables();
    this.#hasTables = true;
    return BigInt.asUintN(64, this.#code.crc64(piece.byteOffset, piece.length, before));
  }

  *#flush(): Generator<Uint8Array, void> {
    const at = this.#at;
    if (at < this.#given) {
      yield this.#memory.subarray(this.#ring + this.#given, this.#ring + this.#ringBytes);
      this.#given = 0;
    }
    if (at > this.#given) yield this.#memory.subarray(this.#ring + this.#given, this.#ring + at);
    this.#given = at;
  }

  get #at(): number {
    return this.#code.at.value;
  }

  get #next(): number {
    return this.#code.next.value;
  }
}

/** Input in the memory of the code, which comes in pieces. */
class Input {
  readonly #memory: Uint8Array;
  readonly #from: number;
  readonly #source: PieceSource;
  #piece: Uint8Array = new Uint8Array(0);
  /** Address behind what is there. */
  end: number;
  /** There is no more than what is there. */
  isLast = false;

  constructor(memory: Uint8Array, from: number, source: PieceSource) {
    this.#memory = memory;
    this.#from = from;
    this.#source = source;
    this.end = from;
  }

  /** Lays as much ready as there is room for; the bytes from address `next` on were not read yet. Gives where they lie now. */
  refill(next: number): number {
    const kept = this.end - next;
    this.#memory.copyWithin(this.#from, next, this.end);
    this.end = this.#from + kept;
    for (let room = inputBytes - kept; room > 0 && !this.isAtEnd();) {
      const part = this.#piece.subarray(0, room);
      this.#memory.set(part, this.end);
      this.end += part.length;
      room -= part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    this.isLast = this.isAtEnd();
    return this.#from;
  }

  /** What lies behind address `next`. */
  restFrom(next: number): readonly Uint8Array[] {
    return [this.#memory.slice(next, this.end), this.#piece].filter(({ length }) => length > 0);
  }

  /** Whether nothing comes behind what is there. */
  isAtEnd(): boolean {
    while (this.#piece.length === 0) {
      const piece = this.#source();
      if (piece === undefined) return true;
      this.#piece = piece;
    }
    return false;
  }
}
