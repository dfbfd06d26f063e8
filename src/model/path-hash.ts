const encoder = new TextEncoder();
const scratch = new Uint8Array(4096);

/**
 * A 53-bit integer for a cleaned path (its UTF-8 bytes), so that a layer with a million entries is remembered in eight megabytes.
 * Not collision-proof against somebody who wants one: it may only decide labels (deleted or not), never what is scanned.
 */
export function pathHash(path: string): number {
  let bytes = scratch;
  let length = path.length * 3 <= scratch.length ? encoder.encodeInto(path, scratch).written : -1;
  if (length < 0) {
    bytes = encoder.encode(path);
    length = bytes.length;
  }
  let a = 0x811c9dc5 ^ length;
  let b = 0x9e3779b1 ^ length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (a >>> 16) ^ b, 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 15) ^ a, 0x27d4eb2f);
  a ^= a >>> 15;
  b ^= b >>> 16;
  return (b >>> 11) * 0x1_0000_0000 + (a >>> 0);
}
