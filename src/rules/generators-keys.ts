import { checkPrimeSync, createECDH, createPrivateKey, createPublicKey } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import {
  certificatePem,
  dsaPem,
  ed25519Key,
  ed25519PublicBlob,
  encryptedPkcs8,
  encryptedTraditional,
  opensshEncryptedKey,
  opensshKey,
  pgpKey,
  pgpPublicKey,
  puttyKey,
} from "./key-formats.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";

/**
 * Private keys for examples, made from the random stream (so the same on every machine) and turned into text by node:crypto.
 * There are few different keys of each kind: primes are slow, and kept.
 */
const keysPerKind = 4;
/** Too short for real use, on purpose, and quick. */
const rsaBits = 1_024;

const made = new Map<string, string>();

/** The text of a key file: `pem-rsa pem-ec pem-pkcs8 pem-openssh ppk …`; undefined when there is no such kind. */
export function keyText(name: string, random: Random): string | undefined {
  const maker = makers.get(name);
  if (maker === undefined) return undefined;
  const label = `${name}:${random.integer(keysPerKind)}`;
  const kept = made.get(label);
  if (kept !== undefined) return kept;
  const text = maker(createRandom(label)).trimEnd();
  made.set(label, text);
  return text;
}

const makers: ReadonlyMap<string, (random: Random) => string> = new Map([
  ["pem-rsa", (random: Random) => exportPem(rsaKey(random), "pkcs1")],
  ["pem-ec", (random: Random) => exportPem(ecKey(random), "sec1")],
  ["pem-pkcs8", (random: Random) => exportPem(rsaKey(random), "pkcs8")],
  ["bare-rsa", (random: Random) => bare(exportPem(rsaKey(random), "pkcs1"))],
  ["bare-pkcs8", (random: Random) => bare(exportPem(rsaKey(random), "pkcs8"))],
  ["bare-ec", (random: Random) => bare(exportPem(ecKey(random), "pkcs8"))],
  ["pem-pkcs8-ec", (random: Random) => exportPem(ecKey(random), "pkcs8")],
  ["pem-pkcs8-ed25519", (random: Random) => exportPem(ed25519Key(random.bytes(32)), "pkcs8")],
  ["pem-dsa", (random: Random) => dsaPem(random, drawPrime)],
  ["pem-encrypted", (random: Random) => encryptedPkcs8(derOf(rsaKey(random)), random)],
  [
    "pem-encrypted-legacy",
    (random: Random) => encryptedTraditional(rsaKey(random).export({ type: "pkcs1", format: "der" }), random),
  ],
  ["pem-openssh", (random: Random) => opensshKey(random)],
  ["pem-openssh-encrypted", opensshEncryptedKey],
  ["ppk", puttyKey],
  ["pgp-private", pgpKey],
  ["pgp-public", pgpPublicKey],
  ["jwk-rsa", (random: Random) => JSON.stringify(rsaKey(random).export({ format: "jwk" }))],
  ["jwk-ec", (random: Random) => JSON.stringify(ecKey(random).export({ format: "jwk" }))],
  ["xml-rsa", (random: Random) => rsaXml(rsaKey(random).export({ format: "jwk" }))],
  ["pem-public", (random: Random) => String(createPublicKey(rsaKey(random)).export({ type: "spki", format: "pem" }))],
  [
    "pem-certificate",
    (random: Random) =>
      certificatePem(createPublicKey(rsaKey(random)).export({ type: "spki", format: "der" }), "api.corp.net", random),
  ],
  [
    "ssh-ed25519",
    (random: Random) => `ssh-ed25519 ${ed25519PublicBlob(random.bytes(32)).toString("base64")} user@host`,
  ],
]);

export const keyNames: readonly string[] = [...makers.keys()];

function exportPem(key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string {
  return String(type === "pkcs8" ? key.export({ type, format: "pem" }) : exportTraditional(key, type));
}

function exportTraditional(key: KeyObject, type: "pkcs1" | "sec1"): string | Buffer {
  return type === "pkcs1" ? key.export({ type, format: "pem" }) : key.export({ type, format: "pem" });
}

function rsaKey(random: Random): KeyObject {
  const exponent = 65_537n;
  for (;;) {
    const p = drawPrime(random, rsaBits / 2);
    const q = drawPrime(random, rsaBits / 2);
    const phi = (p - 1n) * (q - 1n);
    if (p === q || phi % exponent === 0n) continue;
    const d = inverse(exponent, phi);
    const numbers = { n: p * q, e: exponent, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    const jwk = Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => [name, bigBytes(value).toString("base64url")]),
    );
    return createPrivateKey({ key: { kty: "RSA", ...jwk }, format: "jwk" });
  }
}

/** The body of PEM in one line. */
function bare(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, "");
}

function drawPrime(random: Random, bits: number): bigint {
  const bytes = Buffer.from(random.bytes(bits / 8));
  // The two top bits make the product exactly twice as long; the lowest makes it odd.
  bytes[0] = (bytes[0] ?? 0) | 0xc0;
  let candidate = BigInt(`0x${bytes.toString("hex")}`) | 1n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

function bigBytes(value: bigint): Buffer {
  const text = value.toString(16);
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, "hex");
}

function ecKey(random: Random): KeyObject {
  const scalar = Buffer.from(random.bytes(32));
  // Below the order of the curve, which starts with FFFFFFFF 00000000.
  scalar[0] = (scalar[0] ?? 0) & 0x7f;
  const point = createECDH("prime256v1");
  point.setPrivateKey(scalar);
  const publicPoint = point.getPublicKey();
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: publicPoint.subarray(1, 33).toString("base64url"),
    y: publicPoint.subarray(33).toString("base64url"),
    d: scalar.toString("base64url"),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function derOf(key: KeyObject): Buffer {
  return key.export({ type: "pkcs8", format: "der" });
}

/** The form of .NET: the numbers of a JWK under other names, in plain base64. */
function rsaXml(jwk: JsonWebKey): string {
  const names = { Modulus: "n", Exponent: "e", P: "p", Q: "q", DP: "dp", DQ: "dq", InverseQ: "qi", D: "d" } as const;
  const fields = Object.entries(names).map(
    ([tag, field]) => `<${tag}>${Buffer.from(jwk[field] ?? "", "base64url").toString("base64")}</${tag}>`,
  );
  return `<RSAKeyValue>${fields.join("")}</RSAKeyValue>`;
}
