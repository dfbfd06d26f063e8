import { chunksOf, type Bytes } from "./bytes.ts";
import { endOfClass } from "./class-end.ts";
import { isCutModule } from "./marshal-end.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { isCutPickle } from "./pickle-end.ts";

/** Texts of a compiled file beyond this are data that somebody compiled in; they were scanned as they stand. */
const mostBytes = 64 << 20;
/** A constant of fewer characters says nothing. */
const leastText = 4;

/**
 * A Java class file (JVM specification, 4.1) with its texts a line each, its constant fields as `NAME = "value"` before them, and what stands behind
 * the constants after them. In the file itself a length stands before each text, and looks like a part of it where it is a letter or a digit; here each text is once, so that nobody
 * need look at the file as well.
 */
export function* classMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const file = bytes.read(0, Math.min(bytes.size, mostBytes));
  const constants = readConstants(file);
  const fields = constantLines(file, constants);
  yield { name: "", chunks: chain(Buffer.from(fields), textLines(file, constants), chunksOf(bytes, file.length)) };
  if (!constants.isWhole || endOfClass(file, constants.end) > bytes.size)
    report(lost("archive-corrupt", "", "the class file is cut off or damaged"));
}

function* chain(fields: Buffer, lines: Buffer, rest: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  if (fields.length > 0) yield fields;
  yield lines;
  yield* rest;
}

/** `NAME = "value"`, a line each, and not more of them than the file has letters: every field can name the same text. */
function constantLines(file: Buffer, constants: Constants): string {
  const lines: string[] = [];
  let size = 0;
  for (const line of constantFields(file, constants)) {
    size += line.length + 1;
    if (size > 2 * file.length) break;
    lines.push(`${line}\n`);
  }
  return lines.join("");
}

/** Bytes behind the tag of a constant, by its tag; 1 (a text) has its own length. */
const constantBytes = new Uint8Array(256);
for (const [tag, size] of Object.entries({
  ...{ 3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2 },
}))
  constantBytes[Number(tag)] = size;

/** The constants of a class (4.4). */
interface Constants {
  /** Where each text begins, by the number of the constant; 0 for what is none. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Constants of strings: which text each is. */
  readonly strings: ReadonlyMap<number, number>;
  /** Behind the last one that could be read. */
  readonly end: number;
  /** Whether all could be read that the class says to have. */
  readonly isWhole: boolean;
}

function readConstants(file: Buffer): Constants {
  const count = file.readUInt16BE(8);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const strings = new Map<number, number>();
  let at = 10;
  let i = 1;
  for (; i < count && at + 3 <= file.length; i++) {
    const tag = file[at]!;
    if (tag === 1) {
      const end = at + 3 + ((file[at + 1]! << 8) | file[at + 2]!);
      if (end > file.length) break;
      starts[i] = at + 3;
      ends[i] = end;
      at = end;
      continue;
    }
    const size = constantBytes[tag]!;
    if (size === 0) break;
    if (tag === 8) strings.set(i, (file[at + 1]! << 8) | file[at + 2]!);
    at += 1 + size;
    // Long numbers take two places.
    if (tag === 5 || tag === 6) i++;
  }
  return { starts, ends, strings, end: Math.min(at, file.length), isWhole: i >= count };
}

/** Texts, a line each, and all that stands behind the constants. */
function textLines(file: Buffer, { starts, ends, end }: Constants): Buffer {
  // A text takes three bytes more in the file than in the lines.
  const lines = Buffer.allocUnsafe(file.length);
  let size = 0;
  for (let i = 1; i < starts.length; i++) {
    const start = starts[i]!;
    if (ends[i]! - start < leastText) continue;
    size += file.copy(lines, size, start, ends[i]!);
    lines[size++] = 10;
  }
  size += file.copy(lines, size, end);
  return lines.subarray(0, size);
}

/** Fields whose value is a constant text (4.5, 4.7.2). */
function* constantFields(file: Buffer, { starts, ends, strings, end }: Constants): Generator<string, void> {
  const text = (i: number): string | undefined =>
    (starts[i] ?? 0) === 0 ? undefined : file.toString("utf8", starts[i], ends[i]);
  const short = (place: number): number => (place + 2 <= file.length ? file.readUInt16BE(place) : 0);
  let next = end + 8 + 2 * short(end + 6);
  const fields = short(next);
  next += 2;
  for (let field = 0; field < fields && next + 8 <= file.length; field++) {
    const name = short(next + 2);
    const attributes = short(next + 6);
    next += 8;
    for (let i = 0; i < attributes && next + 6 <= file.length; i++) {
      const value = strings.get(short(next + 6));
      if (value !== undefined && text(short(next)) === "ConstantValue")
        yield `${text(name) ?? ""} = "${text(value) ?? ""}"`;
      next += 6 + file.readUInt32BE(next + 2);
    }
  }
}

/** How texts are told from what is around them: for each byte that may stand before one, how many bytes its length takes. */
type TextMarks = Uint8Array;

/** `mask`: bits of a mark that count. */
function textMarks(short: Iterable<number>, long: Iterable<number>, mask: number): TextMarks {
  const bytes = new Map([...short].map((mark) => [mark, 1]));
  for (const mark of long) bytes.set(mark, 4);
  return Uint8Array.from({ length: 256 }, (_, byte) => bytes.get(byte & mask) ?? 0);
}

/** Python's `marshal`; the highest bit marks what is referred to. */
const marshalled = textMarks(Buffer.from("zZ"), Buffer.from("aAust"), 0x7f);
/** Python's `pickle`: texts and bytes (PEP 3154). */
const pickled = textMarks([0x8c, ...Buffer.from("UC")], Buffer.from("XTB"), 0xff);

/**
 * The texts of a compiled Python module, a line each. They are found by their form, wherever they stand: the structure around them changes with each
 * version of Python. In the file itself type and length stand right before a text, and the next type right behind it.
 */
export function* pycMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  yield* markedTexts(bytes, codeStart, marshalled);
  if (bytes.size <= mostBytes && isCutModule(bytes.read(0, bytes.size), codeStart))
    report(lost("archive-corrupt", "", "the compiled Python module is cut off"));
}

/** Behind version, flags and what tells the source (PEP 552). */
const codeStart = 16;

/** The same of objects that Python wrote down (`pickle`): tokens that a program keeps, models and their settings. */
export function* pickleMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  yield* markedTexts(bytes, 2, pickled);
  if (bytes.size <= mostBytes && isCutPickle(bytes.read(0, bytes.size)))
    report(lost("archive-corrupt", "", "what Python's pickle wrote is cut off"));
}

function* markedTexts(bytes: Bytes, from: number, marks: TextMarks): Generator<Member, void> {
  const file = bytes.read(0, Math.min(bytes.size, mostBytes));
  // A text takes two bytes more in the file than its line.
  const lines = Buffer.allocUnsafe(file.length);
  let size = 0;
  for (let at = from; at < file.length;) {
    const lengthBytes = marks[file[at]!]!;
    if (lengthBytes === 0) {
      at++;
      continue;
    }
    const start = at + 1 + lengthBytes;
    const length = start > file.length ? 0 : lengthBytes === 1 ? file[at + 1]! : file.readUInt32LE(at + 1);
    if (length >= leastText && start + length <= file.length && isText(file, start, length)) {
      if (size > 0) lines[size++] = 10;
      size += file.copy(lines, size, start, start + length);
      at = start + length;
    } else at++;
  }
  if (size > 0) yield { name: "", chunks: [lines.subarray(0, size)] };
}

/** Whether bytes are a text: no control characters but those of lines. Looks at the beginning; code is told by its first bytes. */
function isText(file: Buffer, start: number, length: number): boolean {
  const end = start + Math.min(length, 256);
  for (let at = start; at < end; at++) {
    const byte = file[at]!;
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) return false;
    if (byte === 0x7f) return false;
  }
  return true;
}
