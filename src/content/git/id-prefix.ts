import type { PackIndex } from "./pack-index.ts";

/** Ids of an index that begin with some hexadecimal digits, two at least. */
export function idsWithPrefix({ idBytes, oids, fanout }: PackIndex, digits: string): string[] {
  const first = Number.parseInt(digits.slice(0, 2), 16);
  const bytes = Buffer.from(oids.buffer, oids.byteOffset, oids.byteLength);
  let low = first === 0 ? 0 : fanout[first - 1]!;
  const end = fanout[first]!;
  for (let high = end; low < high;) {
    const middle = (low + high) >>> 1;
    if (idAt(bytes, middle, idBytes) < digits) low = middle + 1;
    else high = middle;
  }
  const found: string[] = [];
  for (let at = low; at < end; at++) {
    const id = idAt(bytes, at, idBytes);
    if (!id.startsWith(digits)) break;
    found.push(id);
  }
  return found;
}

function idAt(oids: Buffer, at: number, idBytes: number): string {
  return oids.toString("hex", at * idBytes, (at + 1) * idBytes);
}
