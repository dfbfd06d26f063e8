import {
  checkPrimeSync,
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  pbkdf2Sync,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Random } from "./random.ts";

/** Key files that node:crypto does not write: OpenSSH, PuTTY, OpenPGP, DSA, and encrypted ones whose salt comes from the random stream. */

/** PKCS#8 around an Ed25519 seed, RFC 8410. */
const ed25519Header = Buffer.from("302e020100300506032b657004220420", "hex");

export function ed25519Key(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ed25519Header, seed]), format: "der", type: "pkcs8" });
}

function ed25519Public(seed: Uint8Array): Buffer {
  return createPublicKey(ed25519Key(seed)).export({ type: "spki", format: "der" }).subarray(-32);
}

/** A string of the SSH wire format: four bytes of length, then the bytes. */
function sshString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function ed25519PublicBlob(seed: Uint8Array): Buffer {
  return Buffer.concat([sshString("ssh-ed25519"), sshString(ed25519Public(seed))]);
}

/** OpenSSH's PROTOCOL.key with cipher `none`; https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key. */
export function opensshKey(random: Random): string {
  const seed = random.bytes(32);
  const check = random.bytes(4);
  const secret = sshString(Buffer.concat([seed, ed25519Public(seed)]));
  const open = Buffer.concat([
    check,
    check,
    sshString("ssh-ed25519"),
    sshString(ed25519Public(seed)),
    secret,
    sshString("user@host"),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (open.length % 8)) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const head = [Buffer.from("openssh-key-v1\0"), sshString("none"), sshString("none"), sshString(""), count];
  const blob = Buffer.concat([...head, sshString(ed25519PublicBlob(seed)), sshString(Buffer.concat([open, padding]))]);
  return armor("OPENSSH PRIVATE KEY", blob, 70);
}

function armor(label: string, bytes: Buffer, columns: number): string {
  return `-----BEGIN ${label}-----\n${wrap(bytes.toString("base64"), columns)}\n-----END ${label}-----`;
}

function wrap(text: string, columns: number): string {
  return (text.match(new RegExp(`.{1,${columns}}`, "g")) ?? []).join("\n");
}

/** PuTTY's version 3 key file without passphrase: the MAC key is empty. */
export function puttyKey(random: Random): string {
  const seed = random.bytes(32);
  const publicBlob = ed25519PublicBlob(seed);
  const privateBlob = sshString(seed);
  const comment = "imported-key";
  const signed = ["ssh-ed25519", "none", comment, publicBlob, privateBlob].map((part) => sshString(part));
  const mac = createHmac("sha256", "").update(Buffer.concat(signed)).digest("hex");
  const [publicText, privateText] = [publicBlob, privateBlob].map((blob) => wrap(blob.toString("base64"), 64));
  const lines = (text = ""): number => text.split("\n").length;
  return [
    "PuTTY-User-Key-File-3: ssh-ed25519",
    "Encryption: none",
    `Comment: ${comment}`,
    `Public-Lines: ${lines(publicText)}`,
    publicText,
    `Private-Lines: ${lines(privateText)}`,
    privateText,
    `Private-MAC: ${mac}`,
  ].join("\n");
}

/** As `opensshKey`, encrypted; the private part is noise, as it is for everybody without the passphrase. */
export function opensshEncryptedKey(random: Random): string {
  const options = Buffer.concat([sshString(random.bytes(16)), Buffer.from([0, 0, 0, 24])]);
  const head = [
    Buffer.from("openssh-key-v1\0"),
    sshString("aes256-ctr"),
    sshString("bcrypt"),
    sshString(options),
    Buffer.from([0, 0, 0, 1]),
  ];
  return armor(
    "OPENSSH PRIVATE KEY",
    Buffer.concat([...head, sshString(ed25519PublicBlob(random.bytes(32))), sshString(random.bytes(144))]),
    70,
  );
}

/** A version 4 secret key packet (Ed25519, not encrypted) and a user id, in ASCII armor; RFC 4880 and RFC 9580. */
export function pgpKey(random: Random): string {
  const seed = random.bytes(32);
  seed[0] = (seed[0] ?? 0) | 0x80;
  const secret = Buffer.concat([Buffer.from("0100", "hex"), seed]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16BE(secret.reduce((total, byte) => total + byte, 0) & 0xffff);
  return pgpBlock("PRIVATE", 0xc5, Buffer.concat([pgpFields(seed), Buffer.from([0]), secret, sum]));
}

/** The public key of `pgpKey` for the same random stream. */
export function pgpPublicKey(random: Random): string {
  const seed = random.bytes(32);
  seed[0] = (seed[0] ?? 0) | 0x80;
  return pgpBlock("PUBLIC", 0xc6, pgpFields(seed));
}

/** What a public and a private key of OpenPGP have in common: version, time, algorithm, curve, point. */
function pgpFields(seed: Uint8Array): Buffer {
  const curve = Buffer.from("092b06010401da470f01", "hex");
  const publicPoint = Buffer.concat([Buffer.from("010740", "hex"), ed25519Public(seed)]);
  return Buffer.concat([Buffer.from("046500000016", "hex"), curve, publicPoint]);
}

function pgpBlock(kind: "PRIVATE" | "PUBLIC", tag: number, body: Buffer): string {
  const user = Buffer.from("Release <release@corp.net>");
  const packets = Buffer.concat([Buffer.from([tag, body.length]), body, Buffer.from([0xcd, user.length]), user]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc24(packets));
  const text = `${wrap(packets.toString("base64"), 64)}\n=${check.subarray(1).toString("base64")}`;
  return `-----BEGIN PGP ${kind} KEY BLOCK-----\n\n${text}\n-----END PGP ${kind} KEY BLOCK-----`;
}

function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x800000) !== 0 ? (crc << 1) ^ 0x1864cfb : crc << 1;
  }
  return crc & 0xffffff;
}

/** A DER value: tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const size = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function derInteger(value: bigint): Buffer {
  const text = value.toString(16);
  const bytes = Buffer.from(text.length % 2 === 0 ? text : `0${text}`, "hex");
  return der(2, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** DSA in the form of `openssl dsa`: version, p, q, g, y, x. The modulus has 512 bits: too short for real use, on purpose. */
export function dsaPem(random: Random, drawPrime: (random: Random, bits: number) => bigint): string {
  const q = drawPrime(random, 160);
  let factor = (1n << 351n) / 2n;
  while (!checkPrimeSync(2n * factor * q + 1n)) factor += 1n;
  const p = 2n * factor * q + 1n;
  const g = power(2n, 2n * factor, p);
  const x = BigInt(`0x${Buffer.from(random.bytes(19)).toString("hex")}`);
  return armor("DSA PRIVATE KEY", der(0x30, ...[0n, p, q, g, power(g, x, p), x].map((value) => derInteger(value))), 64);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** An X.509 certificate (RFC 5280) of a public key, for ten years from 2024 on, by an issuer whose signature nobody checks. */
export function certificatePem(publicKey: Uint8Array, name: string, random: Random): string {
  const commonName = der(0x30, der(6, Buffer.from("550403", "hex")), der(0x0c, Buffer.from(name)));
  const names = der(0x30, der(0x31, commonName));
  const algorithm = der(0x30, der(6, Buffer.from("2a864886f70d01010b", "hex")), der(5));
  const validity = der(0x30, der(0x17, Buffer.from("240101000000Z")), der(0x17, Buffer.from("340101000000Z")));
  const serial = derInteger(BigInt(1 + random.integer(1_000_000)));
  const version = der(0xa0, derInteger(2n));
  const signed = der(0x30, version, serial, algorithm, names, validity, names, publicKey);
  return armor("CERTIFICATE", der(0x30, signed, algorithm, der(3, Buffer.from([0]), random.bytes(128))), 64);
}

const passphrase = "correct-horse";
const rounds = 2_048;

/** `ENCRYPTED PRIVATE KEY`: PKCS#8 under PBES2 (RFC 8018) with PBKDF2, HMAC-SHA-256 and AES-256-CBC. */
export function encryptedPkcs8(plain: Uint8Array, random: Random): string {
  const salt = random.bytes(16);
  const iv = random.bytes(16);
  const cipher = createCipheriv("aes-256-cbc", pbkdf2Sync(passphrase, salt, rounds, 32, "sha256"), iv);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const oid = (hex: string): Buffer => der(6, Buffer.from(hex, "hex"));
  const hmac = der(0x30, oid("2a864886f70d0209"), der(5));
  const derivation = der(0x30, oid("2a864886f70d01050c"), der(0x30, der(4, salt), derInteger(BigInt(rounds)), hmac));
  const scheme = der(0x30, oid("60864801650304012a"), der(4, iv));
  const algorithm = der(0x30, oid("2a864886f70d01050d"), der(0x30, derivation, scheme));
  return armor("ENCRYPTED PRIVATE KEY", der(0x30, algorithm, der(4, sealed)), 64);
}

/** The older form with `DEK-Info`: the key is one MD5 of passphrase and salt. */
export function encryptedTraditional(plain: Uint8Array, random: Random): string {
  const iv = Buffer.from(random.bytes(16));
  const key = createHash("md5").update(passphrase).update(iv.subarray(0, 8)).digest();
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  const body = wrap(Buffer.concat([cipher.update(plain), cipher.final()]).toString("base64"), 64);
  const head = `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${iv.toString("hex").toUpperCase()}`;
  return `-----BEGIN RSA PRIVATE KEY-----\n${head}\n\n${body}\n-----END RSA PRIVATE KEY-----`;
}
