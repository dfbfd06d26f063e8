/** Files of tables of which columns or blocks are packed, by their first bytes. */
export function columnFile(head: Buffer): "parquet" | "avro" | "orc" | undefined {
  const mark = head.toString("latin1", 0, 4);
  if (mark === "PAR1" || mark === "PARE")
    return /^[\s\x20-\x7e]{8}/.test(head.toString("latin1", 4, 12)) ? undefined : "parquet";
  if (mark === "Obj\u0001") return "avro";
  // Texts can begin with these letters. The length of a chunk follows, of which the highest byte is small.
  return mark.startsWith("ORC") && head[5]! < highestLength ? "orc" : undefined;
}

/** No chunk has half a megabyte. */
const highestLength = 0x10;
