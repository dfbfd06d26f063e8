import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** A dump is looked through up to here at once. */
const mostBytes = 256 << 20;
/** What stands before a packed text; its two lengths follow. */
const packedMark = 0xc3;
/** Redis packs what has more than twenty bytes, and keeps it where that saves four. */
const [leastSize, leastSaved] = [20, 4];
/** A byte of a copy that tells its length, and what the longest one makes: three bytes make 264. */
const mostRatio = 88;
/** For each byte of the dump so many are looked at in vain. */
const mostVain = 8;

/** Whether a content begins as a dump of Redis does. */
export function isRedisDump(head: Buffer): boolean {
  return /^REDIS\d{4}/.test(head.toString("latin1", 0, 9));
}

/**
 * The packed texts of a dump of Redis (rdb.h and lzf_d.c of Redis), a line each: values, and lists and hashes that are short. They are found by their form, wherever they stand: what has two lengths and expands from the one
 * exactly to the other is one. Texts that are not packed stand in the dump as they are.
 */
export function* redisMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const dump = bytes.read(0, Math.min(bytes.size, mostBytes));
  if (dump.indexOf(packedMark) >= 0) yield { name: "", chunks: textsOf(dump, report) };
  if (bytes.size > mostBytes) report(lost("too-large", "", "is a dump of which the end was not looked through"));
}

function* textsOf(dump: Buffer, report: ReportFault): Generator<Uint8Array, void> {
  const newline = Buffer.from("\n");
  let patience = mostVain * dump.length;
  for (let at = dump.indexOf(packedMark); at >= 0;) {
    const packed = lengthAt(dump, at + 1);
    const size = packed && lengthAt(dump, packed.next);
    let next = at + 1;
    if (
      packed !== undefined &&
      size !== undefined &&
      isPlausible(packed.length, size.length, dump.length - size.next)
    ) {
      const text = expandLzf(dump.subarray(size.next, size.next + packed.length), size.length);
      if (text !== undefined) {
        yield text;
        yield newline;
        next = size.next + packed.length;
      } else if ((patience -= packed.length) < 0)
        return report(lost("bomb", "", "holds too much that looks like packed texts: the rest was not read"));
    }
    at = dump.indexOf(packedMark, next);
  }
}

function isPlausible(packed: number, size: number, left: number): boolean {
  return packed <= left && size > leastSize && size >= packed + leastSaved && size <= mostRatio * packed;
}

/** A length at a place, of six, fourteen or thirty-two bits, as its first byte tells; longer ones no text has. */
function lengthAt(dump: Buffer, at: number): { readonly length: number; readonly next: number } | undefined {
  const first = dump[at];
  if (first === undefined || at + 5 > dump.length) return undefined;
  if (first < 0x40) return { length: first, next: at + 1 };
  if (first < 0x80) return { length: (first & 0x3f) * 256 + dump[at + 1]!, next: at + 2 };
  return first === 0x80 ? { length: dump.readUInt32BE(at + 1), next: at + 5 } : undefined;
}

/** Expands LZF to exactly `size` bytes. Undefined where that is not what comes out. */
function expandLzf(input: Buffer, size: number): Buffer | undefined {
  const output = Buffer.allocUnsafe(size);
  let made = 0;
  for (let next = 0; next < input.length;) {
    const control = input[next++]!;
    if (control < 32) {
      const length = control + 1;
      if (length > input.length - next || length > size - made) return undefined;
      made += input.copy(output, made, next, next + length);
      next += length;
      continue;
    }
    const length = 2 + (control >> 5 === 7 ? 7 + (input[next++] ?? 0) : control >> 5);
    const distance = 1 + (control & 31) * 256 + (input[next++] ?? 0);
    if (next > input.length || distance > made || length > size - made) return undefined;
    for (const end = made + length; made < end; made++) output[made] = output[made - distance]!;
  }
  return made === size ? output : undefined;
}
