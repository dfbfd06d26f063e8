import { runCheck } from "../checks/index.ts";

/** Forms of tokens with a checksum that their issuers published, and the check of each. */
const checked: readonly (readonly [RegExp, string])[] = [
  [/^gh[pous]_[0-9A-Za-z]{36}$|^ghr_[0-9A-Za-z]{76}$/, "github-crc32"],
  [/^npm_[0-9A-Za-z]{36}$/, "npm-crc32"],
  [/^glsa_[0-9A-Za-z]{32}_[0-9a-f]{8}$/, "grafana-crc32"],
  [/^polar_[a-z_]{2,8}_[0-9A-Za-z]{43}$/, "polar-crc32"],
  [/^zpka_[0-9a-z]{32}_[0-9a-f]{8}$/, "zuplo-crc32"],
  [/^gl[a-z]{2,6}-[0-9A-Za-z_-]{27,300}\.(?:01\.)?[0-9a-z]{9}$/, "gitlab-routable"],
  [/^[0-9A-Za-z+/]{76}(?:\+ASt|ACDb|\+ABa|APIM|\+AMC)[0-9A-Za-z+/]{6}==$/, "azure-marvin"],
  [/^[0-9A-Za-z+/]{42}(?:AzSe|\+ACR)[A-D][0-9A-Za-z+/]{5}$/, "azure-marvin"],
  [/^[0-9A-Za-z+/]{33}(?:AzCa|\+ASb|\+AEh|\+ARm|AIoT|AZEG)[A-P][0-9A-Za-z+/]{5}=$/, "azure-marvin"],
  [/^[0-9A-Za-z_-]{44}AzFu[0-9A-Za-z_-]{5}[AQgw]==$/, "azure-marvin"],
  [/^[0-9A-Za-z]{52}JQQJ9[9DH][A-Z][A-L][0-9A-Za-z]{24}$/, "azure-annotated"],
  [/^glc_eyJ[0-9A-Za-z+/_-]{60,400}={0,2}$|^eyJrIjoi[0-9A-Za-z+/]{60,400}={0,2}$/, "grafana-json"],
  // Letters that bech32 does not have are wrong as well.
  [/^AGE-SECRET-KEY-1[0-9A-Z]{58}$|^nsec1[0-9a-z]{58}$/, "bech32"],
  [/^[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{107}$|^6P[RY][1-9A-HJ-NP-Za-km-z]{55}$/, "base58check"],
  [/^edsk(?:[1-9A-HJ-NP-Za-km-z]{94}|[1-9A-HJ-NP-Za-km-z]{50})$/, "base58check"],
];
/** What nearly no value has: those that have it are asked. */
const first =
  /^(?:gh[pousr]_|npm_|glsa_|polar_|zpka_|gl[a-z]{2,6}-|glc_|eyJrI|AGE-S|nsec1|[xyztuv]prv|6P[RY]|edsk)|\+A(?:St|Ba|MC|CR|Sb|Eh|Rm)|ACDb|APIM|Az(?:Se|Ca|Fu)|AIoT|AZEG|JQQJ9/;

/** Whether a value has the form of a token whose checksum is known for certain, and does not fit: whatever names it, nobody issued it. */
export function isRefuted(value: string): boolean {
  if (!first.test(value)) return false;
  // Where the match ends before the padding.
  const whole = value.length % 4 === 3 && !value.includes("-") ? `${value}=` : value;
  for (const text of new Set([value, whole])) {
    const check = checked.find(([form]) => form.test(text))?.[1];
    if (check !== undefined) return refutes(check, text);
  }
  return false;
}

function refutes(check: string, value: string): boolean {
  const { status, lower } = runCheck(check, value);
  return status === "invalid" && lower !== true;
}

/** Tokens of which their vendors have made one length only: prefix, what follows it, the whole length. */
const shaped: readonly (readonly [RegExp, RegExp, number])[] = [
  [/^AIza/, /^.{4}[0-9A-Za-z_-]{35}$/, 39],
  [/^(?:AKIA|ASIA)/, /^.{4}[0-9A-Z]{16}$/, 20],
  [/^(?:gh[pou]|npm)_/, /^.{4}[0-9A-Za-z]{36}$/, 40],
  [/^dop_v1_/, /^.{7}[0-9a-f]{64}$/, 71],
  [/^[0-9]{8,10}:AA/, /^[0-9]+:AA[0-9A-Za-z_-]{33}$/, 46],
];
/** A token that is longer by more than that is of a form that came later. */
const MOST_BEYOND = 4;

/** Whether a value begins as tokens of one length do, and is shorter, or longer by little: a rule on names would take it for one of another service. */
export function isMisshapen(value: string): boolean {
  const found = shaped.find(([prefix]) => prefix.test(value));
  if (found === undefined || !/^[0-9A-Za-z_:-]+$/.test(value)) return false;
  const [, form, length] = found;
  return !form.test(value) && value.length <= length + MOST_BEYOND;
}
