import { ChunkReader } from "./chunk-reader.ts";

/** Bytes that are given at once. */
const outputBytes = 1 << 14;

/** Filters of a PDF file that write bytes as letters, or repeat them (ISO 32000, 7.4.2, 7.4.3, 7.4.5), by both of their names. */
export const plainFilters: ReadonlyMap<string, (chunks: Iterable<Uint8Array>) => Generator<Uint8Array, void>> = new Map(
  [
    [["ASCII85Decode", "A85"], ascii85] as const,
    [["ASCIIHexDecode", "AHx"], asciiHex] as const,
    [["RunLengthDecode", "RL"], runLengths] as const,
  ].flatMap(([names, filter]) => names.map((name) => [name, filter] as const)),
);

/** Gathers bytes until there are enough of them to be given. */
class Output {
  readonly #bytes = Buffer.alloc(outputBytes + 256);
  #filled = 0;

  push(byte: number): void {
    this.#bytes[this.#filled++] = byte;
  }

  get isFull(): boolean {
    return this.#filled >= outputBytes;
  }

  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#filled));
    this.#filled = 0;
    return taken;
  }
}

const isBlank = (byte: number): boolean => byte === 0 || (byte >= 9 && byte <= 13) || byte === 0x20;

/** Five letters from `!` on are four bytes, `z` is four zeros; `~>` ends it. */
function* ascii85(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const reader = new ChunkReader(chunks);
  const output = new Output();
  let [value, count] = [0, 0];
  for (let byte = reader.byte(); byte >= 0; byte = reader.byte()) {
    if (isBlank(byte)) continue;
    if (byte === 0x7a && count === 0) for (let i = 0; i < 4; i++) output.push(0);
    else if (byte < 0x21 || byte > 0x75) break;
    else {
      value = value * 85 + byte - 0x21;
      if (++count === 5) {
        for (let i = 3; i >= 0; i--) output.push(Math.floor(value / 256 ** i) & 0xff);
        [value, count] = [0, 0];
      }
    }
    if (output.isFull) yield output.take();
  }
  if (count > 1) {
    for (let i = count; i < 5; i++) value = value * 85 + 84;
    for (let i = 3; i > 4 - count; i--) output.push(Math.floor(value / 256 ** i) & 0xff);
  }
  yield output.take();
}

/** Two digits are a byte; `>` ends it. */
function* asciiHex(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const reader = new ChunkReader(chunks);
  const output = new Output();
  let high = -1;
  for (let byte = reader.byte(); byte >= 0; byte = reader.byte()) {
    if (isBlank(byte)) continue;
    const digit = Number.parseInt(String.fromCharCode(byte), 16);
    if (Number.isNaN(digit)) break;
    if (high < 0) high = digit;
    else {
      output.push(high * 16 + digit);
      high = -1;
    }
    if (output.isFull) yield output.take();
  }
  if (high >= 0) output.push(high * 16);
  yield output.take();
}

/** A length below 128: so many bytes and one more as they are; above: the next byte, 257 less the length times; 128 ends it. */
function* runLengths(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const reader = new ChunkReader(chunks);
  const output = new Output();
  for (let length = reader.byte(); length >= 0 && length !== 128; length = reader.byte()) {
    const repeated = length > 128 ? reader.byte() : -1;
    const count = length > 128 ? 257 - length : length + 1;
    for (let i = 0; i < count; i++) {
      const byte = length > 128 ? repeated : reader.byte();
      if (byte >= 0) output.push(byte);
    }
    if (output.isFull) yield output.take();
  }
  yield output.take();
}
