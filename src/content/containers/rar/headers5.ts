import { crc32 } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { cleanPath } from "../../tar-path.ts";
import { RarDamage, type Entry, type Method } from "./entry.ts";
import type { Listing } from "./listing.ts";

const [fileHead, serviceHead, encryption, endHead] = [2, 3, 4, 5] as const;
/** A header says its size in three bytes at most. */
const mostHead = 2 << 20;
const sumBytes = 4;
/** Records of a file that is encrypted, and of one that is nothing but a link. */
const [encryptionRecord, linkRecord] = [1, 5] as const;

/** The files of an archive of RAR 5 (RAR 5.0 archive format) whose mark stands at its beginning. */
export function* files5(bytes: Bytes, listing: Listing): Generator<Entry, void> {
  for (let at = 8; ;) {
    const start = bytes.read(at, sumBytes + 3);
    if (start.length === 0) return;
    try {
      const size = new Fields(start, sumBytes);
      const length = size.number();
      if (length > mostHead) return listing.damaged("a header is too long");
      const head = bytes.read(at, size.at + length);
      if (head.length < size.at + length) return listing.damaged("it is cut off");
      if (crc32(head.subarray(sumBytes)) !== head.readUInt32LE(0))
        return listing.damaged("a header's checksum is wrong");
      const fields = new Fields(head, size.at);
      const [type, flags] = [fields.number(), fields.number()];
      if (type === encryption) return listing.encrypted();
      if (type === endHead) return (fields.number() & 1) === 0 ? undefined : listing.goesOn();
      const extra = (flags & 1) === 0 ? 0 : fields.number();
      const packed = (flags & 2) === 0 ? 0 : fields.number();
      const entry = type === fileHead || type === serviceHead ? entryOf(fields, flags, extra, type) : undefined;
      if (entry !== undefined) yield { ...entry, at: at + head.length, packedBytes: packed };
      at += head.length + packed;
    } catch (error) {
      if (!(error instanceof RarDamage)) throw error;
      return listing.damaged(error.message);
    }
  }
}

/** Undefined for folders, links, and for services other than comments. `flags`: those of the header. */
function entryOf(
  fields: Fields,
  flags: number,
  extra: number,
  type: number,
): Omit<Entry, "at" | "packedBytes"> | undefined {
  const about = fields.number();
  const size = fields.number();
  fields.number();
  if ((about & 2) !== 0) fields.skip(4);
  const sum = (about & 4) === 0 ? undefined : fields.word();
  const packing = fields.number();
  fields.number();
  const name = fields.bytes(fields.number()).toString("utf8");
  const isService = type === serviceHead;
  const records = fields.records(extra);
  if ((about & 1) !== 0 || records.includes(linkRecord) || (isService && name !== "CMT")) return undefined;
  const isFromBefore = (flags & 8) !== 0;
  const goesOn = (flags & 16) !== 0;
  return {
    name: isService ? "" : cleanPath(name),
    size: (about & 8) === 0 ? size : Infinity,
    method: methodOf(packing),
    dictionaryBytes: 2 ** (17 + ((packing >> 10) & 31)),
    isSolid: (packing & 0x40) !== 0,
    isEncrypted: records.includes(encryptionRecord),
    isFromBefore,
    goesOn,
    sum: isFromBefore || goesOn ? undefined : sum,
  };
}

/** Version 0, or 1 where it says that it is packed as by version 0 (RAR 7 does, up to dictionaries of 4 GB). */
function methodOf(packing: number): Method {
  if (((packing >> 7) & 7) === 0) return "stored";
  const version = packing & 0x3f;
  return version === 0 || (version === 1 && (packing & 0x100000) !== 0) ? "lz5" : "unknown";
}

/** The fields of a header, one after another. Throws RarDamage where they end. */
class Fields {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Seven bits a byte, the lowest ones first. */
  number(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new RarDamage("a header is cut off");
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new RarDamage("a header is damaged");
  }

  word(): number {
    return this.bytes(4).readUInt32LE(0);
  }

  bytes(length: number): Buffer {
    const bytes = this.#bytes.subarray(this.at, this.at + length);
    if (bytes.length < length) throw new RarDamage("a header is cut off");
    this.at += length;
    return bytes;
  }

  skip(length: number): void {
    this.bytes(length);
  }

  /** The kinds of the records at the end of the header, which have so many bytes. */
  records(bytes: number): readonly number[] {
    const kinds: number[] = [];
    for (this.at = Math.max(this.at, this.#bytes.length - bytes); this.at < this.#bytes.length;) {
      const next = this.number() + this.at;
      kinds.push(this.number());
      this.at = Math.max(next, this.at);
    }
    return kinds;
  }
}
