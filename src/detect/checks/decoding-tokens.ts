/** Tokens whose parts decode to something that their makers put there: a JSON text, an id, a time. What does not decode is doubted, not dropped. */
import { createHash } from "node:crypto";
import { decodeBase64, decodeBase64Json } from "./base64.ts";
import { type Check, type CheckResult, doubtful, expiryFact, factText, isoDay, unknown, valid } from "./check.ts";
import { base62Digits } from "./radix.ts";

const notGenuine: CheckResult = { ...doubtful, facts: ["does not decode as these tokens do"] };

function facts(...pairs: readonly (readonly [label: string, value: unknown])[]): string[] {
  return pairs
    .map(([label, value]) => [label, factText(value)])
    .flatMap(([label, text]) => (text === "" ? [] : [`${label} ${text}`]));
}

/** Mapbox: `sk.` + JSON {u, a, exp} + signature. */
export const mapboxToken: Check = (secret, options) => {
  const json = decodeBase64Json(secret.split(".")[1] ?? "");
  if (typeof json?.["u"] !== "string") return notGenuine;
  const ends = json["exp"];
  return valid([
    ...facts(["account", json["u"]], ["token id", json["a"]]),
    ...(typeof ends === "number" ? [expiryFact(ends * 1000, options)] : []),
  ]);
};

/** Tinybird: `p.` + JSON {u, id, host} + signature. */
export const tinybirdToken: Check = (secret) => {
  const json = decodeBase64Json(secret.split(".")[1] ?? "");
  return typeof json?.["u"] === "string"
    ? valid(facts(["workspace", json["u"]], ["token id", json["id"]], ["host", json["host"]]))
    : notGenuine;
};

/** Cloudflare tunnels: JSON {a: account, t: tunnel, s: secret}. */
export const cloudflareTunnel: Check = (secret) => {
  const json = decodeBase64Json(secret);
  return typeof json?.["a"] === "string" && typeof json["t"] === "string" && typeof json["s"] === "string"
    ? valid(facts(["account", json["a"]], ["tunnel", json["t"]]))
    : notGenuine;
};

/** WorkOS: base64 of `key_<ULID>,<secret>` behind the prefix. */
export const workosKey: Check = (secret) => {
  const text = decodeBase64(secret.replace(/^sk_(?:live|test)_/, ""))?.toString("latin1") ?? "";
  const id = /^(key_([0-9A-HJKMNP-TV-Z]{26})),./.exec(text);
  return id === null ? notGenuine : valid([`key id ${id[1]}`, ...ulidFacts(id[2] ?? "")]);
};

/** Intercom: base64 of `tok:…`. */
export const intercomToken: Check = (secret) =>
  decodeBase64(secret)?.toString("latin1").startsWith("tok:") === true ? valid([]) : notGenuine;

/** Twelve digits, a colon, and twenty bytes: personal access tokens of Atlassian's own-server products. */
export const atlassianDataCenter: Check = (secret) => {
  const bytes = decodeBase64(secret.replace(/^BBDC-/, ""));
  const id = bytes === undefined ? null : /^(\d{12}):/.exec(bytes.subarray(0, 13).toString("latin1"));
  return id === null || bytes?.length !== 33 ? notGenuine : valid([`token id ${id[1]}`]);
};

/** JFrog reference tokens: base64 of `reftkn:01:<seconds>:<random>`; zero seconds: it never ends. */
export const jfrogReference: Check = (secret, options) => {
  const text = decodeBase64(secret)?.toString("latin1") ?? "";
  const ends = /^reftkn:\d\d:(\d{10}):./.exec(text)?.[1];
  if (ends === undefined) return notGenuine;
  return valid([Number(ends) === 0 ? "never expires" : expiryFact(Number(ends) * 1000, options)]);
};

/** Long-lived Bedrock keys: base64 of `BedrockAPIKey-<id>-at-<account>:<secret>`. */
export const bedrockLongKey: Check = (secret) => {
  const text = decodeBase64(secret.replace(/^ABSK/, ""))?.toString("latin1") ?? "";
  const parts = /^BedrockAPIKey-([\w+=,.@-]{1,64})-at-(\d{12}):./.exec(text);
  return parts === null ? notGenuine : valid([`account ${parts[2]}`, `key id ${parts[1]}`]);
};

/** Short-lived Bedrock keys: base64 of a signed request. */
export const bedrockShortKey: Check = (secret, options) => {
  const text = decodeBase64(secret.replace(/^bedrock-api-key-/, ""))?.toString("latin1") ?? "";
  if (!text.includes("X-Amz-Signature=")) return notGenuine;
  const region = /X-Amz-Credential=[A-Z0-9]{16,32}(?:%2F|\/)\d{8}(?:%2F|\/)([a-z0-9-]{5,24})/.exec(text)?.[1];
  const began = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(text);
  const seconds = /X-Amz-Expires=(\d{1,7})(?!\d)/.exec(text)?.[1];
  const found = facts(["region", region]);
  if (began !== null && seconds !== undefined) {
    const [year = 0, month = 1, ...rest] = began.slice(1).map(Number);
    const [day, hour, minute, second] = rest;
    found.push(expiryFact(Date.UTC(year, month - 1, day, hour, minute, second) + Number(seconds) * 1000, options));
  }
  return valid(found);
};

/** Telegram: the bot's id stands before the colon. Nothing can be proved. */
export const telegramBot: Check = (secret) => {
  const id = /^(\d{8,12}):/.exec(secret)?.[1];
  return id === undefined ? unknown : { status: "unknown", facts: [`bot id ${id}`] };
};

/** OpenShift: the name under which the cluster keeps the token is the SHA-256 of its text. */
export const openShiftToken: Check = (secret) => {
  const body = /^sha256~([0-9A-Za-z_-]{43})$/.exec(secret)?.[1];
  if (body === undefined) return unknown;
  const name = createHash("sha256").update(body).digest("base64url");
  return { status: "unknown", facts: [`object name sha256~${name}`] };
};

/** Postman keys begin with an ObjectId, whose first four bytes are the seconds of its making. */
export const postmanKey: Check = (secret) => {
  const seconds = /^PMAK-([0-9a-f]{8})/.exec(secret)?.[1];
  return seconds === undefined ? unknown : madeAt(Number.parseInt(seconds, 16) * 1000);
};

/** ngrok: a KSUID of 27 base62 digits, whose first four bytes are seconds since its own epoch, and the secret behind `_`. */
export const ngrokKey: Check = (secret) => {
  const id = /^([0-9A-Za-z]{27})_/.exec(secret)?.[1];
  if (id === undefined) return unknown;
  const number = Array.from(id).reduce((sum, digit) => sum * 62n + BigInt(base62Digits.indexOf(digit)), 0n);
  return number >> 160n === 0n ? madeAt((Number(number >> 128n) + KSUID_EPOCH_S) * 1000) : notGenuine;
};

/** Stripe keys of today name their account: behind `sk_live_5` the sixteen characters of its id. Older ones do not, and are as long as their secret alone. */
export const stripeKey: Check = (secret) => {
  const account = /^[sr]k_(?:live|test|prod)_5(1[0-9A-Za-z]{15})[0-9A-Za-z]{60,}$/.exec(secret)?.[1];
  return account === undefined ? unknown : { status: "unknown", facts: [`account acct_${account}`] };
};

/** KSUIDs count from 2014-05-13. */
const KSUID_EPOCH_S = 1_400_000_000;

/** UpCloud tokens are ULIDs behind their prefix. */
export const upcloudToken: Check = (secret) => {
  const ulid = /^ucat_([0-9A-HJKMNP-TV-Z]{26})$/.exec(secret)?.[1];
  return ulid === undefined ? unknown : madeAt(ulidTime(ulid));
};

/** Query of a shared access signature (Azure Storage): when it ends, and what it allows. */
export const sasToken: Check = (secret, options) => {
  const query = new URLSearchParams(secret.replaceAll("&amp;", "&"));
  const ends = Date.parse(query.get("se") ?? "");
  const found = facts(["rights", query.get("sp")], ["address", query.get("sip")]);
  if (Number.isFinite(ends)) found.push(expiryFact(ends, options));
  return { status: "unknown", facts: found };
};

/** Microsoft's common format for keys (CASK): the structure is the test; the last characters tell the time of making. */
export const caskKey: Check = (secret) => {
  const parts =
    /^(?:[\w-]{44}|[\w-]{88})QJJQA[BC][A-K][A-Z]([\w-]{4})(?:[\w-]{4})*?AA([A-Z])([A-L])([\w-])([\w-])[\w-]{2}$/.exec(
      secret,
    );
  if (parts === null) return notGenuine;
  const [, provider, year = "", month = ""] = parts;
  return valid([`provider ${factText(provider)}`, `made ${2025 + at(year)}-${String(at(month) + 1).padStart(2, "0")}`]);
};

const at = (letter: string): number => letter.charCodeAt(0) - 65;

/** No service of today is older. */
const EARLIEST_MS = Date.UTC(2009, 0);
/** Random bytes give times anywhere until 2106 and beyond; a real one lies before this. */
const LATEST_MS = Date.UTC(2045, 0);

function madeAt(ms: number): CheckResult {
  if (!(ms >= EARLIEST_MS && ms <= LATEST_MS)) return notGenuine;
  return { status: "unknown", facts: [`made ${isoDay(ms)}`] };
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The first ten digits of a ULID are milliseconds since 1970. */
function ulidTime(ulid: string): number {
  return Array.from(ulid.slice(0, 10)).reduce((ms, digit) => ms * 32 + CROCKFORD.indexOf(digit), 0);
}

function ulidFacts(ulid: string): string[] {
  const ms = ulidTime(ulid);
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? [`made ${isoDay(ms)}`] : [];
}
