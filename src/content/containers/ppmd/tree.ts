import { Memory } from "./memory.ts";

/** Orders of a model that any program writes. */
export const [leastOrder, mostOrder] = [2, 64] as const;
export const mostFrequency = 124;

/**
 * What came after which bytes: contexts, each with the states that it was left by.
 *
 * A context (12 bytes): how many states it has (2), the sum of their frequencies (2), where they are (4), the context of one byte less (4). One with a single state has it where
 * the sum and the place would be. A state (6 bytes): a byte, its frequency (1), the context behind it or the text that led to none yet (4).
 */
export class ContextTree {
  readonly memory = new Memory();
  readonly #parents = new Uint32Array(mostOrder);
  /** The context of the last bytes, and the longest one that may be. */
  min = 0;
  #max = 0;
  /** The state that was found last. */
  found = 0;
  /** How many bytes the context is short of the order. */
  orderFall = 0;
  /** How much a context gets for what it has not seen, when it has its second state. */
  firstEscape = 0;

  /** Forgets all: one context is left, in which each byte was once. `bytes`: of its memory. */
  clear(order: number, bytes: number): void {
    const { memory } = this;
    memory.clear(bytes);
    this.orderFall = order;
    this.min = this.#max = memory.context();
    this.found = memory.units(128);
    memory.words[this.min >> 1] = 256;
    memory.words[(this.min + 2) >> 1] = 257;
    memory.longs[(this.min + 4) >> 2] = this.found;
    memory.longs[(this.min + 8) >> 2] = 0;
    for (let i = 0; i < 256; i++) this.#setState(this.found + 6 * i, i, 1, 0);
  }

  /** Goes on to the context behind the state that was found. False where there is no room for it: all is to be forgotten. */
  goOn(): boolean {
    const next = this.#successorOf(this.found);
    if (this.orderFall !== 0 || next <= this.memory.text) return this.update();
    this.min = this.#max = next;
    return true;
  }

  /** Learns that the state that was found came after all contexts of the last bytes. False where there is no room for that. */
  update(): boolean {
    const memory = this.memory;
    const { bytes, words } = memory;
    const byte = bytes[this.found]!;
    const frequency = bytes[this.found + 1]!;
    let successor = this.#successorOf(this.found);
    this.#countInSuffix(byte, frequency);
    if (this.orderFall === 0) {
      const made = this.#makeContexts(true);
      if (made === 0) return false;
      this.min = this.#max = made;
      this.#setSuccessor(this.found, made);
      return true;
    }
    bytes[memory.text++] = byte;
    let follows = memory.text;
    if (memory.text >= memory.unitsStart) return false;
    if (successor === 0) {
      this.#setSuccessor(this.found, follows);
      successor = this.min;
    } else {
      if (successor < memory.unitsStart) {
        successor = this.#makeContexts(false);
        if (successor === 0) return false;
      }
      if (--this.orderFall === 0) {
        follows = successor;
        if (this.#max !== this.min) memory.text--;
      }
    }
    const count = words[this.min >> 1]!;
    const rest = words[(this.min + 2) >> 1]! - count - (bytes[this.found + 1]! - 1);
    for (let context = this.#max; context !== this.min; context = memory.longs[(context + 8) >> 2]!)
      if (!this.#addState(context, byte, follows, count, rest)) return false;
    this.min = this.#max = successor;
    return true;
  }

  /** Halves the frequencies of a context, and puts its states in their order. */
  rescale(): void {
    const { bytes, words, longs } = this.memory;
    const context = this.min;
    const first = this.statesOf(context);
    const count = words[context >> 1]!;
    this.#moveTo(first, this.found);
    const adder = this.orderFall === 0 ? 0 : 1;
    let escape = words[(context + 2) >> 1]! - bytes[first + 1]!;
    bytes[first + 1] = (bytes[first + 1]! + 4 + adder) >> 1;
    let sum = bytes[first + 1]!;
    for (let i = 1, state = first + 6; i < count; i++, state += 6) {
      escape -= bytes[state + 1]!;
      const frequency = (bytes[state + 1]! + adder) >> 1;
      bytes[state + 1] = frequency;
      sum += frequency;
      if (frequency <= bytes[state - 5]!) continue;
      let to = state - 6;
      while (to !== first && frequency > bytes[to - 5]!) to -= 6;
      this.#moveTo(to, state);
    }
    let left = count;
    while (bytes[first + 6 * (left - 1) + 1] === 0) left--;
    if (left < count) {
      escape += count - left;
      words[context >> 1] = left;
      const units = (count + 1) >> 1;
      if (left === 1) {
        const byte = bytes[first]!;
        const successor = this.#successorOf(first);
        let frequency = bytes[first + 1]!;
        do {
          frequency -= frequency >> 1;
          escape >>= 1;
        } while (escape > 1);
        this.memory.release(first, units);
        this.found = context + 2;
        this.#setState(this.found, byte, frequency, successor);
        return;
      }
      longs[(context + 4) >> 2] = this.memory.shrink(first, units, (left + 1) >> 1);
    }
    words[(context + 2) >> 1] = sum + escape - (escape >> 1);
    this.found = this.statesOf(context);
  }

  /** The context of one byte less has seen it as well. */
  #countInSuffix(byte: number, frequency: number): void {
    const { bytes, words, longs } = this.memory;
    const suffix = longs[(this.min + 8) >> 2]!;
    if (frequency >= mostFrequency / 4 || suffix === 0) return;
    if (words[suffix >> 1] === 1) {
      if (bytes[suffix + 3]! < 32) bytes[suffix + 3]!++;
      return;
    }
    const first = this.statesOf(suffix);
    let state = this.#stateOf(suffix, byte);
    if (state !== first && bytes[state + 1]! >= bytes[state - 5]!) {
      this.swap(state, state - 6);
      state -= 6;
    }
    if (bytes[state + 1]! >= mostFrequency - 9) return;
    bytes[state + 1]! += 2;
    words[(suffix + 2) >> 1]! += 2;
  }

  /** Gives a context one more state. False where there is no room. `count` and `rest`: states of the context in which the byte was found, and their other frequencies. */
  #addState(context: number, byte: number, follows: number, count: number, rest: number): boolean {
    const memory = this.memory;
    const { bytes, words, longs } = memory;
    const own = words[context >> 1]!;
    const sumAt = (context + 2) >> 1;
    if (own === 1) {
      const states = memory.units(1);
      if (states === 0) return false;
      const doubled = bytes[context + 3]! < mostFrequency / 4 - 1 ? 2 * bytes[context + 3]! : mostFrequency - 4;
      this.#setState(states, bytes[context + 2]!, doubled, this.#successorOf(context + 2));
      longs[(context + 4) >> 2] = states;
      words[sumAt] = doubled + this.firstEscape + (count > 3 ? 1 : 0);
    } else {
      if ((own & 1) === 0) {
        const states = memory.grow(this.statesOf(context), own >> 1);
        if (states === 0) return false;
        longs[(context + 4) >> 2] = states;
      }
      words[sumAt]! += (2 * own < count ? 1 : 0) + (4 * own <= count && words[sumAt]! <= 8 * own ? 2 : 0);
    }
    const sum = rest + words[sumAt]!;
    let frequency = 2 * bytes[this.found + 1]! * (words[sumAt]! + 6);
    if (frequency < 6 * sum) {
      frequency = 1 + (frequency > sum ? 1 : 0) + (frequency >= 4 * sum ? 1 : 0);
      words[sumAt]! += 3;
    } else {
      frequency =
        4 + (frequency >= 9 * sum ? 1 : 0) + (frequency >= 12 * sum ? 1 : 0) + (frequency >= 15 * sum ? 1 : 0);
      words[sumAt]! += frequency;
    }
    this.#setState(this.statesOf(context) + 6 * own, byte, frequency, follows);
    words[context >> 1] = own + 1;
    return true;
  }

  /** Makes contexts for all that led to the same text, each with what came behind it. 0 where there is no room. */
  #makeContexts(skipsFound: boolean): number {
    const { bytes, words, longs } = this.memory;
    const parents = this.#parents;
    const byte = bytes[this.found]!;
    const branch = this.#successorOf(this.found);
    let count = 0;
    if (!skipsFound) parents[count++] = this.found;
    let context = this.min;
    for (let suffix = longs[(context + 8) >> 2]!; suffix !== 0; suffix = longs[(context + 8) >> 2]!) {
      context = suffix;
      const state = this.#stateOf(context, byte);
      const successor = this.#successorOf(state);
      if (successor !== branch) {
        context = successor;
        if (count === 0) return context;
        break;
      }
      if (count === parents.length) return 0;
      parents[count++] = state;
    }
    const next = bytes[branch]!;
    let frequency: number;
    if (words[context >> 1] === 1) frequency = bytes[context + 3]!;
    else {
      const own = bytes[this.#stateOf(context, next) + 1]! - 1;
      const rest = words[(context + 2) >> 1]! - words[context >> 1]! - own;
      frequency = 1 + (2 * own <= rest ? (5 * own > rest ? 1 : 0) : Math.floor((2 * own + 3 * rest - 1) / (2 * rest)));
    }
    while (count > 0) {
      const made = this.memory.context();
      if (made === 0) return 0;
      words[made >> 1] = 1;
      longs[(made + 8) >> 2] = context;
      this.#setState(made + 2, next, frequency, branch + 1);
      this.#setSuccessor(parents[--count]!, made);
      context = made;
    }
    return context;
  }

  statesOf(context: number): number {
    return this.memory.longs[(context + 4) >> 2]!;
  }

  /** The state of a byte that is one of the context's; its last one where none is. */
  #stateOf(context: number, byte: number): number {
    const { bytes, words } = this.memory;
    const count = words[context >> 1]!;
    if (count === 1) return context + 2;
    let state = this.statesOf(context);
    for (const last = state + 6 * (count - 1); bytes[state] !== byte && state < last;) state += 6;
    return state;
  }

  #successorOf(state: number): number {
    const { words } = this.memory;
    return words[(state + 2) >> 1]! + words[(state + 4) >> 1]! * 0x10000;
  }

  #setSuccessor(state: number, to: number): void {
    const { words } = this.memory;
    words[(state + 2) >> 1] = to & 0xffff;
    words[(state + 4) >> 1] = to >>> 16;
  }

  #setState(state: number, byte: number, frequency: number, successor: number): void {
    const { bytes } = this.memory;
    bytes[state] = byte;
    bytes[state + 1] = frequency;
    this.#setSuccessor(state, successor);
  }

  swap(one: number, other: number): void {
    const { bytes } = this.memory;
    for (let i = 0; i < 6; i++) [bytes[one + i], bytes[other + i]] = [bytes[other + i]!, bytes[one + i]!];
  }

  /** Puts a state before others that come before it. */
  #moveTo(to: number, state: number): void {
    if (to === state) return;
    const { bytes } = this.memory;
    const moved = bytes.slice(state, state + 6);
    bytes.copyWithin(to + 6, to, state);
    bytes.set(moved, to);
  }
}
