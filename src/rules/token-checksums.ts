/**
 * The checksums that vendors put into tokens, for making example tokens. (`src/detect/checks` has its own code for telling real from false:
 * two writings of one rule that must agree, which tests use.)
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const base62LowerFirst = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const base36 = "0123456789abcdefghijklmnopqrstuvwxyz";
export const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
export const base58Ripple = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
const base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** A number in the digits of an alphabet, most significant first, padded on the left with the digit zero. */
export function digits(value: number | bigint, alphabet: string, length: number): string {
  let rest = BigInt(value);
  let text = "";
  const base = BigInt(alphabet.length);
  while (rest > 0n) {
    text = (alphabet[Number(rest % base)] ?? "") + text;
    rest /= base;
  }
  return text.padStart(length, alphabet[0]);
}

/** CRC-32 (IEEE 802.3) in six base-62 digits. */
export function crc32Base62(text: string, alphabet: string = base62): string {
  return digits(crc32(text), alphabet, 6);
}

/** CRC-32 in eight hex digits, most significant byte first. */
export function crc32Hex(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/** The four bytes of a number, least significant first. */
export function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** RFC 4648 base32 without padding. */
export function base32(bytes: Uint8Array): string {
  return fiveBitGroups(bytes)
    .map((group) => base32Digits[group])
    .join("");
}

function fiveBitGroups(bytes: Uint8Array): number[] {
  const groups: number[] = [];
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      groups.push((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  if (bits > 0) groups.push((pending << (5 - bits)) & 31);
  return groups;
}

/** CRC-16/XMODEM. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}

/** Base58 with four bytes of double SHA-256 behind the payload. */
export function base58Check(payload: Uint8Array, alphabet: string = base58): string {
  const check = sha256(sha256(payload)).subarray(0, 4);
  const bytes = Buffer.concat([payload, check]);
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return (alphabet[0] ?? "").repeat(Math.max(zeros, 0)) + digits(BigInt(`0x${bytes.toString("hex")}`), alphabet, 1);
}

export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** BIP-173 bech32 of whole bytes, lower case. */
export function bech32(humanPart: string, bytes: Uint8Array): string {
  const data = fiveBitGroups(bytes);
  const expanded = Array.from(humanPart, (char) => char.charCodeAt(0));
  const head = [...expanded.map((code) => code >> 5), 0, ...expanded.map((code) => code & 31)];
  const sum = bech32Polymod([...head, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = Array.from({ length: 6 }, (_, index) => (sum >> (5 * (5 - index))) & 31);
  return `${humanPart}1${[...data, ...check].map((group) => bech32Digits[group]).join("")}`;
}

function bech32Polymod(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, bit) => {
      if (((top >>> bit) & 1) === 1) sum ^= generator;
    });
  }
  return sum;
}

/** Marvin32 with a seed of eight ASCII characters (microsoft/security-utilities). */
export function marvin32(bytes: Uint8Array, seed: string): number {
  const view = Buffer.from(bytes);
  const seedBytes = Buffer.from(seed, "latin1");
  const state = { low: seedBytes.readUInt32BE(4), high: seedBytes.readUInt32BE(0) };
  const whole = view.length - (view.length % 4);
  for (let at = 0; at < whole; at += 4) mix(state, view.readUInt32LE(at));
  let tail = 0x80;
  for (let at = view.length - 1; at >= whole; at--) tail = ((tail << 8) | (view[at] ?? 0)) >>> 0;
  mix(state, tail);
  mix(state, 0);
  return (state.low ^ state.high) >>> 0;
}

function mix(state: { low: number; high: number }, word: number): void {
  let low = (state.low + word) | 0;
  let high = state.high ^ low;
  low = (rotate(low, 20) + high) | 0;
  high = rotate(high, 9) ^ low;
  low = (rotate(low, 27) + high) | 0;
  high = rotate(high, 19);
  state.low = low;
  state.high = high;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
