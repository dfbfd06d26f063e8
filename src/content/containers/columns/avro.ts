import type { Bytes } from "../bytes.ts";
import { lost, type Member, type ReportFault } from "../member.ts";
import { unpack, type Codec } from "./codecs.ts";

const magicBytes = 4;
/** What a file says of itself: its schema, mostly. */
const mostMeta = 1 << 24;
const syncBytes = 16;
const mostBlock = 256 << 20;
const codecs: ReadonlyMap<string, Codec> = new Map([
  ["null", "none"],
  ...(["deflate", "snappy", "bzip2", "xz"] as const).map((name) => [name, name] as const),
  ["zstandard", "zstd"],
]);
/** Behind a block of Snappy stands its checksum. */
const snappySum = 4;

/** The packed blocks of an Avro file, as one member (Avro specification, "Object Container Files"). One that is not packed shows what it has as it is. */
export function* avroMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const meta = readMeta(bytes);
  if (meta === undefined) return report(lost("archive-corrupt", "", "the Avro file is cut off or damaged"));
  const codec = codecs.get(meta.codec);
  if (codec === undefined)
    return report(lost("unsupported", "", "is an Avro file that is packed by a method which is not read"));
  if (codec !== "none") yield { name: "", chunks: blocksOf(bytes, meta.end, codec, report) };
}

/** A number of a variable length at a place, and where the next thing stands. */
function numberAt(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let next = at;
  for (let scale = 1; scale < 2 ** 64; scale *= 128) {
    const byte = bytes[next++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  return { value: value % 2 === 0 ? value / 2 : -(value + 1) / 2, next };
}

/** Which method the file names, and where its blocks begin. Undefined where that cannot be read. */
function readMeta(bytes: Bytes): { readonly codec: string; readonly end: number } | undefined {
  const head = bytes.read(0, mostMeta);
  let codec = "null";
  let at = magicBytes;
  for (;;) {
    let { value: count, next } = numberAt(head, at);
    if (count < 0) next = numberAt(head, next).next;
    count = Math.abs(count);
    at = next;
    if (count === 0) break;
    for (; count > 0; count--) {
      const texts: Buffer[] = [];
      for (let i = 0; i < 2; i++) {
        const length = numberAt(head, at);
        const text = length.value < 0 ? undefined : head.subarray(length.next, length.next + length.value);
        if (text === undefined || text.length < length.value || length.next > head.length) return undefined;
        texts.push(text);
        at = length.next + length.value;
      }
      if (texts[0]!.toString("latin1") === "avro.codec") codec = texts[1]!.toString("latin1");
    }
  }
  return at + syncBytes > bytes.size ? undefined : { codec, end: at + syncBytes };
}

function* blocksOf(bytes: Bytes, from: number, codec: Codec, report: ReportFault): Generator<Uint8Array, void> {
  const damaged = (): void => report(lost("archive-corrupt", "", "the Avro file is cut off or damaged"));
  for (let at = from; at < bytes.size;) {
    const head = bytes.read(at, 20);
    const size = numberAt(head, numberAt(head, 0).next);
    if (size.value < 0 || size.value > mostBlock) return damaged();
    const stored = bytes.read(at + size.next, size.value);
    if (stored.length < size.value) return damaged();
    const packed = codec === "snappy" ? stored.subarray(0, Math.max(0, stored.length - snappySum)) : stored;
    const data = unpack(codec, packed, mostBlock);
    if (data === undefined) return damaged();
    yield data;
    at += size.next + size.value + syncBytes;
  }
}
