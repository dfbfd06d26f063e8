/** Compressed data in pieces; undefined where there are no more. */
export type PieceSource = () => Uint8Array | undefined;

/** The data cannot be right. */
export class LzmaDamage extends Error {}

const probabilityInit = 1024;
const stateCount = 12;
const lengthStates = 4;
const positionSlots = 64;
const fullDistances = 128;
const endPositionModel = 14;
const alignBits = 4;
const topByte = 0xff000000 | 0;
/** How large the dictionary is at first. */
const firstDictionary = 1 << 18;
/** Bits that choose the table of a literal: of its place, and of the byte before it. */
const mostLiteralBits = 4;
/** Matches from this length on are copied as a block. */
const longCopy = 64;
/** Expanded bytes that are given at once. */
const outputBytes = 1 << 16;

/**
 * The decoder of LZMA (as the LZMA specification of the 7-Zip SDK describes it), for streams that come in parts: it keeps its dictionary and, until it
 * is told otherwise, its state. Of our own, because no kept package expands in the calling thread and can be stopped.
 */
export class LzmaDecoder {
  /** A circle once it has all its bytes. Until then it grows: some bytes of input can ask for a hundred megabytes, and never use them. */
  #dictionary: Buffer;
  readonly #most: number;
  #at = 0;
  /** Bytes in the dictionary that may be copied from. */
  #full = 0;
  #given = 0;
  #lc = 0;
  #lpMask = 0;
  #pbMask = 0;
  #literals = new Uint16Array(0);
  readonly #isMatch = new Uint16Array(stateCount << 4);
  readonly #isRep = new Uint16Array(stateCount);
  readonly #isRepG0 = new Uint16Array(stateCount);
  readonly #isRepG1 = new Uint16Array(stateCount);
  readonly #isRepG2 = new Uint16Array(stateCount);
  readonly #isRep0Long = new Uint16Array(stateCount << 4);
  readonly #slots = new Uint16Array(lengthStates * positionSlots);
  readonly #positions = new Uint16Array(1 + fullDistances - endPositionModel);
  readonly #align = new Uint16Array(1 << alignBits);
  readonly #matchLengths = new LengthModel();
  readonly #repLengths = new LengthModel();
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  #position = 0;
  #source: PieceSource = () => undefined;
  #piece: Uint8Array = new Uint8Array(0);
  #pieceAt = 0;
  /** Both are 32 bits without a sign, kept with one: so they stay small integers, which an engine does not box. */
  #range = 0;
  #code = 0;

  /** `dictionaryBytes`: how far back matches may lie. */
  constructor(dictionaryBytes: number) {
    this.#most = Math.max(dictionaryBytes, outputBytes * 2);
    this.#dictionary = Buffer.alloc(Math.min(this.#most, firstDictionary));
  }

  /** Forgets what was expanded, also what nobody took. */
  resetDictionary(): void {
    this.#full = 0;
    this.#position = 0;
    this.#given = this.#at;
  }

  /** Sets the properties (the byte of a header) and begins anew. */
  setProperties(byte: number): void {
    if (byte >= 9 * 5 * 5) throw new LzmaDamage("its properties are damaged");
    this.#lc = byte % 9;
    const rest = Math.floor(byte / 9);
    // As xz has it; more is megabytes of tables that a few bytes ask for again and again.
    if (this.#lc + (rest % 5) > mostLiteralBits) throw new LzmaDamage("its properties ask for too large tables");
    this.#lpMask = (1 << (rest % 5)) - 1;
    this.#pbMask = (1 << Math.floor(rest / 5)) - 1;
    this.#literals = new Uint16Array(0x300 << (this.#lc + (rest % 5)));
    this.resetState();
  }

  resetState(): void {
    this.#state = 0;
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
    const models = [
      this.#literals,
      this.#isMatch,
      this.#isRep,
      this.#isRepG0,
      this.#isRepG1,
      this.#isRepG2,
      this.#isRep0Long,
    ];
    for (const model of [...models, this.#slots, this.#positions, this.#align]) model.fill(probabilityInit);
    this.#matchLengths.reset();
    this.#repLengths.reset();
  }

  /** Puts bytes into the dictionary that were stored as they are. */
  *copy(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (const byte of bytes) this.#put(byte);
    yield* this.#flush();
  }

  /** Expands `length` bytes, or until the marker of the end where there is one. Gives whether it met that marker. */
  *decode(source: PieceSource, length: number): Generator<Uint8Array, boolean> {
    this.#source = source;
    this.#piece = new Uint8Array(0);
    this.#pieceAt = 0;
    if (this.#byte() !== 0) throw new LzmaDamage("its first byte is damaged");
    this.#range = -1;
    this.#code = 0;
    for (let i = 0; i < 4; i++) this.#code = (this.#code << 8) | this.#byte();
    let left = length;
    let isEnd = false;
    try {
      while (left > 0 && !isEnd) {
        left = this.#run(left);
        isEnd = left < 0;
        yield* this.#flush();
      }
    } catch (error) {
      if (error instanceof LzmaDamage) yield* this.#flush();
      throw error;
    }
    yield* this.#flush();
    return isEnd;
  }

  /** Expands until there is enough to give. Of `length` bytes so many are left; -1 where the marker of the end came. */
  #run(length: number): number {
    const enough = Math.max(0, length - outputBytes);
    let left = length;
    while (left > enough) {
      const made = this.#symbol(left);
      if (made === 0) return -1;
      left -= made;
    }
    return left;
  }

  *#flush(): Generator<Uint8Array, void> {
    if (this.#at < this.#given) {
      yield this.#dictionary.subarray(this.#given);
      this.#given = 0;
    }
    if (this.#at > this.#given) yield this.#dictionary.subarray(this.#given, this.#at);
    this.#given = this.#at;
  }

  #put(byte: number): void {
    this.#dictionary[this.#at] = byte;
    if (++this.#at === this.#dictionary.length && !this.#grow(1)) this.#at = 0;
    if (this.#full < this.#dictionary.length) this.#full++;
    this.#position++;
  }

  /** Room for more bytes, and one, behind the last one; false where it is a circle by now. */
  #grow(length: number): boolean {
    const needed = this.#at + length;
    if (needed < this.#dictionary.length) return true;
    const size = this.#dictionary.length;
    if (size === this.#most) return false;
    const wider = Buffer.allocUnsafeSlow(Math.min(this.#most, Math.max(2 * size, needed + 1)));
    this.#dictionary.copy(wider, 0, 0, this.#at);
    this.#dictionary = wider.fill(0, this.#at);
    return true;
  }

  #back(distance: number): number {
    const at = this.#at - distance - 1;
    return this.#dictionary[at < 0 ? at + this.#dictionary.length : at]!;
  }

  /** One literal or match of at most `most` bytes. Gives its length; 0: the marker of the end. */
  #symbol(most: number): number {
    const positionState = this.#position & this.#pbMask;
    const state = this.#state;
    if (this.#bit(this.#isMatch, (state << 4) + positionState) === 0) {
      this.#put(this.#literal());
      this.#state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      return 1;
    }
    let length: number;
    if (this.#bit(this.#isRep, state) === 0) {
      length = 2 + this.#matchLengths.decode(this, positionState);
      const distance = this.#distance(length);
      if (distance === 0xffffffff) return 0;
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      this.#rep0 = distance;
      this.#state = state < 7 ? 7 : 10;
    } else {
      if (this.#bit(this.#isRepG0, state) === 0) {
        if (this.#bit(this.#isRep0Long, (state << 4) + positionState) === 0) {
          this.#check(this.#rep0);
          this.#state = state < 7 ? 9 : 11;
          this.#put(this.#back(this.#rep0));
          return 1;
        }
      } else this.#chooseRep(state);
      length = 2 + this.#repLengths.decode(this, positionState);
      this.#state = state < 7 ? 8 : 11;
    }
    this.#check(this.#rep0);
    if (length > most) throw new LzmaDamage("a match is too long");
    this.#repeat(this.#rep0, length);
    return length;
  }

  /** One of the three distances before the last; it becomes the last. */
  #chooseRep(state: number): void {
    let chosen = this.#rep1;
    if (this.#bit(this.#isRepG1, state) !== 0) {
      if (this.#bit(this.#isRepG2, state) === 0) chosen = this.#rep2;
      else {
        chosen = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = this.#rep0;
    this.#rep0 = chosen;
  }

  #repeat(distance: number, length: number): void {
    if (this.#at + length >= this.#dictionary.length) this.#grow(length);
    const dictionary = this.#dictionary;
    const size = dictionary.length;
    let to = this.#at;
    let from = to - distance - 1;
    if (from < 0) from += size;
    if (to + length < size && from + length < size) {
      if (length >= longCopy && distance >= length) dictionary.copyWithin(to, from, from + length);
      else for (let i = 0; i < length; i++) dictionary[to + i] = dictionary[from + i]!;
      to += length;
    } else {
      for (let i = 0; i < length; i++) {
        dictionary[to] = dictionary[from]!;
        if (++to === size) to = 0;
        if (++from === size) from = 0;
      }
    }
    this.#at = to;
    this.#full = Math.min(size, this.#full + length);
    this.#position += length;
  }

  #check(distance: number): void {
    if (distance >= this.#full) throw new LzmaDamage("a match lies outside");
  }

  #literal(): number {
    const before = this.#full > 0 ? this.#back(0) : 0;
    const at = 0x300 * (((this.#position & this.#lpMask) << this.#lc) + (before >> (8 - this.#lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      this.#check(this.#rep0);
      let matched = this.#back(this.#rep0);
      while (symbol < 0x100) {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const bit = this.#bit(this.#literals, at + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, at + symbol);
    return symbol & 0xff;
  }

  #distance(length: number): number {
    const slot = this.tree(this.#slots, Math.min(length - 2, lengthStates - 1) * positionSlots, 6);
    if (slot < 4) return slot;
    const direct = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << direct) >>> 0;
    if (slot < endPositionModel) return base + this.#reverse(this.#positions, base - slot, direct);
    return (
      (base + this.#direct(direct - alignBits) * (1 << alignBits) + this.#reverse(this.#align, 0, alignBits)) >>> 0
    );
  }

  #direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if ((this.#range & topByte) === 0) this.#normalise();
      this.#range >>>= 1;
      const isOne = this.#code >>> 0 >= this.#range;
      if (isOne) this.#code = (this.#code - this.#range) | 0;
      value = (value << 1) | (isOne ? 1 : 0);
    }
    return value;
  }

  #reverse(model: Uint16Array, at: number, count: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.#bit(model, at + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  /** A number of `count` bits out of a tree of probabilities that begins at `at`. */
  tree(model: Uint16Array, at: number, count: number): number {
    let node = 1;
    for (let i = 0; i < count; i++) node = (node << 1) | this.#bit(model, at + node);
    return node - (1 << count);
  }

  bit(model: Uint16Array, at: number): number {
    return this.#bit(model, at);
  }

  #bit(model: Uint16Array, at: number): number {
    if ((this.#range & topByte) === 0) this.#normalise();
    const probability = model[at]!;
    const range = this.#range;
    const bound = Math.imul(range >>> 11, probability);
    const code = this.#code;
    if (code >>> 0 < bound >>> 0) {
      this.#range = bound;
      model[at] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.#range = (range - bound) | 0;
    this.#code = (code - bound) | 0;
    model[at] = probability - (probability >> 5);
    return 1;
  }

  #normalise(): void {
    this.#range <<= 8;
    this.#code = (this.#code << 8) | this.#byte();
  }

  #byte(): number {
    while (this.#pieceAt === this.#piece.length) {
      const piece = this.#source();
      if (piece === undefined) throw new LzmaDamage("it ends too early");
      this.#piece = piece;
      this.#pieceAt = 0;
    }
    return this.#piece[this.#pieceAt++]!;
  }
}

class LengthModel {
  readonly #choices = new Uint16Array(2);
  readonly #low = new Uint16Array(16 << 3);
  readonly #middle = new Uint16Array(16 << 3);
  readonly #high = new Uint16Array(256);

  reset(): void {
    for (const model of [this.#choices, this.#low, this.#middle, this.#high]) model.fill(probabilityInit);
  }

  decode(decoder: LzmaDecoder, positionState: number): number {
    if (decoder.bit(this.#choices, 0) === 0) return decoder.tree(this.#low, positionState << 3, 3);
    if (decoder.bit(this.#choices, 1) === 0) return 8 + decoder.tree(this.#middle, positionState << 3, 3);
    return 16 + decoder.tree(this.#high, 0, 8);
  }
}
