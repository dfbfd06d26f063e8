import { decodeBase64, decodeBase64Json, isRecord } from "./base64.ts";
import { type Check, doubtful, factText, invalid, isoDay, unknown, valid } from "./check.ts";

/** A fact line, left out where the token does not tell. */
function fact(label: string, value: unknown): string[] {
  const text = factText(value);
  return text === "" ? [] : [`${label} ${text}`];
}

/** Sentry organization tokens: `sntrys_` + base64 JSON + `_` + 43 characters. */
export const sentryJson: Check = (secret) => {
  const body = /^sntrys_([0-9A-Za-z+/_-]+={0,2})_[0-9A-Za-z+/_-]{43}$/.exec(secret)?.[1];
  if (body === undefined) return unknown;
  const json = decodeBase64Json(body);
  if (json === undefined) return invalid;
  const issued = json["iat"];
  return valid([
    ...fact("organization", json["org"]),
    ...fact("region", json["region_url"] ?? json["url"]),
    ...(typeof issued === "number" ? [`issued ${isoDay(issued * 1000)}`] : []),
  ]);
};

/** Grafana Cloud policies (`glc_` + JSON {o, n, k, m}) and Grafana's legacy keys (JSON {k, n, id}). */
export const grafanaJson: Check = (secret) => {
  const json = decodeBase64Json(secret.replace(/^glc_/, ""));
  if (json === undefined || typeof json["k"] !== "string") return invalid;
  const more = json["m"];
  return valid([
    ...fact("organization id", json["o"] ?? json["id"]),
    ...fact("token name", json["n"]),
    ...fact("region", isRecord(more) ? more["r"] : undefined),
  ]);
};

/** 1Password service account tokens: `ops_` + base64 JSON. */
export const onePasswordJson: Check = (secret) => {
  const body = /^ops_(.+)$/.exec(secret)?.[1];
  const json = body === undefined ? undefined : decodeBase64Json(body);
  if (json === undefined || (json["signInAddress"] === undefined && json["secretKey"] === undefined)) return invalid;
  return valid([...fact("sign-in address", json["signInAddress"]), ...fact("account", json["email"])]);
};

/** Discord's epoch: the first millisecond of 2015. */
const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** Discord bot tokens: the first part is the bot's id in base64url; ids are snowflakes. */
export const discordId: Check = (secret) => {
  const first = secret.split(".")[0] ?? "";
  const id = decodeBase64(first)?.toString("latin1") ?? "";
  if (!/^\d{17,20}$/.test(id)) return invalid;
  const created = Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
  return valid([`bot id ${id}`, `created ${isoDay(created)}`]);
};

/** PyPI tokens are macaroons (version 2): byte 2, then type-length-value fields, caveats, and a signature of 32 bytes in field 6. */
export const pypiMacaroon: Check = (secret) => {
  const body = /^pypi-([0-9A-Za-z_-]{50,})$/.exec(secret)?.[1];
  if (body === undefined) return unknown;
  const bytes = Buffer.from(body, "base64url");
  if (bytes[0] !== 2) return invalid;
  const facts: string[] = [];
  let at = 1;
  let caveats = 0;
  while (at < bytes.length) {
    const type = bytes[at++] ?? 0;
    if (type === END_OF_SECTION) continue;
    const length = readVarint(bytes, at);
    if (length === undefined || length.next + length.value > bytes.length) return doubtful;
    const value = bytes.subarray(length.next, length.next + length.value);
    at = length.next + length.value;
    if (type === LOCATION) facts.push(...fact("index", value.toString("latin1")));
    else if (type === IDENTIFIER && facts.some((each) => each.startsWith("token id"))) caveats++;
    else if (type === IDENTIFIER) facts.push(...fact("token id", value.toString("latin1")));
    else if (type === SIGNATURE)
      return value.length === 32
        ? valid(caveats > 0 ? [...facts, `restricted by ${caveats} caveats`] : facts)
        : invalid;
  }
  return doubtful;
};

const END_OF_SECTION = 0;
const LOCATION = 1;
const IDENTIFIER = 2;
const SIGNATURE = 6;

function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } | undefined {
  let value = 0;
  // Three bytes hold 2 MiB: more than any token.
  for (let index = 0; index < 3; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  return undefined;
}

/** HTTP Basic credentials (RFC 7617): base64 of `user:password`. What decodes is not proved to be in use, so the status stays unknown. */
export const basicAuth: Check = (secret) => {
  const text = decodeBase64(secret)?.toString("latin1") ?? "";
  const colon = text.indexOf(":");
  if (colon < 0 || !/^[\x20-\x7e\xa0-\xff]+\n?$/.test(text) || text.trimEnd().length <= colon + 1) return invalid;
  return { status: "unknown", facts: fact("user", text.slice(0, colon)) };
};
