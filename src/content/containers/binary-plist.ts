import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** Larger ones are data that somebody wrote down; they are scanned as they stand. */
const mostBytes = 16 << 20;
/** Values of one list, and levels: each value may stand in it as often as somebody likes. */
const mostValues = 100_000;
const mostLevels = 64;
/** The text of a list is at most so many times as long as the list. */
const mostGrowth = 8;
const trailerBytes = 32;

/** Whether a content begins as a binary property list of macOS and iOS does. */
export function isBinaryPlist(head: Buffer): boolean {
  return head.toString("latin1", 0, 7) === "bplist0";
}

/**
 * A binary property list as the JSON that says the same: names stand in it far from their values. Data that is no text is left out; as all of the list, it is
 * scanned as it stands as well.
 */
export function* plistMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  if (bytes.size > mostBytes) return;
  const text = bytes.size < 8 + trailerBytes ? "" : new PlistReader(bytes.read(0, bytes.size)).text();
  if (text === "") report(lost("archive-corrupt", "", "the property list is cut off or damaged"));
  else yield { name: "", chunks: [Buffer.from(text)] };
}

/** Reads the objects of a list, each at the place that the table at its end tells. */
class PlistReader {
  readonly #file: Buffer;
  readonly #offsetSize: number;
  readonly #refSize: number;
  readonly #count: number;
  readonly #top: number;
  readonly #table: number;
  #values = 0;
  #left: number;

  constructor(file: Buffer) {
    this.#file = file;
    const at = file.length - trailerBytes;
    this.#offsetSize = file[at + 6]!;
    this.#refSize = file[at + 7]!;
    this.#count = this.#number(at + 8, 8);
    this.#top = this.#number(at + 16, 8);
    this.#table = this.#number(at + 24, 8);
    this.#left = file.length * mostGrowth;
  }

  /** Empty where the end of the file tells no table of objects. */
  text(): string {
    const end = this.#file.length - trailerBytes;
    const isTable = [this.#offsetSize, this.#refSize].every((size) => size >= 1 && size <= 8);
    if (!isTable || this.#table + this.#count * this.#offsetSize > end) return "";
    return `${this.#value(this.#top, 0)}\n`;
  }

  #number(at: number, size: number): number {
    let value = 0;
    for (let i = at; i < at + size; i++) value = value * 256 + (this.#file[i] ?? 0);
    return value;
  }

  #value(index: number, level: number): string {
    if (index >= this.#count || level > mostLevels || this.#values++ > mostValues || this.#left <= 0) return "null";
    // What joins it to the next one.
    this.#left -= 4;
    const at = this.#number(this.#table + index * this.#offsetSize, this.#offsetSize);
    const marker = this.#file[at] ?? 0;
    const [count, from] = this.#size(at, marker & 15);
    switch (marker >> 4) {
      case 1:
        return (marker & 15) <= 3 ? `${this.#number(at + 1, 1 << (marker & 15))}` : "null";
      case 4:
        return this.#quoted(this.#file.subarray(from, from + count).toString("utf8"), textOnly);
      case 5:
        return this.#quoted(this.#file.toString("latin1", from, from + count));
      case 6:
        return this.#quoted(Buffer.from(this.#file.subarray(from, from + 2 * count)).toString("utf16le"), swapped);
      case 10:
      case 12:
        return this.#list(from, count, level);
      case 13:
        return this.#record(from, count, level);
      default:
        return marker === 9 ? "true" : marker === 8 ? "false" : "null";
    }
  }

  /** How many bytes or members an object has, and where they begin: more than fourteen are told by a number of their own. */
  #size(at: number, low: number): readonly [number, number] {
    if (low !== 15) return [low, at + 1];
    const width = 1 << ((this.#file[at + 1] ?? 0) & 3);
    return [this.#number(at + 2, width), at + 2 + width];
  }

  #quoted(text: string, meant: (text: string) => string = asItIs): string {
    const quoted = JSON.stringify(meant(text));
    this.#left -= quoted.length;
    return quoted;
  }

  #ref(from: number, index: number): number {
    return this.#number(from + index * this.#refSize, this.#refSize);
  }

  /** Members beyond the end of the file are none. */
  #within(from: number, count: number): number {
    return Math.min(count, Math.max(0, Math.floor((this.#file.length - from) / this.#refSize)));
  }

  #list(from: number, count: number, level: number): string {
    const values: string[] = [];
    for (let i = 0; i < this.#within(from, count) && this.#left > 0 && this.#values <= mostValues; i++)
      values.push(this.#value(this.#ref(from, i), level + 1));
    return `[${values.join(", ")}]`;
  }

  #record(from: number, count: number, level: number): string {
    const rows: string[] = [];
    for (let i = 0; i < this.#within(from, 2 * count) >> 1 && this.#left > 0 && this.#values <= mostValues; i++) {
      const name = this.#value(this.#ref(from, i), mostLevels);
      rows.push(`${name}: ${this.#value(this.#ref(from, count + i), level + 1)}`);
    }
    return `{\n${rows.join(",\n")}\n}`;
  }
}

const asItIs = (text: string): string => text;
/** Two bytes to a letter, the higher one first. */
const swapped = (text: string): string => Buffer.from(text, "utf16le").swap16().toString("utf16le");
/** Data that is text; nothing of any other. */
// oxlint-disable-next-line no-control-regex
const textOnly = (text: string): string => (/[\0-\x08\x0e-\x1f\ufffd]/.test(text) ? "" : text);
