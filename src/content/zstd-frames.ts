/** What is told of the frames of a zstd stream, by places in it. */
export interface FrameWatch {
  /** The content of a skippable frame: decoders pass over it. */
  skipped(at: number, length: number): void;
  /** Bytes that are no frame, and more than zeros. Nothing behind `at` was given. */
  behind(at: number): void;
}

/** The fields of a frame that are looked at, with their bytes (RFC 8878, 3.1). */
const fields = { magic: 4, length: 4, descriptor: 1, block: 3 } as const;
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** Bytes of the dictionary's id, and of the size of the content, by their flags. */
const idBytes = [0, 1, 2, 4] as const;
const sizeBytes = [0, 2, 4, 8] as const;
const rle = 1;

/**
 * Gives the frames of a zstd stream as they come, and ends with them: decoders take what follows for damage, and pass over skippable frames without a word. Only headers are looked at;
 * what is wrong inside of a frame is left to the decoder.
 */
export async function* zstdFrames(
  input: AsyncIterable<Uint8Array>,
  watch: FrameWatch,
): AsyncGenerator<Uint8Array, void> {
  let field: keyof typeof fields = "magic";
  let gathered: Uint8Array = new Uint8Array(0);
  let isEnded = false;
  let isTold = false;
  let hasSum = false;
  let skip = 0;
  let position = 0;

  /** Takes a whole field; false where what begins here is no frame. */
  const take = (bytes: Buffer, end: number): boolean => {
    switch (field) {
      case "magic": {
        const magic = bytes.readUInt32LE(0);
        if (magic === frameMagic) field = "descriptor";
        else if ((magic & 0xfffffff0) >>> 0 === skippableMagic) field = "length";
        else return false;
        return true;
      }
      case "length":
        skip = bytes.readUInt32LE(0);
        watch.skipped(end, skip);
        field = "magic";
        return true;
      case "descriptor": {
        const flags = bytes[0]!;
        const isSingle = (flags & 0x20) !== 0;
        hasSum = (flags & 4) !== 0;
        skip = idBytes[flags & 3]! + (flags >> 6 === 0 ? Number(isSingle) : sizeBytes[flags >> 6]!) + Number(!isSingle);
        field = "block";
        return true;
      }
      case "block": {
        const header = bytes.readUIntLE(0, 3);
        const size = header >> 3;
        skip = ((header >> 1) & 3) === rle ? 1 : size;
        if ((header & 1) === 1) {
          skip += hasSum ? 4 : 0;
          field = "magic";
        }
        return true;
      }
    }
  };
  /** Looks for more than zeros behind the frames. */
  const rest = (bytes: Uint8Array, at: number): void => {
    if (isTold || bytes.every((byte) => byte === 0)) return;
    isTold = true;
    watch.behind(at);
  };

  /** Where the frames end. */
  let frameEnd = 0;
  for await (const chunk of input) {
    const start = position;
    position += chunk.length;
    if (isEnded) {
      rest(chunk, frameEnd);
      continue;
    }
    let at = 0;
    while (at < chunk.length) {
      const passed = Math.min(skip, chunk.length - at);
      skip -= passed;
      at += passed;
      const missing = fields[field] - gathered.length;
      const part = chunk.subarray(at, at + missing);
      at += part.length;
      const bytes = Buffer.concat([gathered, part]);
      gathered = bytes;
      if (part.length < missing) break;
      gathered = new Uint8Array(0);
      const begin = start + at - bytes.length;
      const wasMagic = field === "magic";
      if (take(bytes, start + at)) {
        // What was held back of it goes with the rest.
        if (wasMagic && begin < start) yield bytes.subarray(0, start - begin);
        continue;
      }
      isEnded = true;
      frameEnd = begin;
      if (begin > start) yield chunk.subarray(0, begin - start);
      rest(bytes, frameEnd);
      rest(chunk.subarray(at), frameEnd);
      break;
    }
    if (isEnded) continue;
    // A part of a magic number may be none, and is held back.
    const end = chunk.length - (field === "magic" ? Math.min(gathered.length, chunk.length) : 0);
    if (end > 0) yield chunk.subarray(0, end);
  }
  if (!isEnded && field === "magic") rest(gathered, position - gathered.length);
}
