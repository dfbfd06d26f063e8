import { crc32 } from "node:zlib";
import { decodeBase32 } from "./base32.ts";
import { decodeBase64 } from "./base64.ts";
import { type Check, doubtful, invalid, isoDay, proved, unknown, valid } from "./check.ts";
import { marvin32 } from "./marvin32.ts";
import { base62Digits, toRadix } from "./radix.ts";

/** Identifiable keys: 4 characters of signature stand 6 characters before the end (padding aside); the last 4 bytes are Marvin32 of the others. */
const SIGNATURES: Readonly<
  Record<string, { readonly service: string; readonly bytes: number; readonly roles: Readonly<Record<string, string>> }>
> = {
  "+ASt": { service: "storage account", bytes: 64, roles: { Default0: "" } },
  ACDb: {
    service: "Cosmos DB",
    bytes: 64,
    roles: {
      MastRW00: "read-write master",
      MastRO00: "read-only master",
      SystRW00: "system read-write",
      SystRO00: "system read-only",
      SysAll00: "system",
      Resour00: "resource",
      Encryp00: "encryption",
    },
  },
  "+ABa": { service: "Batch account", bytes: 64, roles: { AbAcct00: "" } },
  APIM: {
    service: "API Management",
    bytes: 64,
    roles: { Tenant00: "direct", IoTHub00: "subscription", Gatewy00: "gateway", GitKey00: "repository" },
  },
  "+AMC": { service: "ML classic web service", bytes: 64, roles: { Classic0: "" } },
  AzFu: {
    service: "Function app",
    bytes: 40,
    roles: { Functi00: "function", Master00: "host (master)", System00: "system" },
  },
  AzSe: { service: "AI Search", bytes: 39, roles: { PAdmin00: "admin", Query000: "query" } },
  "+ACR": { service: "Container Registry", bytes: 39, roles: { ACRDflt0: "" } },
  AzCa: { service: "Cache for Redis", bytes: 32, roles: { Access00: "" } },
  "+ASb": { service: "Service Bus", bytes: 32, roles: {} },
  "+AEh": { service: "Event Hubs", bytes: 32, roles: {} },
  "+ARm": { service: "Relay", bytes: 32, roles: {} },
  AIoT: { service: "IoT Hub", bytes: 32, roles: { IoTHub00: "hub", DpsKey00: "provisioning", Device00: "device" } },
  AZEG: { service: "Event Grid", bytes: 32, roles: { SendRecv: "" } },
};

const MESSAGING_ROLES: Readonly<Record<string, string>> = {
  Manage00: "manage",
  Send0000: "send",
  Listen00: "listen",
  System00: "system",
  Unknown0: "",
};

/** Keys that Azure services issue since 2022. Keys without a known signature are older: unknown. */
export const azureMarvin: Check = (secret) => {
  const text = secret.replace(/=+$/, "");
  const kind = SIGNATURES[text.slice(-10, -6)];
  if (kind === undefined) return unknown;
  const bytes = decodeBase64(text);
  if (bytes === undefined || bytes.length !== kind.bytes) return unknown;
  const body = bytes.subarray(0, -4);
  const stored = bytes.readUInt32LE(body.length);
  const roles = Object.keys(kind.roles).length === 0 ? MESSAGING_ROLES : kind.roles;
  for (const [seed, role] of Object.entries(roles)) {
    if (marvin32(body, seed) === stored)
      return valid([
        "checksum valid",
        role === "" ? `Azure ${kind.service} key` : `Azure ${kind.service} key, ${role}`,
      ]);
  }
  return invalid;
};

const PROVIDERS: Readonly<Record<string, string>> = {
  ACOG: "AI services",
  AZDO: "DevOps personal access token",
  AZAC: "App Configuration",
  AZMP: "Maps",
  AZCS: "Communication Services",
  AZEG: "Event Grid",
  AZFR: "Fluid Relay",
  AZMR: "Mixed Reality",
  AZCR: "Container Registry",
  msql: "SQL",
};

const ANNOTATED =
  /^[0-9A-Za-z]{52}JQQJ9[9DH]([A-Z])([A-L])[0-9A-Za-z]{12}[0-9A-Za-z]{4}([0-9A-Za-z]{4})([0-9A-Za-z+/]{4}|[0-9A-Za-z+/]{6}(?:==)?)$/;
/** Characters before the checksum: 60 bytes. */
const ANNOTATED_COVERED = 80;
/** The year letter A. */
const ANNOTATED_FIRST_YEAR = 2024;

/** Annotated keys (2023 onwards), told by `JQQJ9` in their middle. */
export const azureAnnotated: Check = (secret) => {
  const parts = ANNOTATED.exec(secret);
  if (parts === null) return unknown;
  const [, year = "A", month = "A", provider = "", tail = ""] = parts;
  const stored = tail.replace(/=+$/, "");
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(marvin32(Buffer.from(secret.slice(0, ANNOTATED_COVERED), "base64"), "Default0"));
  const inBase62 = toRadix(sum.readUInt32BE(0), base62Digits, 1).padEnd(6, "0").slice(0, stored.length);
  const inBase64 = sum.toString("base64").slice(0, stored.length);
  if (stored !== inBase62 && stored !== inBase64) return invalid;
  const issued = Date.UTC(ANNOTATED_FIRST_YEAR + year.charCodeAt(0) - 65, month.charCodeAt(0) - 65, 1);
  const facts = ["checksum valid", `issued ${isoDay(issued).slice(0, 7)}`];
  const name = PROVIDERS[provider];
  return valid(name === undefined ? facts : [...facts, `Azure ${name}`]);
};

const ENTRA = /^[0-9A-Za-z_~.-]{3}([78])Q~[0-9A-Za-z_~.-]{31}[0-9A-Za-z_~.-]{3}$/;
const ENTRA_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/** Entra client secrets: the `8Q~` form ends with three digits of a Marvin32 in base 66. */
export const entraSecret: Check = (secret) => {
  const parts = ENTRA.exec(secret);
  if (parts === null || parts[1] !== "8") return unknown;
  const sum = marvin32(Buffer.from(secret.slice(0, -3), "latin1"), "AadPwd00");
  return toRadix(sum, ENTRA_ALPHABET, 6).slice(0, 3) === secret.slice(-3) ? proved : doubtful;
};

/** What the embedded CRC is masked with: user tokens and application tokens. */
const AZDO_MASKS: readonly (readonly [number, string])[] = [
  [0xe0b9692d, "user token"],
  [0x1019f92e, "application token"],
];

/** Azure DevOps tokens of the older form: 32 bytes in lower-case base32 with a CRC-32 spread over four places. */
export const azureDevOpsPat: Check = (secret) => {
  if (!/^[a-z2-7]{52}$/.test(secret)) return unknown;
  const decoded = decodeBase32(secret);
  if (decoded === undefined) return unknown;
  const bytes = Buffer.from(decoded);
  const covered = Buffer.concat([
    bytes.subarray(0, 2),
    bytes.subarray(3, 7),
    bytes.subarray(9, 22),
    bytes.subarray(23, 32),
  ]);
  const embedded = Buffer.from([bytes[22] ?? 0, bytes[8] ?? 0, bytes[7] ?? 0, bytes[2] ?? 0]).readUInt32LE(0);
  const sum = crc32(covered);
  for (const [mask, name] of AZDO_MASKS) if ((sum ^ mask) >>> 0 === embedded) return valid(["checksum valid", name]);
  return doubtful;
};
