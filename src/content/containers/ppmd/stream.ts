import type { ChunkReader } from "../chunk-reader.ts";
import { SevenZipCoder } from "./coder.ts";
import { borrowModel, giveBack } from "./loan.ts";
import { leastMemory } from "./model.ts";
import { leastOrder, mostOrder } from "./tree.ts";

/** The stream is cut off, or is none. The message is a part of a sentence. */
export class PpmdDamage extends Error {}

/** Bytes of the properties: the order, and the size of the memory. */
const propertyBytes = 5;
const pieceBytes = 1 << 16;

/** Bytes of memory that a stream asks for; 0 where its properties are damaged. */
export function ppmdMemory(properties: Buffer): number {
  return properties.length < propertyBytes ? 0 : properties.readUInt32LE(1);
}

/** Expands `size` bytes of PPMd variant H as 7z has it. Throws PpmdDamage. A piece is valid until the next one is asked for. */
export function* expandPpmd(reader: ChunkReader, properties: Buffer, size: number): Generator<Uint8Array, void> {
  const memory = ppmdMemory(properties);
  const order = properties[0] ?? 0;
  if (memory < leastMemory || order < leastOrder || order > mostOrder)
    throw new PpmdDamage("its properties are damaged");
  const model = borrowModel();
  try {
    model.start(order, memory);
    const coder = new SevenZipCoder(() => {
      const byte = reader.byte();
      if (byte < 0) throw new PpmdDamage("it ends too early");
      return byte;
    });
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size));
    for (let left = size; left > 0;) {
      let filled = 0;
      let failure: unknown;
      try {
        for (; filled < piece.length && filled < left; filled++) {
          const byte = model.decode(coder);
          if (byte === undefined) throw new PpmdDamage("it ends too early");
          piece[filled] = byte;
        }
      } catch (error) {
        failure = error;
      }
      left -= filled;
      yield piece.subarray(0, filled);
      if (failure !== undefined) throw failure;
    }
  } finally {
    giveBack(model);
  }
}
