/** CRC-64 as xz has it (ECMA-182, reflected), of bytes in our own memory; what the decoder gives lies in its own (`LzmaDecoder.crc64`). Numbers of 64 bits are kept as two halves. */

const lowPolynomial = 0xd7870f42;
const highPolynomial = 0xc96c5795;

let tables: { readonly low: Int32Array; readonly high: Int32Array } | undefined;

function makeTables(): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let a = byte;
    let b = 0;
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (a & 1) === 1;
      a = (a >>> 1) | (b << 31);
      b >>>= 1;
      if (isOdd) {
        a ^= lowPolynomial;
        b ^= highPolynomial;
      }
    }
    low[byte] = a;
    high[byte] = b;
  }
  return { low, high };
}

export class Crc64 {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    const table = (tables ??= makeTables());
    let low = this.#low;
    let high = this.#high;
    for (const byte of bytes) {
      const at = (low ^ byte) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ table.low[at]!;
      high = (high >>> 8) ^ table.high[at]!;
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): bigint {
    return (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0);
  }
}
