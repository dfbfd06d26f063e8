import { createHash } from "node:crypto";
import type { PackIndex } from "./pack-index.ts";

const smallOffset = 0x80000000;

/** An index as git writes it (gitformat-pack, version 2). `packHash`: what the pack ends with. Sums that are not known are 0. */
export function packIndexBytes(
  { count, idBytes, oids, offsets, fanout, sums }: PackIndex,
  packHash: Uint8Array,
): Buffer {
  const large = offsets.filter((offset) => offset >= smallOffset);
  const fixed = 8 + 1024 + count * (idBytes + 8);
  const bytes = Buffer.alloc(fixed + 8 * large.length + 2 * idBytes);
  bytes.writeUInt32BE(0xff744f63, 0);
  bytes.writeUInt32BE(2, 4);
  fanout.forEach((upTo, i) => bytes.writeUInt32BE(upTo, 8 + 4 * i));
  bytes.set(oids, 1032);
  const sumsAt = 1032 + count * idBytes;
  const offsetsAt = sumsAt + 4 * count;
  let larges = 0;
  for (let i = 0; i < count; i++) {
    bytes.writeUInt32BE(sums?.[i] ?? 0, sumsAt + 4 * i);
    const offset = offsets[i]!;
    bytes.writeUInt32BE(offset < smallOffset ? offset : smallOffset + larges++, offsetsAt + 4 * i);
  }
  large.forEach((offset, i) => bytes.writeBigUInt64BE(BigInt(offset), fixed + 8 * i));
  const hashesAt = bytes.length - 2 * idBytes;
  bytes.set(packHash, hashesAt);
  const hash = createHash(idBytes === 20 ? "sha1" : "sha256").update(bytes.subarray(0, hashesAt + idBytes));
  bytes.set(hash.digest(), hashesAt + idBytes);
  return bytes;
}
