/** Applies a git delta (gitformat-pack, "Deltified representation"). Throws Error with a one-line message when it is damaged. */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = delta[at++];
      if (byte === undefined || scale > 2 ** 49) throw new Error("delta header is damaged");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  if (varint() !== base.length) throw new Error("delta has another base");
  const size = varint();
  if (size > maxObjectBytes) throw new Error("object is too large to be put together in memory");
  const out = new Uint8Array(size);
  let filled = 0;
  while (at < delta.length) {
    const op = delta[at++]!;
    let from: Uint8Array;
    if (op & 0x80) {
      let offset = 0;
      let length = 0;
      for (let bit = 0; bit < 7; bit++) {
        if ((op & (1 << bit)) === 0) continue;
        const byte = delta[at++];
        if (byte === undefined) throw new Error("delta has a damaged instruction");
        if (bit < 4) offset += byte * 2 ** (8 * bit);
        else length |= byte << (8 * (bit - 4));
      }
      if (length === 0) length = 0x10000;
      from = base.subarray(offset, offset + length);
      if (from.length !== length) throw new Error("delta copies from outside its base");
    } else {
      from = delta.subarray(at, at + op);
      at += op;
      if (op === 0 || from.length !== op) throw new Error("delta has a damaged instruction");
    }
    if (filled + from.length > size) throw new Error("delta writes outside its result");
    out.set(from, filled);
    filled += from.length;
  }
  if (filled !== size) throw new Error("delta makes another size than it says");
  return out;
}

/** Objects above this are not put together from deltas: bases and results have to lie in memory. */
const maxObjectBytes = 1 << 29;
