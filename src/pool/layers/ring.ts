/**
 * A ring of bytes in shared memory, from one thread to another: one writes, one reads, each waits for the other where it must. What is written
 * comes out in order; after `stop` it is dropped. Each `write` is taken by one `take` of the same length: both begin at a multiple of eight bytes,
 * since V8 copies shared memory a byte at a time where source and target lie otherwise.
 */

/** How far ahead the writer may be. Enough for stretches that one side is slow with; a power of two, for the positions wrap around. */
const capacity = 8 << 20;
/** Shared numbers: bytes written and read so far (they wrap), whether the reader wants no more, and how far the writer is with what it reads itself. */
const slot = { written: 0, read: 1, stopped: 2, reached: 3 } as const;
const slots = 4;
const alignment = 8;
/** So many bytes are told as one: the largest layers have more than a number of 32 bits can tell. */
const reachedUnit = 1024;
/** So much is told at once: each word to a thread that waits costs both a call of the system, and of a layer of small files each file has five pieces. */
const toldBytes = 32 << 10;
/** How long a thread sleeps before it looks whether the other is still there. */
const waitMs = 100;

export interface SharedRing {
  readonly numbers: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

export function createRing(): SharedRing {
  return { numbers: new SharedArrayBuffer(slots * 4), bytes: new SharedArrayBuffer(capacity) };
}

/** The writing end, from one `reset` to the next; it blocks its thread while the ring is full. What was written is sure to come out after `flush`. */
export class RingWriter {
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;
  /** Bytes written, and those of them that the reader knows of. */
  #written: number;
  #told: number;

  constructor(ring: SharedRing) {
    this.#numbers = new Int32Array(ring.numbers);
    this.#bytes = new Uint8Array(ring.bytes);
    this.#told = this.#written = Atomics.load(this.#numbers, slot.written);
  }

  /** Whether the reader wants no more. */
  get isStopped(): boolean {
    return Atomics.load(this.#numbers, slot.stopped) !== 0;
  }

  /** Tells how far the writer is, in bytes of its own input. */
  reached(bytes: number): void {
    Atomics.store(this.#numbers, slot.reached, Math.floor(bytes / reachedUnit));
  }

  /** Copies bytes into the ring. */
  write(bytes: Uint8Array): void {
    let written = aligned(this.#written);
    for (let at = 0; at < bytes.length && !this.isStopped;) {
      const read = Atomics.load(this.#numbers, slot.read);
      const room = (capacity - ((written - read) | 0)) & -alignment;
      if (room <= 0) {
        this.#written = written;
        this.flush();
        Atomics.wait(this.#numbers, slot.read, read, waitMs);
        continue;
      }
      const place = written & (capacity - 1);
      const part = bytes.subarray(at, at + Math.min(room, capacity - place));
      this.#bytes.set(part, place);
      written = (written + part.length) | 0;
      at += part.length;
    }
    this.#written = written;
    if (((written - this.#told) | 0) >= toldBytes) this.flush();
  }

  /** Lets the reader have all that was written. */
  flush(): void {
    if (this.#told === this.#written) return;
    this.#told = this.#written;
    Atomics.store(this.#numbers, slot.written, this.#written);
    Atomics.notify(this.#numbers, slot.written);
  }
}

/** The reading end; it blocks its thread while the ring is empty, but for a moment now and then. */
export class RingReader {
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(ring: SharedRing) {
    this.#numbers = new Int32Array(ring.numbers);
    this.#bytes = new Uint8Array(ring.bytes);
  }

  /** Makes the ring empty and open again. The writer must be at rest. */
  reset(): void {
    this.#numbers.fill(0);
  }

  /** How far the writer was when it told it last. */
  get reached(): number {
    return Atomics.load(this.#numbers, slot.reached) * reachedUnit;
  }

  /** Tells the writer to stop. */
  stop(): void {
    Atomics.store(this.#numbers, slot.stopped, 1);
    // A writer waits for room.
    Atomics.notify(this.#numbers, slot.read);
  }

  /** Gives the next `length` bytes to `use`, in one or more parts; each is valid during its call. `check` is called while nothing comes, and may throw. */
  async take(length: number, check: () => void, use: (part: Uint8Array) => void): Promise<void> {
    for (const part of this.parts(length)) {
      if (part !== undefined) use(part);
      else {
        // A thread that only sleeps would never hear that the other one died.
        await new Promise((resolve) => setImmediate(resolve));
        check();
      }
    }
  }

  /** The next `length` bytes, in one or more parts; each is valid until the next one is asked for. Undefined where nothing has come for a moment. */
  *parts(length: number): Generator<Uint8Array | undefined, void> {
    let read = aligned(Atomics.load(this.#numbers, slot.read));
    for (let left = length; left > 0;) {
      const written = Atomics.load(this.#numbers, slot.written);
      const available = (written - read) | 0;
      // Less than nothing where the writer has not come to this piece yet.
      if (available <= 0) {
        if (Atomics.wait(this.#numbers, slot.written, written, waitMs) === "timed-out") yield undefined;
        continue;
      }
      const place = read & (capacity - 1);
      const part = this.#bytes.subarray(place, place + Math.min(left, available, capacity - place));
      yield part;
      left -= part.length;
      const before = read;
      read = (read + part.length) | 0;
      Atomics.store(this.#numbers, slot.read, read);
      // A writer waits where the ring is full: some of the next pieces of this length end a stretch.
      if (Math.floor(before / toldBytes) !== Math.floor(read / toldBytes)) Atomics.notify(this.#numbers, slot.read);
    }
  }
}

/** Where the next piece begins, for one that ends at `position`; positions are numbers of 32 bits that wrap around. */
function aligned(position: number): number {
  return (position + alignment - 1) & -alignment;
}
