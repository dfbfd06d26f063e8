import type { Part } from "../../model/score.ts";
import { weighAccountPassword } from "./account-password.ts";
import { judgeKeyName } from "./key-names.ts";
import { against, type Asked, part } from "./parts.ts";
import { weighPassword } from "./password.ts";
import { randomBits } from "./random-value.ts";
import { isBinary } from "./shapes.ts";

/** A rule with this tag finds entries of a manifest whose values are base64 of what the program gets: that counts, and the name of the entry. */
export const MANIFEST_TAG = "manifest";

/** Where something is, and public halves: manifests of secrets hold the whole of a connection. */
const BESIDE =
  /(?:^|[_.-])(?:db|database|db_?name|schema|port|endpoint|bucket|namespace|ca|crt|cert|env|environment|mode|tz|locale)$/i;
const PASSWORD_NAME = /pass|pwd/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

/** What an entry of such a manifest says for and against a secret. Bytes that are no text, such as keys, are believed. */
export function* manifestParts({ value, place, candidate: { match, secret } }: Asked): Iterable<Part> {
  const before = match.slice(0, Math.max(0, match.lastIndexOf(secret)));
  const name = /([\w.-]+)["']?\s*:\s*["']?$/.exec(before)?.[1] ?? "";
  if (!BASE64.test(value)) yield against("syntax", "no base64, which the manifest asks for: a comment", "not-random");
  if (BESIDE.test(name) || judgeKeyName(name) === "never")
    yield against("name", "what it names is no secret", "reference");
  const text = Buffer.from(value, "base64").toString("utf8").trim();
  if (isBinary(text)) return;
  if (/[\r\n]/.test(text)) yield against("meaning", "a file, which is read by itself", "not-random");
  const quoted = { ...place, quote: '"' };
  const { bits, why } = PASSWORD_NAME.test(name) ? weighAccountPassword(text, quoted, "") : weighPassword(text, quoted);
  yield part("value", Math.max(bits, randomBits(text, 1)), why);
}
