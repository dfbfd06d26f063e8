const chunkRecordBytes = 12;

/**
 * The chunks of a file (gitformat-chunk): a table behind the header tells for each its name and where it begins, and at last where all end. A name that is not
 * there gives no bytes. Throws Error when the table or a chunk reaches beyond the file.
 */
export function readChunks(bytes: Uint8Array, headerBytes: number, count: number): (name: string) => Uint8Array {
  const view = viewOf(bytes);
  if (headerBytes + (count + 1) * chunkRecordBytes > bytes.length) throw new Error("is cut off");
  const chunks = new Map<string, Uint8Array>();
  const place = (at: number): number => {
    const record = headerBytes + at * chunkRecordBytes;
    return view.getUint32(record + 4) * 2 ** 32 + view.getUint32(record + 8);
  };
  for (let i = 0; i < count; i++) {
    const record = headerBytes + i * chunkRecordBytes;
    if (place(i) > place(i + 1) || place(i + 1) > bytes.length) throw new Error("is cut off");
    chunks.set(
      Buffer.from(bytes.subarray(record, record + 4)).toString("latin1"),
      bytes.subarray(place(i), place(i + 1)),
    );
  }
  return (name) => chunks.get(name) ?? new Uint8Array(0);
}

/** The same bytes, for reading numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
