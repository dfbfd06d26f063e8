/** Bytes of a table. */
export const memberTableBytes = 256 + 16;

/**
 * What `findRuns` reads of a set of bytes, all of them below 0x80: 256 bytes, not 0 for members; behind them sixteen, of which that for a byte's low half has the bit
 * of its high half, so that sixteen bytes of a text are looked up at once. Throws RangeError for a member beyond ASCII.
 */
export function memberTable(members: Uint8Array): Uint8Array {
  const table = new Uint8Array(memberTableBytes);
  table.set(members.subarray(0, 256));
  for (let byte = 0; byte < 256; byte++) {
    if (table[byte] === 0) continue;
    if (byte >= 0x80) throw new RangeError("a member is no ASCII");
    table[256 + (byte & 15)]! |= 1 << (byte >> 4);
  }
  return table;
}
