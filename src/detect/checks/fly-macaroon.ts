import { decodeBase64 } from "./base64.ts";
import { type Check, type CheckOptions, doubtful, expiryFact, factText, unknown, valid } from "./check.ts";

/** Values of MessagePack that macaroons are made of. Maps are lists of their keys and values, times and extensions are none. */
type Packed = null | boolean | number | bigint | string | Buffer | readonly Packed[];

/** Lists in a macaroon lie four deep; caveats in caveats are few. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 10_000;

/** The numbers by which Fly.io's caveats are known (superfly/macaroon, caveat.go). */
const ORGANIZATION = 0;
const APPS = 3;
const VALIDITY = 4;
const FROM_MACHINE = 15;

/** HMAC-SHA256, cut to its first half in proofs. */
const TAIL_BYTES: ReadonlySet<number> = new Set([16, 32]);

/**
 * Fly.io tokens: macaroons joined by commas, each a list of nonce, location, caveats and tail in MessagePack and base64. Facts: organization, apps, and when it ends,
 * of the first one; what follows are discharges, which say nothing of their own.
 */
export const flyMacaroon: Check = (secret, options) => {
  const parts = secret.split(",").map((part) => /^fm(?:1[ar]|2)_(.+)$/.exec(part)?.[1]);
  const [first] = parts;
  if (first === undefined) return unknown;
  const macaroons = parts.map((part) => (part === undefined ? undefined : readMacaroon(part)));
  const facts = macaroons[0];
  if (facts === undefined || macaroons.includes(undefined))
    return { ...doubtful, facts: ["does not decode as these tokens do"] };
  return valid(facts(options));
};

/** Undefined where the bytes are no macaroon. */
function readMacaroon(text: string): ((options: CheckOptions) => string[]) | undefined {
  const bytes = decodeBase64(text);
  const whole = bytes === undefined ? undefined : unpack(bytes);
  if (!Array.isArray(whole) || whole.length !== 4) return undefined;
  const [nonce, location, caveats, tail] = whole as readonly Packed[];
  const isWhole =
    Array.isArray(nonce) &&
    (nonce.length === 2 || nonce.length === 3) &&
    typeof location === "string" &&
    Array.isArray(caveats) &&
    Buffer.isBuffer(tail) &&
    TAIL_BYTES.has(tail.length);
  if (!isWhole) return undefined;
  return (options) => caveatFacts(caveats as readonly Packed[], options);
}

function caveatFacts(caveats: readonly Packed[], options: CheckOptions): string[] {
  const facts = new Set<string>();
  for (let at = 0; at + 1 < caveats.length; at += 2) {
    const [type, body] = [caveats[at], caveats[at + 1]];
    const [value, until] = Array.isArray(body) ? (body as readonly Packed[]) : [];
    if (type === ORGANIZATION && isNumber(value)) facts.add(`organization id ${value}`);
    else if (type === APPS && Array.isArray(value))
      for (let key = 0; key < value.length && facts.size < 8; key += 2) facts.add(`app id ${factText(value[key])}`);
    else if (type === VALIDITY && isNumber(until)) facts.add(expiryFact(Number(until) * 1000, options));
    else if (type === FROM_MACHINE) facts.add(`used from machine ${factText(value)} only`);
  }
  return [...facts];
}

function isNumber(value: Packed | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** One value that is all of the bytes (the MessagePack specification); undefined for anything else. */
function unpack(bytes: Buffer): Packed | undefined {
  let at = 0;
  let items = 0;
  const number = (size: number): number => {
    if (at + size > bytes.length) throw new RangeError();
    at += size;
    return bytes.readUIntBE(at - size, size);
  };
  const raw = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const list = (length: number, depth: number): readonly Packed[] => {
    if ((items += length) > MAX_ITEMS || depth >= MAX_DEPTH) throw new RangeError();
    return Array.from({ length }, () => value(depth + 1));
  };
  const value = (depth: number): Packed => {
    const head = number(1);
    if (head < 0x80) return head;
    if (head < 0x90) return list(2 * (head & 15), depth);
    if (head < 0xa0) return list(head & 15, depth);
    if (head < 0xc0) return raw(head & 31).toString("utf8");
    if (head >= 0xe0) return head - 256;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return raw(number(1 << (head - 0xc4)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return number(1 << (head - 0xcc));
      case 0xcf:
        return raw(8).readBigUInt64BE();
      case 0xd0:
        return raw(1).readInt8();
      case 0xd1:
        return raw(2).readInt16BE();
      case 0xd2:
        return raw(4).readInt32BE();
      case 0xd3:
        return raw(8).readBigInt64BE();
      case 0xd9:
      case 0xda:
      case 0xdb:
        return raw(number(1 << (head - 0xd9))).toString("utf8");
      case 0xdc:
      case 0xdd:
        return list(number(head === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return list(2 * number(head === 0xde ? 2 : 4), depth);
      default:
        throw new RangeError();
    }
  };
  try {
    const whole = value(0);
    return at === bytes.length ? whole : undefined;
  } catch {
    // Cut off, too deep, or of a kind that macaroons do not have.
    return undefined;
  }
}
