import { crc32 } from "node:zlib";
import type { Random } from "./random.ts";
import { randomText } from "./random-text.ts";
import { base62, digits, littleEndian, marvin32 } from "./token-checksums.ts";

/**
 * Keys of Azure with their Marvin32 checksum (microsoft/security-utilities): a signature of four characters stands right before the last six
 * characters of the base64 text, and the last four bytes are the checksum of all before them.
 */
interface AzureKind {
  readonly bytes: number;
  readonly signature: string;
  readonly seed: string;
  readonly encoding?: "base64url";
  /** Redrawn until there is nothing but letters and digits. */
  readonly plain?: true;
}

const azureKinds: Readonly<Record<string, AzureKind>> = {
  storage: { bytes: 64, signature: "+ASt", seed: "Default0" },
  cosmos: { bytes: 64, signature: "ACDb", seed: "MastRW00" },
  batch: { bytes: 64, signature: "+ABa", seed: "AbAcct00" },
  apim: { bytes: 64, signature: "APIM", seed: "Tenant00" },
  ml: { bytes: 64, signature: "+AMC", seed: "Classic0" },
  function: { bytes: 40, signature: "AzFu", seed: "Master00", encoding: "base64url" },
  search: { bytes: 39, signature: "AzSe", seed: "PAdmin00", plain: true },
  acr: { bytes: 39, signature: "+ACR", seed: "ACRDflt0" },
  redis: { bytes: 32, signature: "AzCa", seed: "Access00" },
  servicebus: { bytes: 32, signature: "+ASb", seed: "Manage00" },
  eventhub: { bytes: 32, signature: "+AEh", seed: "Manage00" },
  relay: { bytes: 32, signature: "+ARm", seed: "Manage00" },
  iot: { bytes: 32, signature: "AIoT", seed: "IoTHub00" },
  eventgrid: { bytes: 32, signature: "AZEG", seed: "SendRecv" },
};

/** `${gen:azure-marvin:KIND}`; a storage account key unless told. */
export function azureKey(random: Random, [name = "storage"]: readonly string[]): string {
  const kind = azureKinds[name];
  if (kind === undefined) throw new RangeError(`no Azure key kind ${name}`);
  for (;;) {
    const text = drawAzureKey(kind, random);
    if (kind.plain === undefined || /^[0-9A-Za-z]+$/.test(text)) return text;
  }
}

function drawAzureKey(kind: AzureKind, random: Random): string {
  const encoding = kind.encoding ?? "base64";
  const extra = kind.encoding === undefined ? "+/" : "-_";
  const alphabet = kind.plain === undefined ? base62 + extra : base62;
  const characters = Math.ceil((kind.bytes * 8) / 6);
  const head = randomText(alphabet, characters - 10, random) + kind.signature;
  // "A" is six zero bits: the bits between signature and checksum.
  const bytes = Buffer.from(head.padEnd(characters, "A"), encoding).subarray(0, kind.bytes - 4);
  const text = Buffer.concat([bytes, littleEndian(marvin32(bytes, kind.seed))]).toString(encoding);
  return text.padEnd(Math.ceil(kind.bytes / 3) * 4, "=");
}

/** `${gen:azure-annotated:SIGNATURE:DATA}`; an Azure OpenAI key unless told. */
export function azureAnnotatedKey(random: Random, [signature = "ACOG", data = "AAAB"]: readonly string[]): string {
  const date = randomText("AB", 1, random) + randomText("ABCDEFGHIJKL", 1, random);
  const text = `${randomText(base62, 52, random)}JQQJ99${date}AAAAAAAAAAAA${data}${signature}`;
  const checksum = littleEndian(marvin32(Buffer.from(text, "base64"), "Default0")).readUInt32BE();
  return text + digits(checksum, base62, 1).padEnd(6, "0").slice(0, 4);
}

const entraAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/** The client secret of an Entra application. */
export function entraSecret(random: Random): string {
  const text = `${randomText(base62, 3, random)}8Q~${randomText(`${base62}.-_~`, 31, random)}`;
  return text + digits(marvin32(Buffer.from(text, "latin1"), "AadPwd00"), entraAlphabet, 6).slice(0, 3);
}

const lowerBase32 = "abcdefghijklmnopqrstuvwxyz234567";

/** The personal access token of Azure DevOps before 2023: 52 characters, four of the 32 bytes are a CRC-32 of the others. */
export function azureDevopsToken(random: Random): string {
  const bytes = Buffer.from(random.bytes(32));
  const data = Buffer.concat([bytes.subarray(0, 2), bytes.subarray(3, 7), bytes.subarray(9, 22), bytes.subarray(23)]);
  const check = littleEndian(crc32(data) ^ 0xe0b9692d);
  [22, 8, 7, 2].forEach((place, index) => (bytes[place] = check[index] ?? 0));
  const bits = BigInt(`0x${bytes.toString("hex")}`) << 4n;
  return digits(bits, lowerBase32, 52);
}
