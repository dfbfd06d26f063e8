import type { Automaton } from "./automaton.ts";
import type { KernelCode } from "./code.ts";
import type { Copies, HitList } from "../trace.ts";
import { memberTable, memberTableBytes } from "./member-table.ts";
import { sieveReach, wordsPerAction, type Sieve } from "./sieve.ts";

/** What happens at a hit: `end` is the offset behind the keyword's last byte, from the start of the scanned text; `state` an output state. */
export type OnHit = (end: number, state: number) => void;
/** What happens at a hit that passed the sieve. */
export type OnAction = (end: number, action: number) => void;
/** Raw hits in the kernel's memory: their address, their number, and the offset from which they count. */
type OnHits = (at: number, count: number, base: number) => void;

const pageBytes = 65536;
const hitCapacity = 16384;
const hitBytes = hitCapacity * 8;
const runCapacity = 4096;
/** Small enough that the hits of a piece of ordinary text fit into the buffers. */
const pieceBytes = 1 << 18;
/** Below this, four stretches cost more than they win. */
const fourFrom = 128;
/** Copies of a delta below this are not told: what they could hand on is less than what asking costs. */
export const leastCopy = 256;
/** WebAssembly's 32-bit memory ends here. */
const memoryLimit = 65536 * pageBytes;

/**
 * The memory and the loops of detection. Texts lie in its memory, above `arena`, at places that the caller chooses; `reserve` makes room.
 * Works on any `KernelCode`: the WebAssembly module, or its TypeScript twin.
 */
export class Kernel {
  readonly #code: KernelCode;
  readonly #automaton: Automaton;
  readonly #members: number;
  readonly #classes: number;
  readonly #table: number;
  readonly #hits: number;
  readonly #counts: number;
  readonly #runs: number;
  readonly #starts: number;
  readonly #actions: number;
  readonly #passed: number;
  readonly #passedCapacity: number;
  readonly #warmup: number;
  /** Where texts may be placed: the first free address. */
  readonly arena: number;
  #copiesAt = 0;
  #bytes: Buffer;
  #words: Uint32Array;
  /** Bytes that were looked through. */
  scannedBytes = 0;
  /** State of the automaton behind the last text: give it to `scan` to go on. */
  state = 0;

  /** `members`: 256 bytes, not 0 for the bytes that `findRuns` collects, which are ASCII. */
  constructor(code: KernelCode, automaton: Automaton, sieve: Sieve, members: Uint8Array) {
    this.#code = code;
    this.#automaton = automaton;
    const tableBytes = automaton.table.byteLength;
    this.#members = align(code.heapBase);
    this.#classes = align(this.#members + memberTableBytes);
    this.#table = align(this.#classes + 256);
    this.#counts = align(this.#table + tableBytes);
    this.#hits = this.#counts + 64;
    this.#runs = this.#hits + 4 * hitBytes;
    const { starts, actions, programs } = sieve;
    this.#passed = align(this.#runs + runCapacity * 8);
    this.#passedCapacity = starts.reduce((most, from, i) => Math.max(most, from - (starts[i - 1] ?? 0)), hitCapacity);
    this.#starts = align(this.#passed + this.#passedCapacity * 8);
    this.#actions = align(this.#starts + starts.byteLength);
    const programsAt = align(this.#actions + actions.byteLength);
    this.arena = align(programsAt + programs.byteLength);
    this.#warmup = Math.max(0, automaton.longest - 1);
    this.#bytes = Buffer.alloc(0);
    this.#words = new Uint32Array(0);
    this.reserve(0);
    this.#bytes.set(memberTable(members), this.#members);
    this.#bytes.set(automaton.classes, this.#classes);
    this.#bytes.set(new Uint8Array(automaton.table.buffer, automaton.table.byteOffset, tableBytes), this.#table);
    this.#bytes.set(programs, programsAt);
    this.#words.set(starts, this.#starts >>> 2);
    for (let i = 0; i < actions.length; i += wordsPerAction) {
      const [rule, classes, table, width, beyond] = actions.subarray(i, i + wordsPerAction);
      const toTable = table === 0 ? 0 : programsAt + table! - 1;
      this.#words.set([rule!, programsAt + classes!, toTable, width!, beyond!], (this.#actions >>> 2) + i);
    }
  }

  /** Makes the memory reach `bytes` beyond `arena`. Views taken before are stale afterwards. Throws RangeError when there is no such memory. */
  reserve(bytes: number): void {
    const end = this.arena + bytes;
    if (end > memoryLimit) throw new RangeError("content does not fit into kernel memory");
    if (end > this.#code.memory.buffer.byteLength || this.#bytes.length === 0) {
      const missing = Math.ceil((end - this.#code.memory.buffer.byteLength) / pageBytes);
      if (missing > 0) this.#code.memory.grow(missing);
    }
    if (this.#bytes.buffer !== this.#code.memory.buffer) {
      this.#bytes = Buffer.from(this.#code.memory.buffer);
      this.#words = new Uint32Array(this.#code.memory.buffer);
    }
  }

  /** All of the memory; stale after `reserve`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Looks for keywords in `length` bytes at address `text`, from automaton state `from` (0: the start of a content). Hits come in order. */
  scan(text: number, length: number, from: number, onHit: OnHit): void {
    this.#scanAll(text, length, from, (at, count, base) => {
      const words = this.#words;
      for (let i = at >>> 2, end = i + 2 * count; i < end; i += 2) onHit(base + words[i]!, words[i + 1]!);
    });
  }

  /**
   * The same from the start state, for the actions that pass the sieve. `limit` is the address where the content ends, which may lie behind the
   * text that is looked through.
   */
  find(text: number, length: number, limit: number, onAction: OnAction): void {
    this.#scanAll(text, length, 0, (at, count, base) => this.#sift(text + base, at, count, base, limit, onAction));
  }

  /** Sifts hits that `scan` gave: pairs of end and state, ends counting from address `text`. */
  sift(text: number, pairs: readonly number[], limit: number, onAction: OnAction): void {
    for (let done = 0; done < pairs.length; done += 2 * hitCapacity) {
      const part = pairs.slice(done, done + 2 * hitCapacity);
      this.#words.set(part, this.#hits >>> 2);
      this.#sift(text, this.#hits, part.length >>> 1, 0, limit, onAction);
    }
  }

  /** `onAction` may call nothing of this kernel: the buffer it reads from is the kernel's only one. */
  #sift(text: number, hits: number, count: number, base: number, limit: number, onAction: OnAction): void {
    const { firstOutput } = this.#automaton;
    for (let done = 0; done < count;) {
      const passed = this.#code.sift(
        text,
        hits + 8 * done,
        count - done,
        firstOutput,
        this.#starts,
        this.#actions,
        limit,
        sieveReach,
        this.#passed,
        this.#passedCapacity,
      );
      done += this.#code.consumed();
      const words = this.#words;
      for (let i = this.#passed >>> 2, end = i + 2 * passed; i < end; i += 2) onAction(base + words[i]!, words[i + 1]!);
    }
  }

  #scanAll(text: number, length: number, from: number, onHits: OnHits): void {
    this.scannedBytes += length;
    this.state = from;
    for (let done = 0; done < length; done += pieceBytes) {
      this.#scanPiece(text + done, Math.min(pieceBytes, length - done), done, onHits);
    }
  }

  #scanPiece(text: number, length: number, base: number, onHits: OnHits): void {
    const { shift, firstOutput } = this.#automaton;
    if (length >= fourFrom && length >= 8 * this.#warmup) {
      const whole = this.#code.scanFour(
        this.#table,
        this.#classes,
        shift,
        firstOutput,
        this.state,
        text,
        length,
        this.#warmup,
        this.#hits,
        hitCapacity,
        this.#counts,
      );
      if (whole === 1) {
        this.state = this.#code.state();
        for (let stretch = 0; stretch < 4; stretch++) {
          const count = this.#words[(this.#counts >> 2) + stretch]!;
          if (count > 0) onHits(this.#hits + stretch * hitBytes, count, base);
        }
        return;
      }
    }
    let done = 0;
    while (done < length) {
      const count = this.#code.scan(
        this.#table,
        this.#classes,
        shift,
        firstOutput,
        this.state,
        text + done,
        length - done,
        this.#hits,
        hitCapacity,
      );
      this.state = this.#code.state();
      const consumed = this.#code.consumed();
      if (count > 0) onHits(this.#hits, count, base + done);
      done += consumed;
    }
  }

  /** Maximal runs of at least `least` member bytes: start and end offsets, alternating. */
  findRuns(text: number, length: number, least: number): number[] {
    return this.#collectRuns(length, (done) =>
      this.#code.findRuns(this.#members, text + done, length - done, least, this.#runs, runCapacity),
    );
  }

  /**
   * Marks (./marks.ts) that begin in `length` bytes at `text`, of a content at addresses `[low, limit)`: each is pushed with its begin, as an offset
   * in the text plus `base`. Gives what may be among the bytes that is to be looked for in all of them: the bits of `wideKinds` (marks.ts).
   */
  findMarks(text: number, length: number, low: number, limit: number, base: number, marks: HitList): number {
    let wide = 0;
    for (let done = 0; done < length; done += this.#code.consumedMarks()) {
      const count = this.#code.findMarks(text + done, length - done, low, limit, this.#runs, runCapacity);
      for (let i = 0, at = this.#runs >>> 2; i < count; i++, at += 2)
        marks.push(base + done + this.#words[at]!, this.#words[at + 1]!);
      wide |= this.#code.wide();
    }
    return wide;
  }

  /** Maximal runs of at least `least` bytes of a kind (`wideKinds`): start and end offsets, alternating. */
  findWide(kind: number, text: number, length: number, least: number): number[] {
    return this.#collectRuns(length, (done) =>
      this.#code.findWide(kind, text + done, length - done, least, this.#runs, runCapacity),
    );
  }

  #collectRuns(length: number, find: (done: number) => number): number[] {
    const found: number[] = [];
    let done = 0;
    while (done < length) {
      const count = find(done);
      for (let i = 0; i < count; i++) {
        found.push(done + this.#words[(this.#runs >> 2) + 2 * i]!, done + this.#words[(this.#runs >> 2) + 2 * i + 1]!);
      }
      if (count < runCapacity) break;
      done = found[found.length - 1]!;
    }
    return found;
  }

  /** Size that a delta at `delta` makes, -1 when its header is damaged. */
  deltaTargetSize(delta: number, deltaLength: number): number {
    return this.#code.deltaTargetSize(delta, deltaLength);
  }

  /**
   * Applies a delta; all places are addresses. Gives 0, or an error number (`deltaErrors`). `scratch` is room for `copyBytes(outLength)` bytes; the
   * copies that the delta makes can be read with `copies` until the next call.
   */
  applyDelta(
    delta: number,
    deltaLength: number,
    base: number,
    baseLength: number,
    out: number,
    outLength: number,
    scratch: number,
  ): number {
    this.#copiesAt = scratch;
    return this.#code.applyDelta(delta, deltaLength, base, baseLength, out, outLength, scratch, leastCopy);
  }

  /** Room that the copies of a delta can take. */
  copyBytes(outLength: number): number {
    return (Math.floor(outLength / leastCopy) + 1) * 12;
  }

  /** What the last delta copied from its base; short copies are left out. */
  copies(): Copies {
    const at = this.#copiesAt >>> 2;
    return this.#words.slice(at, at + 3 * this.#code.copyCount());
  }
}

/** What `applyDelta`'s numbers mean, for messages. */
export const deltaErrors: readonly string[] = [
  "",
  "its header is damaged",
  "its base has another size than it says",
  "it makes another size than it says",
  "it copies from outside its base",
  "it writes outside its result",
  "it has a damaged instruction",
];

function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}
