import { createHmac } from "node:crypto";
import { azureKey, azureAnnotatedKey, azureDevopsToken, entraSecret } from "./generators-azure.ts";
import { keyNames, keyText } from "./generators-keys.ts";
import type { Random } from "./random.ts";
import { randomText, randomUuid } from "./random-text.ts";
import {
  base32,
  base36,
  base58Check,
  base58Ripple,
  base62,
  base62LowerFirst,
  bech32,
  crc16,
  crc32Base62,
  crc32Hex,
  digits,
  littleEndian,
  sha256,
} from "./token-checksums.ts";
import { crc32 } from "node:zlib";

/**
 * Generators for `${gen:NAME}` in example templates: tokens whose checksum or inner structure is right. `${gen:NAME:PREFIX}` puts another of
 * the vendor's prefixes in front where a family has several. Names equal the names of the checks (src/detect/checks) where there is one.
 */
type Generator = (random: Random, options: readonly string[]) => string;

const alnum = base62;
const lowernum = base36;
const hex = "0123456789abcdef";
const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const base64UrlChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Body, then CRC-32 of the body alone in base 62. */
function crcOfBody(prefix: string, length: number): Generator {
  return (random, [given = prefix, size = String(length)]) => {
    const body = randomText(alnum, Number(size), random);
    return given + body + crc32Base62(body);
  };
}

/** Body, then CRC-32 of prefix and body in base 62. */
function crcOfAll(prefix: string, length: number, alphabet = base62): Generator {
  return (random, [given = prefix]) => {
    const text = given + randomText(alnum, length, random);
    return text + crc32Base62(text, alphabet);
  };
}

/** Body, then CRC-32 of prefix and body in hex. */
function hexCrcOfAll(prefix: string, length: number, alphabet: string): Generator {
  return (random, [given = prefix]) => {
    const text = given + randomText(alphabet, length, random);
    return text + crc32Hex(text);
  };
}

function githubFineGrained(random: Random): string {
  const owner = Buffer.alloc(4);
  owner.writeUInt32BE(1_000 + random.integer(200_000_000));
  const text = `github_pat_11${base32(owner)}0${randomText(alnum, 12, random)}_${randomText(alnum, 43, random)}`;
  return text + base32(sha256(text)).slice(0, 8) + randomText(alnum, 8, random);
}

/** Payload lines, random bytes and their count in base64url; `.01.`, the payload's length, CRC-32 of all before it in base 36. */
function gitlabRoutable(random: Random, [prefix = "glpat-"]: readonly string[]): string {
  const lines = `o:${digits(random.integer(5_000), base36, 1)}\nu:${digits(100 + random.integer(20_000_000), base36, 1)}`;
  const payload = Buffer.concat([Buffer.from(lines), random.bytes(16), Buffer.from([16])]).toString("base64url");
  const text = `${prefix}${payload}.01.${digits(payload.length, base36, 2)}`;
  return text + digits(crc32(text), base36, 7);
}

function grafanaServiceAccount(random: Random): string {
  const text = `glsa_${randomText(alnum, 32, random)}`;
  return `${text}_${littleEndian(crc32(text)).toString("hex")}`;
}

function cloudflare(random: Random, [prefix = "cfut_"]: readonly string[]): string {
  const body = randomText(alnum, 40, random);
  return prefix + body + crc32Hex(body);
}

function atlassian(random: Random, [prefix = "ATATT3xFfGF0"]: readonly string[]): string {
  const text = prefix.startsWith("ATBB")
    ? prefix + randomText(alnum, 24, random)
    : `${prefix}${randomText(base64UrlChars, 171, random)}=`;
  return text + crc32Hex(text).toUpperCase();
}

function confluent(random: Random): string {
  const body = randomText(base64Chars, 54, random);
  return `cflt${body}${littleEndian(crc32(body)).toString("base64").slice(0, 6)}`;
}

function zuplo(random: Random): string {
  const body = randomText(lowernum, 32, random);
  return `zpka_${body}_${crc32Hex(body)}`;
}

function salad(random: Random, [prefix = "salad_cloud_user_demo1_"]: readonly string[]): string {
  const body = randomText(alnum, 40, random);
  return prefix + body + crc32Base62(body);
}

/** A macaroon of Fly.io in MessagePack: nonce, location, caveats (organization, time), tail. */
function flyMacaroon(random: Random, [prefix = "fm2_"]: readonly string[]): string {
  const bytes = (length: number): Buffer => Buffer.concat([Buffer.from([0xc4, length]), random.bytes(length)]);
  const number = (value: number): Buffer => {
    const four = Buffer.from([0xce, 0, 0, 0, 0]);
    four.writeUInt32BE(value, 1);
    return four;
  };
  const location = Buffer.from("https://api.fly.io/v1");
  const from = 1_700_000_000 + random.integer(50_000_000);
  const organization = [Buffer.from([0x00, 0x92]), number(1_000 + random.integer(900_000)), Buffer.from([0x1f])];
  const validity = [Buffer.from([0x04, 0x92]), number(from), number(from + 31_536_000)];
  const whole = Buffer.concat([
    Buffer.from([0x94, 0x93]),
    ...[bytes(64), bytes(16), Buffer.from([0xc2])],
    ...[Buffer.from([0xa0 | location.length]), location],
    ...[Buffer.from([0x94]), ...organization, ...validity],
    bytes(32),
  ]);
  return prefix + whole.toString("base64");
}

const natsTypes: Readonly<Record<string, number>> = { A: 0, C: 2 << 3, N: 13 << 3, O: 14 << 3, U: 20 << 3, X: 23 << 3 };

function natsSeed(random: Random, [type = "U"]: readonly string[]): string {
  const kind = natsTypes[type] ?? 0;
  return base32WithCrc16(Buffer.concat([Buffer.from([0x90 | (kind >> 5), (kind & 31) << 3]), random.bytes(32)]));
}

function base32WithCrc16(bytes: Buffer): string {
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(bytes));
  return base32(Buffer.concat([bytes, check]));
}

function base58Kind(version: string, suffix: string, length = 32, alphabet?: string): Generator {
  return (random) =>
    base58Check(
      Buffer.concat([Buffer.from(version, "hex"), random.bytes(length), Buffer.from(suffix, "hex")]),
      alphabet,
    );
}

/** An extended private key (BIP-32) at depth 0: chain code and key are random. */
function extendedKey(random: Random): string {
  const head = Buffer.from("0488ade4000000000000000000", "hex");
  return base58Check(Buffer.concat([head, random.bytes(32), Buffer.from([0]), random.bytes(32)]));
}

/** The account number sits in bits 7 to 46 of the first six bytes. */
function awsKeyId(random: Random, [prefix = "AKIA"]: readonly string[]): string {
  const account = 100_000_000_000n + BigInt(random.integer(0x1_0000_0000)) * 200n + BigInt(random.integer(200));
  const head = (1n << 47n) | (account << 7n) | BigInt(random.integer(128));
  const bytes = Buffer.concat([Buffer.from(head.toString(16).padStart(12, "0"), "hex"), random.bytes(4)]);
  return prefix + base32(bytes);
}

function json64(value: unknown, encoding: "base64" | "base64url"): string {
  return Buffer.from(JSON.stringify(value)).toString(encoding);
}

/** An HS256 token with the claims a service would put in, valid for a year. */
function jwt(random: Random): string {
  const issued = 1_700_000_000 + random.integer(60_000_000);
  const claims = {
    iss: "https://auth.corp-login.net/",
    sub: randomUuid(random),
    iat: issued,
    exp: issued + 31_536_000,
    scope: "read write",
  };
  const signed = `${json64({ alg: "HS256", typ: "JWT" }, "base64url")}.${json64(claims, "base64url")}`;
  return `${signed}.${createHmac("sha256", random.bytes(32)).update(signed).digest("base64url")}`;
}

/** Version byte, then fields as type, length, value: location, identifier, caveat, signature. */
function pypi(random: Random): string {
  const field = (type: number, value: Uint8Array | string): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([type, bytes.length]), bytes]);
  };
  const caveat = Buffer.concat([field(2, `[3, "${randomUuid(random)}"]`), Buffer.from([0])]);
  const head = [Buffer.from([2]), field(1, "pypi.org"), field(2, randomUuid(random)), Buffer.from([0])];
  return `pypi-${Buffer.concat([...head, caveat, Buffer.from([0]), field(6, random.bytes(32))]).toString("base64url")}`;
}

function sentry(random: Random): string {
  const claims = {
    iat: 1_700_000_000.5 + random.integer(60_000_000),
    url: "https://sentry.io",
    region_url: "https://us.sentry.io",
    org: "acme-web",
  };
  return `sntrys_${json64(claims, "base64")}_${randomText(base64Chars, 43, random)}`;
}

function grafanaCloud(random: Random): string {
  const key = randomText(alnum, 24, random);
  return `glc_${json64({ o: String(100_000 + random.integer(900_000)), n: "stack-publisher", k: key, m: { r: "prod-us-east-0" } }, "base64")}`;
}

function grafanaLegacy(random: Random): string {
  return json64({ k: randomText(alnum, 32, random), n: "deploy", id: 1 + random.integer(9) }, "base64");
}

function onePassword(random: Random): string {
  const part = (length: number): string => randomText("ABCDEFGHJKLMNPQRSTVWXYZ23456789", length, random);
  const claims = {
    signInAddress: "acme.1password.com",
    userAuth: {
      method: "SRPg-4096",
      alg: "PBES2g-HS256",
      iterations: 650_000,
      salt: randomText(base64UrlChars, 22, random),
    },
    email: `${randomText(lowernum, 13, random)}@1passwordserviceaccounts.com`,
    srpX: randomText(hex, 64, random),
    muk: {
      alg: "A256GCM",
      ext: true,
      k: randomText(base64UrlChars, 43, random),
      key_ops: ["encrypt", "decrypt"],
      kty: "oct",
      kid: "mp",
    },
    secretKey: `A3-${part(6)}-${part(6)}-${part(5)}-${part(5)}-${part(5)}-${part(5)}`,
    throttleSecret: { seed: randomText(hex, 64, random), uuid: randomText(lowernum, 26, random) },
    deviceUuid: randomText(lowernum, 26, random),
  };
  return `ops_${json64(claims, "base64url")}`;
}

function discordBot(random: Random): string {
  const id =
    300_000_000_000_000_000n +
    BigInt(random.integer(0x1_0000_0000)) * 200_000_000n +
    BigInt(random.integer(200_000_000));
  return `${Buffer.from(String(id)).toString("base64url")}.G${randomText(base64UrlChars, 5, random)}.${randomText(base64UrlChars, 38, random)}`;
}

const generators: ReadonlyMap<string, Generator> = new Map<string, Generator>([
  ["github-pat", crcOfBody("ghp_", 30)],
  ["github-oauth", crcOfBody("gho_", 30)],
  ["github-user", crcOfBody("ghu_", 30)],
  ["github-server", crcOfBody("ghs_", 30)],
  ["github-refresh", crcOfBody("ghr_", 70)],
  ["github-crc32", crcOfBody("ghp_", 30)],
  ["github-fine-grained", githubFineGrained],
  ["npm", crcOfBody("npm_", 30)],
  ["npm-crc32", crcOfBody("npm_", 30)],
  ["crc32-base62", crcOfBody("", 30)],
  ["vercel-crc32", crcOfBody("vcp_", 50)],
  ["polar-crc32", crcOfBody("polar_oat_", 37)],
  ["salad-crc32", salad],
  ["deno-crc32", crcOfAll("ddp_", 30)],
  ["wandb-crc32", crcOfAll("wandb_v1_", 71)],
  ["apify-crc32", crcOfAll("apify_api_", 30, base62LowerFirst)],
  ["packagist-crc32", hexCrcOfAll("packagist_ort_", 60, hex)],
  ["canva-crc32", hexCrcOfAll("cnvca", 43, base64UrlChars)],
  ["cloudflare-crc32", cloudflare],
  ["zuplo-crc32", zuplo],
  ["atlassian-crc32", atlassian],
  ["bitbucket-crc32", (random, [prefix = "ATBB"]) => atlassian(random, [prefix])],
  ["grafana-crc32", grafanaServiceAccount],
  ["gitlab-routable", gitlabRoutable],
  ["confluent-crc32", confluent],
  ["azure-marvin", azureKey],
  ["azure-annotated", azureAnnotatedKey],
  ["entra-secret", entraSecret],
  ["azdo-pat", azureDevopsToken],
  ["nats-crc16", natsSeed],
  ["stellar-crc16", (random) => base32WithCrc16(Buffer.concat([Buffer.from([0x90]), random.bytes(32)]))],
  ["bech32", (random) => bech32("age-secret-key-", random.bytes(32)).toUpperCase()],
  ["age", (random) => bech32("age-secret-key-", random.bytes(32)).toUpperCase()],
  ["nostr", (random) => bech32("nsec", random.bytes(32))],
  ["base58check", base58Kind("80", "01")],
  ["wif", base58Kind("80", "01")],
  ["wif-uncompressed", base58Kind("80", "")],
  ["bip38", base58Kind("0142", "", 37)],
  ["xrp-seed", base58Kind("21", "", 16, base58Ripple)],
  ["tezos-seed", base58Kind("0d0f3a07", "")],
  ["xprv", extendedKey],
  ["jwt", jwt],
  ["aws-akid", awsKeyId],
  ["aws-secret", (random) => randomText(base64Chars, 40, random)],
  ["pypi-macaroon", pypi],
  ["fly-macaroon", flyMacaroon],
  ["sentry-json", sentry],
  ["grafana-json", grafanaCloud],
  ["grafana-legacy-json", grafanaLegacy],
  ["onepassword-json", onePassword],
  ["discord-id", discordBot],
]);

/** A fresh token (or key text) of a kind; undefined when there is no generator of that name. */
export function generateToken(name: string, random: Random, options: readonly string[] = []): string | undefined {
  const generator = generators.get(name);
  return generator === undefined ? keyText(name, random) : generator(random, options);
}

/** The names of all generators, keys included. */
export function generatorNames(): string[] {
  return [...generators.keys(), ...keyNames];
}
