import { crc32, deflateRawSync } from "node:zlib";

/** One member of a ZIP file as a test wants it, sound or not. */
export interface ZipMember {
  readonly name: string;
  readonly data: string | Uint8Array;
  /** The name in its own header. */
  readonly localName?: string;
  readonly stored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** Not in the directory. */
  readonly unlisted?: boolean;
  /** Its entry in the directory points to the member of this number. */
  readonly at?: number;
  readonly sum?: number;
}

/** Writes a ZIP file by hand: for what no library would write. `before`: bytes before the first member. */
export function madeZip(members: readonly ZipMember[], before: Uint8Array = new Uint8Array(0)): Buffer {
  const parts: Buffer[] = [Buffer.from(before)];
  const offsets: number[] = [];
  const entries: Buffer[] = [];
  let at = before.length;
  for (const { name, data, localName, stored, flags = 0, method, unlisted, at: other, sum } of members) {
    const bytes = Buffer.from(data);
    const body = stored === true ? bytes : deflateRawSync(bytes);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method ?? (stored === true ? 0 : 8), 4);
    fields.writeUInt32LE(sum ?? crc32(bytes), 10);
    fields.writeUInt32LE(body.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    const own = Buffer.from(localName ?? name);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, own]);
    local.writeUInt16LE(own.length, 26);
    offsets.push(at - before.length);
    if (other === undefined) {
      parts.push(local, body);
      at += local.length + body.length;
    }
    if (unlisted === true) continue;
    const told = Buffer.from(name);
    fields.writeUInt16LE(told.length, 22);
    const entry = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, Buffer.alloc(14), told]);
    entry.writeUInt32LE(other === undefined ? offsets.at(-1)! : offsets[other]!, 42);
    entries.push(entry);
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(Math.min(0xffff, entries.length), 8);
  end.writeUInt16LE(Math.min(0xffff, entries.length), 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at - before.length, 16);
  return Buffer.concat([...parts, directory, end]);
}
