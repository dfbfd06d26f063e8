import { crc32 } from "node:zlib";
import { type Check, doubtful, invalid, proved, unknown } from "./check.ts";
import { base36Digits, base62Digits, base62LowerFirst, toRadix } from "./radix.ts";

/** How a vendor hangs a CRC-32 (IEEE 802.3) on its tokens. */
interface CrcSuffix {
  /** The whole token: group 1 is what comes before the covered text, 2 the covered text, 3 the checksum. */
  readonly shape: RegExp;
  /** Whether the CRC covers group 1 as well. */
  readonly withPrefix: boolean;
  readonly encode: (crc: number) => string;
  /** Published by the vendor: a failing checksum proves that the token is not genuine. */
  readonly published: boolean;
}

const base62 = (crc: number) => toRadix(crc, base62Digits, 6);
const hex = (crc: number) => crc.toString(16).padStart(8, "0");
const littleEndian = (crc: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc);
  return bytes;
};

const suffixes: Readonly<Record<string, CrcSuffix>> = {
  // GitHub and npm announced the scheme in 2021; stateless `ghs_<app>_<jwt>` tokens do not fit the shape and stay unknown.
  "github-crc32": {
    shape: /^(gh[pousr]_)([0-9A-Za-z]{30}|[0-9A-Za-z]{70})([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: true,
  },
  "npm-crc32": {
    shape: /^(npm_)([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: true,
  },
  "polar-crc32": {
    shape: /^(polar_[a-z_]{1,16}_)([0-9A-Za-z]{37})([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: true,
  },
  "vercel-crc32": {
    shape: /^(vc[ipark]_)([0-9A-Za-z]{50})([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: false,
  },
  "salad-crc32": {
    shape: /^(salad_cloud_(?:user|org)_[0-9A-Za-z-]+_)([0-9A-Za-z]+)([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: false,
  },
  "crc32-base62": {
    shape: /^(.*_)([0-9A-Za-z]{8,})([0-9A-Za-z]{6})$/,
    withPrefix: false,
    encode: base62,
    published: false,
  },
  "deno-crc32": {
    shape: /^(dd[po]_)([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/,
    withPrefix: true,
    encode: base62,
    published: false,
  },
  "wandb-crc32": {
    shape: /^(wandb_v1_)([0-9A-Za-z_]{50,80})([0-9A-Za-z]{6})$/,
    withPrefix: true,
    encode: base62,
    published: false,
  },
  "apify-crc32": {
    shape: /^(apify_api_)([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/,
    withPrefix: true,
    encode: (crc) => toRadix(crc, base62LowerFirst, 6),
    published: false,
  },
  "cloudflare-crc32": {
    shape: /^(cf(?:k|ut|at)_)([0-9A-Za-z]{40})([0-9a-f]{8})$/,
    withPrefix: false,
    encode: hex,
    published: false,
  },
  "zuplo-crc32": { shape: /^(zpka_)([0-9a-z]{32})_([0-9a-f]{8})$/, withPrefix: false, encode: hex, published: true },
  "packagist-crc32": {
    shape: /^(packagist_(?:ort|out|uut|cut|ack|acs)_)([0-9a-f]+)([0-9a-f]{8})$/,
    withPrefix: true,
    encode: hex,
    published: false,
  },
  "canva-crc32": {
    shape: /^(cnvca)([0-9A-Za-z_-]{38,48})([0-9a-f]{8})$/,
    withPrefix: true,
    encode: hex,
    published: false,
  },
  "atlassian-crc32": {
    shape: /^(AT(?:ATT|CTT|BB))([0-9A-Za-z_=-]+)([0-9A-F]{8})$/,
    withPrefix: true,
    encode: (crc) => hex(crc).toUpperCase(),
    published: false,
  },
  "grafana-crc32": {
    shape: /^(glsa_)([0-9A-Za-z]{32})_([0-9a-f]{8})$/,
    withPrefix: true,
    encode: (crc) => littleEndian(crc).toString("hex"),
    published: true,
  },
  "confluent-crc32": {
    shape: /^(cflt)([0-9A-Za-z+/]{54})([0-9A-Za-z+/]{6})$/,
    withPrefix: false,
    encode: (crc) => littleEndian(crc).toString("base64").slice(0, 6),
    published: false,
  },
};

function crcCheck(suffix: CrcSuffix): Check {
  return (secret) => {
    // In URLs and in properties files the `=` inside Atlassian tokens is escaped.
    const parts = suffix.shape.exec(secret.replace(/%3[Dd]|\\=/g, "="));
    if (parts === null) return unknown;
    const [, prefix = "", covered = "", checksum = ""] = parts;
    if (suffix.encode(crc32(suffix.withPrefix ? prefix + covered : covered)) === checksum) return proved;
    return suffix.published ? invalid : doubtful;
  };
}

/** Checks of tokens that end with a CRC-32 of themselves, by name. */
export const crcChecks: Readonly<Record<string, Check>> = Object.fromEntries(
  Object.entries(suffixes).map(([name, suffix]) => [name, crcCheck(suffix)]),
);

/** The 7 base36 digits with which GitLab's routable tokens end: the CRC-32 of everything before them. */
export function gitlabChecksum(covered: string): string {
  return toRadix(crc32(covered), base36Digits, 7);
}
