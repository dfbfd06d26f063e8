/** Undoes what was done to bytes to pack them better. `offset`: where they stand in their file. */
export type Undo = (bytes: Buffer, offset: number) => Buffer;

const addressSpace = 0x1000000;

/** CALL of x86, and JMP with `hasJumps`: distances were made addresses. `isSmall`: places count within the space of addresses alone (RAR 5). */
export function x86(hasJumps: boolean, isSmall: boolean): Undo {
  return (bytes, offset) => {
    for (let at = 0; at + 4 < bytes.length;) {
      const byte = bytes[at++]!;
      if (byte !== 0xe8 && (byte !== 0xe9 || !hasJumps)) continue;
      const place = isSmall ? (offset + at) % addressSpace : offset + at;
      const address = bytes.readInt32LE(at);
      if (address < 0) {
        if (((address + place) | 0) >= 0) bytes.writeInt32LE(address + addressSpace, at);
      } else if (address < addressSpace) bytes.writeInt32LE((address - place) | 0, at);
      at += 4;
    }
    return bytes;
  };
}

/** BL of ARM: a distance in words of 24 bits. */
export function arm(bytes: Buffer, offset: number): Buffer {
  for (let at = 0; at + 3 < bytes.length; at += 4)
    if (bytes[at + 3] === 0xeb)
      bytes.writeUIntLE((bytes.readUIntLE(at, 3) - Math.floor((offset + at) / 4)) & 0xffffff, at, 3);
  return bytes;
}

/** Bytes of each channel came one after another, as differences to the one before. */
export function delta(channels: number): Undo {
  return (bytes) => {
    const undone = Buffer.allocUnsafe(bytes.length);
    let from = 0;
    for (let channel = 0; channel < channels; channel++) {
      let last = 0;
      for (let to = channel; to < bytes.length; to += channels) undone[to] = last = (last - bytes[from++]!) & 0xff;
    }
    return undone;
  };
}

const mostKept = 6;

/** Samples of sound: each is what was foretold of the ones before it in its channel, less a difference. */
export function audio(channels: number): Undo {
  return (bytes) => {
    const undone = Buffer.allocUnsafe(bytes.length);
    let from = 0;
    for (let channel = 0; channel < channels; channel++) {
      const weights = [0, 0, 0];
      const steps = [0, 0, 0];
      const errors = Array.from({ length: mostKept + 1 }, () => 0);
      let last = 0;
      let change = 0;
      for (let to = channel, count = 0; to < bytes.length; to += channels, count++) {
        steps[2] = steps[1]!;
        steps[1] = change - steps[0]!;
        steps[0] = change;
        const foretold = 8 * last + weights[0]! * steps[0] + weights[1]! * steps[1] + weights[2]! * steps[2];
        const difference = bytes[from++]!;
        const sample = ((foretold >> 3) - difference) & 0xff;
        undone[to] = sample;
        change = ((sample - last) << 24) >> 24;
        last = sample;
        const error = ((difference << 24) >> 24) * 8;
        errors[0]! += Math.abs(error);
        for (let i = 0; i < mostKept; i++) errors[i + 1]! += Math.abs(error + (i % 2 === 0 ? -1 : 1) * steps[i >> 1]!);
        if ((count & 31) === 0) adapt(weights, errors);
      }
    }
    return undone;
  };
}

/** Moves the weight whose change would have foretold best. */
function adapt(weights: number[], errors: number[]): void {
  let best = 0;
  for (let i = 1; i <= mostKept; i++) if (errors[i]! < errors[best]!) best = i;
  errors.fill(0);
  if (best === 0) return;
  const weight = (best - 1) >> 1;
  if (best % 2 === 1) {
    if (weights[weight]! >= -16) weights[weight]!--;
  } else if (weights[weight]! < 16) weights[weight]!++;
}

/** Points of a picture of three bytes each: `width` bytes of a line, and `red`, the place of the first byte from which green was taken. */
export function rgb(width: number, red: number): Undo {
  return (bytes) => {
    const undone = Buffer.alloc(bytes.length);
    let from = 0;
    for (let channel = 0; channel < 3; channel++) {
      let last = 0;
      for (let to = channel; to < bytes.length; to += 3) {
        const foretold = to < width ? last : nearest(last, undone[to - width + 3]!, undone[to - width]!);
        undone[to] = last = (foretold - bytes[from++]!) & 0xff;
      }
    }
    for (let i = red; i < bytes.length - 2; i += 3) {
      undone[i]! += undone[i + 1]!;
      undone[i + 2]! += undone[i + 1]!;
    }
    return undone;
  };
}

/** Of the points at the left, above, and above at the left: the one that is nearest to what they let expect. */
function nearest(left: number, above: number, corner: number): number {
  const expected = left + above - corner;
  const [byLeft, byAbove, byCorner] = [left, above, corner].map((point) => Math.abs(expected - point)) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}
