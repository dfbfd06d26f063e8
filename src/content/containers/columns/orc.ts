import type { Bytes } from "../bytes.ts";
import { lost, type Member, type ReportFault } from "../member.ts";
import { unpack, type Codec } from "./codecs.ts";

const magicBytes = 3;
const chunkHeadBytes = 3;
/** What the last bytes tell is short. */
const mostTail = 256;
/** What a chunk expands to at most; writers make 64 or 256 KiB. */
const mostChunk = 1 << 23;
/** By their numbers in the last bytes (ORC specification v1, "Postscript"). */
const codecs: readonly (Codec | undefined)[] = ["none", "deflate", "snappy", undefined, "lz4", "zstd", "brotli"];

/** What an ORC file packs, as one member: its streams and its footers are chunks that stand one behind the other from the begin on ("Compression"). */
export function* orcMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const tail = bytes.read(Math.max(0, bytes.size - mostTail), mostTail);
  const length = tail.at(-1) ?? 0;
  const script = tail.subarray(Math.max(0, tail.length - 1 - length), -1);
  if (script.length < length || !script.includes("ORC"))
    return report(lost("archive-corrupt", "", "the ORC file is cut off or damaged"));
  const codec = codecs[numberOf(script, 2)];
  if (codec === undefined)
    report(lost("unsupported", "", "is an ORC file that is packed by a method which is not read"));
  else if (codec !== "none") yield { name: "", chunks: chunksOf(bytes, codec, bytes.size - 1 - length, report) };
}

/** A number of a message, by its field: all that stand before the texts at its end are numbers (Protocol Buffers, "Encoding"). */
function numberOf(message: Buffer, field: number): number {
  for (let at = 0; at < message.length;) {
    const tag = message[at++]!;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 || scale > 2 ** 56) break;
    }
    if (tag >> 3 === field && (tag & 7) === 0) return value;
    if ((tag & 7) === 2) at += value;
  }
  return 0;
}

function* chunksOf(bytes: Bytes, codec: Codec, to: number, report: ReportFault): Generator<Uint8Array, void> {
  const damaged = (): void => report(lost("archive-corrupt", "", "the ORC file is cut off or damaged"));
  for (let at = magicBytes; at < to;) {
    const head = bytes.read(at, chunkHeadBytes).readUIntLE(0, chunkHeadBytes);
    const stored = bytes.read(at + chunkHeadBytes, head >> 1);
    if (stored.length < head >> 1) return damaged();
    const data = (head & 1) === 1 ? stored : unpack(codec, stored, mostChunk);
    if (data === undefined) return damaged();
    yield data;
    at += chunkHeadBytes + (head >> 1);
  }
}
