/** Writes tar headers by hand, sound or not: for archives that no library would write. */
export interface RawHeader {
  readonly name: string;
  readonly size?: number;
  readonly type?: string;
  readonly linkName?: string;
  /** Instead of a valid size: the twelve bytes of the field. */
  readonly sizeField?: Uint8Array;
  readonly magic?: "ustar" | "gnu" | "none";
  readonly checksum?: number;
}

/** One header block. */
export function rawHeader({
  name,
  size = 0,
  type = "0",
  linkName = "",
  sizeField,
  magic = "ustar",
  checksum,
}: RawHeader): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write("0000644\0" + "0000000\0" + "0000000\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  if (sizeField !== undefined) block.set(sizeField, 124);
  block.write("00000000000\0", 136);
  block.write(type, 156);
  block.write(linkName, 157, 100);
  if (magic === "ustar") block.write("ustar\x0000", 257);
  if (magic === "gnu") block.write("ustar  \0", 257);
  let sum = 8 * 32;
  for (const byte of block) sum += byte;
  block.write(`${(checksum ?? sum).toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A header with its body, padded. */
export function rawEntry(header: RawHeader, body: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    rawHeader({ size: bytes.length, ...header }),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ]);
}

export const endOfTar = Buffer.alloc(1024);

/** A PAX extended header: of the next entry (`x`), or of the whole archive (`g`). */
export const pax = (type: "x" | "g", records: Readonly<Record<string, string>>): Buffer => {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const length = rest.length + String(rest.length + 2).length;
    return `${length}${rest}`;
  });
  return rawEntry({ name: "pax", type }, lines.join(""));
};
