/** Writes RAR archives: no program does that may be had everywhere. What is written here, `bsdtar` reads as well, which the tests ask it. */
import { crc32 } from "node:zlib";
import { packed3, packed5, tokensOf, type MadeFilter, type Token } from "./packed-rar.ts";

export interface RarFile {
  readonly name: string;
  /** What it is to be read as. */
  readonly data: Buffer;
  /** What is packed, where filters make something else of it. */
  readonly packed?: Buffer;
  readonly filters?: readonly MadeFilter[];
  readonly stored?: boolean;
  readonly solid?: boolean;
  readonly encrypted?: boolean;
  readonly goesOn?: boolean;
  readonly fromBefore?: boolean;
  /** The method's version (29 or 15 of RAR 3, 0 of RAR 5). */
  readonly version?: number;
}

function bodies(files: readonly RarFile[], pack: (tokens: readonly Token[]) => Buffer): Buffer[] {
  let history: Buffer = Buffer.alloc(0);
  return files.map(({ data, packed = data, filters = [], stored = false, solid = false }) => {
    if (stored) return packed;
    const tokens = tokensOf(solid ? history : Buffer.alloc(0), packed, filters);
    history = Buffer.concat([solid ? history : Buffer.alloc(0), packed]);
    return pack(tokens);
  });
}

/** What a file is unless it is told otherwise. */
const plain = { stored: false, solid: false, encrypted: false, goesOn: false, fromBefore: false };

/** An archive as RAR 5 writes it. */
export function madeRar5(files: readonly RarFile[]): Buffer {
  const vint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...vint(Math.floor(value / 128))];
  const block = (fields: readonly number[]): Buffer => {
    const rest = Buffer.from([...vint(fields.length), ...fields]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(rest));
    return Buffer.concat([sum, rest]);
  };
  const packed = bodies(files, packed5);
  const parts = files.flatMap((file, i) => {
    const { name, data, stored, solid, encrypted, goesOn, fromBefore, version = 0 } = { ...plain, ...file };
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(data));
    const extra = encrypted ? [2, 1, 0] : [];
    const path = Buffer.from(name);
    const flags = 2 | (encrypted ? 1 : 0) | (fromBefore ? 8 : 0) | (goesOn ? 16 : 0);
    const packing = version | (solid ? 0x40 : 0) | ((stored ? 0 : 3) << 7) | (5 << 10);
    return [
      block([
        ...[2, flags, ...(encrypted ? vint(extra.length) : []), ...vint(packed[i]!.length)],
        ...[4, ...vint(data.length), 0, ...sum, ...vint(packing), 1, ...vint(path.length), ...path, ...extra],
      ]),
      packed[i]!,
    ];
  });
  return Buffer.concat([Buffer.from("526172211a070100", "hex"), block([1, 0, 0]), ...parts, block([5, 0, 0])]);
}

/** An archive as RAR 3 and 4 write it. */
export function madeRar4(files: readonly RarFile[]): Buffer {
  const block = (type: number, flags: number, fields: Buffer): Buffer => {
    const head = Buffer.alloc(7);
    head.writeUInt8(type, 2);
    head.writeUInt16LE(flags, 3);
    head.writeUInt16LE(7 + fields.length, 5);
    const all = Buffer.concat([head, fields]);
    all.writeUInt16LE(crc32(all.subarray(2)) & 0xffff);
    return all;
  };
  const packed = bodies(files, packed3);
  const parts = files.flatMap((file, i) => {
    const { name, data, stored, solid, encrypted, goesOn, fromBefore, version = 29 } = { ...plain, ...file };
    const path = Buffer.from(name);
    const fields = Buffer.alloc(25);
    fields.writeUInt32LE(packed[i]!.length, 0);
    fields.writeUInt32LE(data.length, 4);
    fields.writeUInt8(3, 8);
    fields.writeUInt32LE(crc32(data), 9);
    fields.writeUInt8(version, 17);
    fields.writeUInt8(stored ? 0x30 : 0x33, 18);
    fields.writeUInt16LE(path.length, 19);
    fields.writeUInt32LE(0o100644, 21);
    const flags =
      0x8000 | (6 << 5) | (solid ? 0x10 : 0) | (encrypted ? 4 : 0) | (goesOn ? 2 : 0) | (fromBefore ? 1 : 0);
    return [block(0x74, flags, Buffer.concat([fields, path])), packed[i]!];
  });
  const solid = files.some((file) => file.solid === true) ? 8 : 0;
  return Buffer.concat([
    Buffer.from("526172211a0700", "hex"),
    block(0x73, solid, Buffer.alloc(6)),
    ...parts,
    block(0x7b, 0x4000, Buffer.alloc(0)),
  ]);
}
