import { Failure } from "./failure.ts";

/** One line of git's protocol (gitprotocol-common, "pkt-line Format"; 0000, 0001 and 0002 have meanings of their own). */
export type Packet =
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "flush" | "delimiter" | "end" };

const prefixBytes = 4;
/** Longer lines there are not. */
const longestPacket = 65_520;

export const flush = Buffer.from("0000");
export const delimiter = Buffer.from("0001");

/** A line as it is sent. */
export function packet(text: string): Buffer {
  return Buffer.from((Buffer.byteLength(text) + prefixBytes).toString(16).padStart(prefixBytes, "0") + text);
}

/** Cuts what comes into lines. Holds one line and one piece at most. Throws Failure where the lengths make no sense, or the last line is cut off. */
export async function* packets(pieces: AsyncIterable<Buffer>): AsyncGenerator<Packet> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    while (bytes.length - at >= prefixBytes) {
      const prefix = bytes.toString("latin1", at, at + prefixBytes);
      const length = /^[\da-f]{4}$/i.test(prefix) ? Number.parseInt(prefix, 16) : -1;
      if (length < 0 || length === 3 || length > longestPacket) throw new Failure("not-a-repository");
      if (length < prefixBytes) {
        at += prefixBytes;
        yield { kind: length === 0 ? "flush" : length === 1 ? "delimiter" : "end" };
        continue;
      }
      if (bytes.length - at < length) break;
      yield { kind: "data", bytes: bytes.subarray(at + prefixBytes, at + length) };
      at += length;
    }
    rest = Buffer.from(bytes.subarray(at));
  }
  if (rest.length > 0) throw new Failure("broken-off");
}

/** The text of a line without its end. */
export function textOf(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/\n$/, "");
}
