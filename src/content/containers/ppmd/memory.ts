/** Bytes of a unit: one context, or two states. */
const unitBytes = 12;
/** Sizes of blocks, in units: 1 to 4, 6 to 12 by two, 15 to 24 by three, 28 to 128 by four. */
const sizes: readonly number[] = [
  ...Array.from({ length: 4 }, (_, i) => 1 + i),
  ...Array.from({ length: 4 }, (_, i) => 6 + 2 * i),
  ...Array.from({ length: 4 }, (_, i) => 15 + 3 * i),
  ...Array.from({ length: 26 }, (_, i) => 28 + 4 * i),
];
/** By units less one: the smallest size that holds so many. */
const sizeOf = Uint8Array.from({ length: 128 }, (_, i) => sizes.findIndex((units) => units > i));
/** Free blocks are joined when so many blocks could not be had. */
const beforeGlue = 255;
/** Bytes behind the memory: the end of the list of free blocks. */
const spare = 16;

/**
 * The memory of the model: text at its beginning, contexts from its end, states between. Where it finds room is a part of the format, for the model begins anew when there is
 * none. A reference is a place; 0 is none.
 */
export class Memory {
  bytes: Uint8Array = new Uint8Array(0);
  words: Uint16Array = new Uint16Array(0);
  longs: Uint32Array = new Uint32Array(0);
  readonly #free = new Uint32Array(sizes.length);
  #start = 0;
  #end = 0;
  text = 0;
  unitsStart = 0;
  #low = 0;
  #high = 0;
  #glueCount = 0;

  /** The most bytes that were written to, of what is held now. */
  #mostUsed = 0;

  /** Bytes that were written to, at least once: so many the system has had to give. */
  get used(): number {
    return Math.max(this.#mostUsed, this.text - this.#start + this.#end - this.unitsStart - (this.#high - this.#low));
  }

  /** Forgets all. `size`: bytes that the model may use from now on. */
  clear(size: number): void {
    this.#mostUsed = this.used;
    // So that its end is a multiple of four, and no place is 0.
    this.#start = 4 - (size & 3);
    this.#end = this.#start + size;
    if (this.bytes.length < this.#end + spare) this.#hold(this.#end + spare);
    this.#free.fill(0);
    this.text = this.#start;
    this.#high = this.#end;
    this.#low = this.unitsStart = this.#end - Math.floor(size / 8 / unitBytes) * 7 * unitBytes;
    this.#glueCount = 0;
  }

  #hold(bytes: number): void {
    const buffer = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint16Array(buffer);
    this.longs = new Uint32Array(buffer);
    this.#mostUsed = 0;
  }

  /** Room for a context; 0 where there is none. */
  context(): number {
    if (this.#high !== this.#low) return (this.#high -= unitBytes);
    return this.#free[0] === 0 ? this.#rare(0) : this.#take(0);
  }

  /** Room for so many units; 0 where there is none. */
  units(count: number): number {
    const size = sizeOf[count - 1]!;
    if (this.#free[size] !== 0) return this.#take(size);
    const bytes = sizes[size]! * unitBytes;
    if (bytes > this.#high - this.#low) return this.#rare(size);
    this.#low += bytes;
    return this.#low - bytes;
  }

  /** Room for one unit more than what is at a place has, with what stands there. 0 where there is none. */
  grow(at: number, count: number): number {
    const size = sizeOf[count - 1]!;
    if (size === sizeOf[count]) return at;
    const to = this.units(count + 1);
    if (to === 0) return 0;
    this.#copy(to, at, count);
    this.#give(at, size);
    return to;
  }

  shrink(at: number, from: number, to: number): number {
    const [size, smaller] = [sizeOf[from - 1]!, sizeOf[to - 1]!];
    if (size === smaller) return at;
    if (this.#free[smaller] === 0) {
      this.#split(at, size, smaller);
      return at;
    }
    const moved = this.#take(smaller);
    this.#copy(moved, at, to);
    this.#give(at, size);
    return moved;
  }

  release(at: number, count: number): void {
    this.#give(at, sizeOf[count - 1]!);
  }

  #copy(to: number, from: number, count: number): void {
    this.longs.copyWithin(to >> 2, from >> 2, (from + count * unitBytes) >> 2);
  }

  #give(at: number, size: number): void {
    this.longs[at >> 2] = this.#free[size]!;
    this.#free[size] = at;
  }

  #take(size: number): number {
    const at = this.#free[size]!;
    this.#free[size] = this.longs[at >> 2]!;
    return at;
  }

  #split(at: number, size: number, smaller: number): void {
    this.#giveUnits(at + sizes[smaller]! * unitBytes, sizes[size]! - sizes[smaller]!);
  }

  /** Gives back units of which no size need be as many. */
  #giveUnits(at: number, count: number): void {
    let size = sizeOf[count - 1]!;
    if (sizes[size] !== count) {
      const less = sizes[--size]!;
      this.#give(at + less * unitBytes, count - less - 1);
    }
    this.#give(at, size);
  }

  #rare(size: number): number {
    if (this.#glueCount === 0) {
      this.#glue();
      if (this.#free[size] !== 0) return this.#take(size);
    }
    for (let larger = size + 1; larger < sizes.length; larger++)
      if (this.#free[larger] !== 0) {
        const at = this.#take(larger);
        this.#split(at, larger, size);
        return at;
      }
    this.#glueCount--;
    const bytes = sizes[size]! * unitBytes;
    if (this.unitsStart - this.text <= bytes) return 0;
    return (this.unitsStart -= bytes);
  }

  /**
   * Joins free blocks that lie side by side. While it does, each has a mark (a word that is 0, which no block in use begins with), its units (a word), and the places of the next
   * and the last one in a ring.
   */
  #glue(): void {
    const { words, longs } = this;
    const head = this.#end;
    let last = head;
    this.#glueCount = beforeGlue;
    for (let size = 0; size < sizes.length; size++) {
      let at = this.#free[size]!;
      this.#free[size] = 0;
      while (at !== 0) {
        const next = longs[at >> 2]!;
        longs[(at + 4) >> 2] = last;
        longs[(last + 8) >> 2] = at;
        last = at;
        words[at >> 1] = 0;
        words[(at + 2) >> 1] = sizes[size]!;
        at = next;
      }
    }
    words[head >> 1] = 1;
    longs[(head + 4) >> 2] = last;
    longs[(last + 8) >> 2] = head;
    if (this.#low !== this.#high) words[this.#low >> 1] = 1;
    for (let at = last; at !== head; at = longs[(at + 4) >> 2]!) {
      let units = words[(at + 2) >> 1]!;
      for (;;) {
        const behind = at + units * unitBytes;
        units += words[(behind + 2) >> 1]!;
        if (words[behind >> 1] !== 0 || units >= 0x10000) break;
        const [next, before] = [longs[(behind + 4) >> 2]!, longs[(behind + 8) >> 2]!];
        longs[(before + 4) >> 2] = next;
        longs[(next + 8) >> 2] = before;
        words[(at + 2) >> 1] = units;
      }
    }
    for (let at = longs[(head + 4) >> 2]!; at !== head;) {
      const next = longs[(at + 4) >> 2]!;
      let units = words[(at + 2) >> 1]!;
      for (; units > 128; units -= 128, at += 128 * unitBytes) this.#give(at, sizes.length - 1);
      this.#giveUnits(at, units);
      at = next;
    }
  }
}
