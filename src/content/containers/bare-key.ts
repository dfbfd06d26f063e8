import type { Bytes } from "./bytes.ts";
import { derNumber, derValues, oidText, type DerValue } from "./der.ts";
import type { Member } from "./member.ts";
import { armoured } from "./pem.ts";

/** Keys and certificates are some kilobytes; rings hold many. */
const mostBytes = 4 << 20;
/** A key of fewer bits is a toy. */
const leastBytes = 64;

/** Algorithms of keys (RFC 8017, 5480, 8410, 3279), and ways to encrypt one (PKCS #5, PKCS #12). */
const algorithms =
  /^(?:1\.2\.840\.113549\.1\.1\.(?:1|7|10)|1\.2\.840\.10045\.2\.1|1\.2\.840\.10040\.4\.1|1\.3\.101\.11[0-3]|2\.16\.840\.1\.101\.3\.4\.3\.\d{1,2})$/;
const ciphers = /^1\.2\.840\.113549\.1\.(?:5\.\d{1,2}|12\.1\.[1-6])$/;

const [integer, bits, octets, oid, sequence] = [2, 3, 4, 6, 0x30];

/**
 * Keys and certificates in bare form, as the PEM that says the same: DER (PKCS #1, PKCS #8, SEC 1, DSA, X.509), and the secret keys of a binary OpenPGP
 * ring. What has the form of none of these has no members. Whether a key is one that works is asked by the rules on PEM.
 */
export function* bareKeyMembers(bytes: Bytes): Generator<Member, void> {
  if (bytes.size > mostBytes) return;
  const file = bytes.read(0, bytes.size);
  if (file[0] !== sequence) return yield* ringMembers(file);
  const label = labelOf(file);
  if (label !== undefined) yield { name: "", chunks: [armoured(label, file)] };
}

/** The label that a DER file has in PEM; undefined for what is none of these. */
function labelOf(file: Buffer): string | undefined {
  const [outer, ...behind] = derValues(file);
  // Files have nothing behind, or a line end that an editor put there.
  if (outer === undefined || behind.length > 0) return undefined;
  const values = derValues(outer.content);
  const tags = values.map(({ tag }) => tag);
  const [first, second, third] = values;
  if (first?.tag === sequence) return publicLabel(first, tags) ?? sealedLabel(first, tags);
  if (first?.tag !== integer || second === undefined) return undefined;
  const version = derNumber(first);
  if (version > 1) return undefined;
  if (second.tag === sequence) return third?.tag === octets && isOf(second, algorithms) ? "PRIVATE KEY" : undefined;
  if (second.tag === octets) return isElliptic(version, second, values.slice(2)) ? "EC PRIVATE KEY" : undefined;
  if (version !== 0 || second.content.length < leastBytes || tags.some((tag) => tag !== integer)) return undefined;
  return tags.length === 9 ? "RSA PRIVATE KEY" : tags.length === 6 ? "DSA PRIVATE KEY" : undefined;
}

/** SEC 1, C.4: a number as long as the curve, then the curve, or the point. */
function isElliptic(version: number, { content }: DerValue, rest: readonly DerValue[]): boolean {
  if (version !== 1 || content.length < 20 || content.length > 66) return false;
  return rest.some(({ tag, content: inside }) => tag === 0xa0 && derValues(inside)[0]?.tag === oid);
}

/** A certificate, a request for one (both: contents, algorithm, signature), or a public key (algorithm, bits). */
function publicLabel(first: DerValue, tags: readonly number[]): string | undefined {
  if (tags.length === 2 && tags[1] === bits && isOf(first, algorithms)) return "PUBLIC KEY";
  if (tags.length !== 3 || tags[1] !== sequence || tags[2] !== bits) return undefined;
  const [version] = derValues(first.content);
  if (version?.tag === integer && derNumber(version) === 0) return "CERTIFICATE REQUEST";
  return version?.tag === 0xa0 || version?.tag === integer ? "CERTIFICATE" : undefined;
}

function sealedLabel(first: DerValue, tags: readonly number[]): string | undefined {
  return tags.length === 2 && tags[1] === octets && isOf(first, ciphers) ? "ENCRYPTED PRIVATE KEY" : undefined;
}

function isOf({ content }: DerValue, known: RegExp): boolean {
  const [id] = derValues(content);
  return id?.tag === oid && known.test(oidText(id));
}

/** A packet of OpenPGP (RFC 9580, 4.2): its tag, and where it ends. */
interface Packet {
  readonly tag: number;
  readonly content: number;
  readonly end: number;
}

const [secretKey, userId] = [5, 13];
/** Keys of a ring beyond this are made to be counted. */
const mostKeys = 1_000;

/** A secret key with all that belongs to it (names, signatures, subkeys) is a member, called by its first name. */
function* ringMembers(file: Buffer): Generator<Member, void> {
  let start = -1;
  let name = "";
  let keys = 0;
  const member = (end: number): Member => ({
    name: keys > 1 || end < file.length ? name : "",
    chunks: [armoured("PGP PRIVATE KEY BLOCK", file.subarray(start, end))],
  });
  let at = 0;
  while (at < file.length && keys <= mostKeys) {
    const packet = packetAt(file, at);
    if (packet === undefined) break;
    if (packet.tag === secretKey) {
      if (start >= 0) yield member(at);
      start = at;
      keys++;
      name = `key ${keys}`;
    } else if (start < 0) return;
    if (packet.tag === userId && name === `key ${keys}`) name = file.toString("utf8", packet.content, packet.end);
    at = packet.end;
  }
  if (start >= 0) yield member(at);
}

/** Whether a file begins with a secret key of OpenPGP: a packet with that tag, a version, a time of the last forty years, an algorithm. */
export function isSecretRing(head: Buffer): boolean {
  const packet = packetAt(head, 0);
  if (packet?.tag !== secretKey || packet.content + 6 > head.length || packet.end - packet.content < 40) return false;
  const [version, algorithm] = [head[packet.content]!, head[packet.content + 5]!];
  const isAlgorithm = algorithm <= 3 || (algorithm >= 16 && algorithm <= 28);
  return (
    (version === 4 || version === 6) && algorithm > 0 && isAlgorithm && head.readUInt32BE(packet.content + 1) > 6e8
  );
}

function packetAt(file: Buffer, at: number): Packet | undefined {
  const head = file[at] ?? 0;
  if ((head & 0x80) === 0 || at + 7 > file.length) return undefined;
  if ((head & 0x40) === 0) {
    const size = [1, 2, 4][head & 3];
    if (size === undefined) return undefined;
    const content = at + 1 + size;
    return { tag: (head >> 2) & 15, content, end: content + file.readUIntBE(at + 1, size) };
  }
  const first = file[at + 1]!;
  // Lengths in parts are for data that streams, not for keys.
  if (first >= 224 && first < 255) return undefined;
  const [content, length] =
    first < 192
      ? [at + 2, first]
      : first < 224
        ? [at + 3, (first - 192) * 256 + file[at + 2]! + 192]
        : [at + 6, file.readUInt32BE(at + 2)];
  return { tag: head & 63, content, end: content + length };
}
