import type { Part } from "../../model/score.ts";
import { isWirelessNumber, weighNamedPassword } from "./account-password.ts";
import type { Assignment } from "./assignment.ts";
import { documentParts } from "./documentation.ts";
import { isAddressOfChain } from "./chain-address.ts";
import { decodesToPlaceholder } from "./decoded-placeholder.ts";
import { isElementKey } from "./element-key.ts";
import { isDegenerate } from "./degenerate.ts";
import { isCutJwt } from "./cut-jwt.ts";
import { isUuencoded } from "./uuencode.ts";
import { judgeKeyName, type KeyName } from "./key-names.ts";
import { against, type Asked, part } from "./parts.ts";

import { isMadeForPolicy, isUnspellable, weighPassword } from "./password.ts";
import { looksRandom, randomBits } from "./random-value.ts";
import {
  hasOtherMeaning,
  isDigest,
  isInManifest,
  isLabelledDigest,
  isPathShaped,
  isRandomUuid,
  UUID,
} from "./shapes.ts";
import { standInParts } from "./stand-ins.ts";
import { splitWords } from "./words.ts";

/** Any value beside a telling name: it must be believable by itself, and nothing around it may say that it is something else. */
export function* genericParts(asked: Asked): Iterable<Part> {
  const { place, value, candidate, isPassword } = asked;
  const isChosen = isPassword || isChosenSecret(value, place);
  yield* standInParts(asked, isChosen ? 0.5 : 1 / 3);
  const name = judgeKeyName(place.key);
  yield* nameParts(asked, name);
  if (isUuencoded(asked.candidate.line)) yield against("syntax", "in a line of uuencode", "not-random");
  if (isDegenerate(value, false)) yield against("stand-in", "a pattern: few characters, over and over", "placeholder");
  yield* meaningParts(asked);
  // A neighbour in a list hardly names it.
  if (place.joint === "listed" && (UUID.test(value) || !looksRandom(value, 1.5)))
    yield against("syntax", "an element of a list behind another one", "not-random");
  if (
    (isPassword || PHRASE.test(place.key)) &&
    place.joint !== "assigned" &&
    place.joint !== "argument" &&
    DIGEST.test(value)
  )
    yield against("syntax", "a digest beside what it was made of", "not-random");
  if (
    UUID.test(value) &&
    !(isRandomUuid(value) && name === "secret" && (UUID_KEY.test(place.key) || UUID_CONSTANT.test(place.key)))
  )
    yield against("meaning", "an identifier (UUID)", "not-random");
  if (isCutJwt(value)) yield against("stand-in", "the beginning of a token, without the rest", "placeholder");
  if (decodesToPlaceholder(value)) yield against("stand-in", "base64 of a placeholder", "placeholder");
  yield* valueParts(asked, name);
  yield* documentParts(candidate);
}

/** Names of what people choose: they are no hex digits. */
const PHRASE = /passw|passphrase/i;

/** `profile::db::root_password: …` at the beginning of a line: data of Puppet, whose names are joined so. */
const HIERA_NAME = /^[\s"']*[a-z]?[a-z0-9_:]*::$/;

/** Test vectors of hashes: `("password", "b109f3…")`. */
const DIGEST = /^(?:0x)?[0-9A-Fa-f]{16,}$/;

/** Tokens in the addresses of badges are made for showing a page's status to everybody. */
const BADGE = /(?:badge|\.svg)\?[\w=&-]*$|\bshields\.io\/[^\s"')]*$/;

/** Addresses of stored media carry a token for everybody who sees the page (Firebase Storage; Qiniu, until the second that stands before it). */
const MEDIA = /[?&](?:alt=media|e=\d{10})(?:&|&amp;|\\u0026)$/;

/** `SABNZBD__NZB_KEY`, `EVP_PKEY_ED25519`: capitals alone, in parts; the last of three may have a number. */
const CONSTANT = /^[A-Z]+(?:_{1,2}(?:[A-Z]+|V[0-9]{1,2}))+(?:_[A-Z]+[0-9]{1,5})?$/;

/** `seeAnchorInWysiwyg`: words of three letters and more on average, each but the first with a capital; drawn letters hardly fall so. */
function isJoinedName(value: string): boolean {
  const capitals = value.match(/[A-Z]/g)?.length ?? 0;
  return /^[a-z]{2,}(?:[A-Z][a-z]+){3,}$/.test(value) && value.length >= 3 * (capitals + 1);
}

/** Programs and calls that look a password up by the id of its entry. */
const STORE = /(?:bitwarden|vaultwarden|1password|onepassword|lastpass|keepass)\w*\(["']?$|\bbw get \w{3,12} ["']?$/i;

/** git's `user.signingkey` names a key by its id or fingerprint. */
const SIGNING_KEY = /(?:^|\.)signing_?key$/i;
const GPG_ID = /^(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40})!?$/;
/** In capitals nobody writes a key of so many digits; the fingerprints of GnuPG are. */
const FINGERPRINT = /^[0-9A-F]{40}$/;

/** `$text['newsletter_4f2a…'] = `: the value is the name of what is assigned. */
const ENTRY_NAME = /^["'`]\]\s?=(?!=)/;

/** A line of a user database, in which `x` says that the password is elsewhere: `passwd:eli:x:2098:1000:…`. */
const ACCOUNT_LINE = /^[\w.-]*:[x*!]:\d+:\d+\b/;

/** A file of sops keeps its parts in one value: `ENC[AES256_GCM,data:…,iv:…,tag:…]`. */
const SEALED_HEAD = /\bENC\[AES256_GCM,[^\]]*$/;

/** `password":"english"===name`: the first half of a condition. */
const COMPARED = /^["'`]\s?[!=]==?/;

/** Text before and behind a value that belongs to its tag. */
const TAG_SIDE = 300;

/** `<input type="hidden" name="_token" value="…">`: what a page hands to its own form. Tokens of programming interfaces say so. */
function isOfForm(key: string, { line, match, secret, secretInLine }: Asked["candidate"]): boolean {
  if (!/token$/i.test(key.replace(/\W+$/, "")) || /access|api|refresh|client|bearer/i.test(key)) return false;
  const inMatch = Math.max(0, match.lastIndexOf(secret));
  const before = secretInLine < 0 ? "" : line.slice(Math.max(0, secretInLine - TAG_SIDE), secretInLine);
  const after = secretInLine < 0 ? "" : line.slice(secretInLine + secret.length).slice(0, TAG_SIDE);
  const hidden = /type=["']?hidden\b/i;
  return (
    [before, match.slice(0, inMatch)].some((side) => hidden.test(side.slice(side.lastIndexOf("<")))) ||
    hidden.test(/^[^<>]*/.exec(after)?.[0] ?? "")
  );
}

/** As `openssl s_client` prints it: 48 bytes. */
const TLS_MASTER = /^master-?key$/i;

/** Names of AWS's resources, patterns of them among those: `arn:aws:secretsmanager:*:*:secret:billing*`. */
const RESOURCE = /\barn:aws[\w-]*:[^\s"']*$/;

/** `expect_decode_pass("…")`: what lets something pass. Calls that set a password say so with one of these words, or with the whole word. */
const SETTER =
  /^(?:set|with|use|user|add|put|auth|login|connect|require|db|admin|root|smtp|mail|proxy|http|ftp|my|my?sql|wifi|key|store)$/;

/** Names after which a UUID is believed: services whose keys are UUIDs call them so. */
const UUID_KEY =
  /secret|(?:api|app|access|auth|service|license|master|encryption|signing|private|session|shared|client|account|salt|ingest(?:ion)?|merchant|working|write|personal|server|management|record)[_. -]?key|token(?:_?(?:str(?:ing)?|value))?$|auth$|authorization$|^x-key$|passw/i;

/** `BILLING_KEY`: constants and variables of the environment that hold the key of a service; keys of records are named in small letters. */
const UUID_CONSTANT = /^(?:[A-Z][A-Z0-9]*_)+KEY$/;

function* nameParts({ place, value, candidate }: Asked, name: KeyName): Iterable<Part> {
  const { line, secretInLine } = candidate;
  if (name === "never" && !isServiceKey(place, value)) yield against("name", "what it names is no secret", "reference");
  if (place.before.endsWith("::") && place.operator !== "(" && !HIERA_NAME.test(place.before))
    yield against("name", "the name of a type", "reference");
  if (BADGE.test(line.slice(0, Math.max(0, secretInLine))))
    yield against("syntax", "the address of a badge", "reference");
  if (MEDIA.test(place.before))
    yield against("syntax", "the address of a picture or a file, made to be shown", "reference");
  if (ENTRY_NAME.test(place.after))
    yield against("syntax", "the name of an entry, to which something is assigned", "reference");
  if (CONSTANT.test(value)) yield against("name", "the name of a constant or a variable", "reference");
  if (SEALED_HEAD.test(line.slice(0, Math.max(0, secretInLine))))
    yield against("syntax", "a part of ciphertext", "masked");
  if (place.quote !== "" && COMPARED.test(place.after)) yield against("syntax", "compared with something", "reference");
  if (isOfForm(place.key, candidate)) yield against("syntax", "a form's token, made for one page", "reference");
  if (isElementKey(line.slice(0, Math.max(0, secretInLine))))
    yield against("name", "the key of an element of a page", "reference");
  if (TLS_MASTER.test(place.key) && /^[0-9A-Fa-f]{96}$/.test(value))
    yield against("meaning", "what TLS derived for one session", "not-random");
  if (RESOURCE.test(line.slice(0, Math.max(0, secretInLine))))
    yield against("syntax", "the name of a resource", "reference");
  // Credentials in a URL have a rule of their own, which knows where they end.
  if (place.before.endsWith("://") && value.includes("@")) yield against("syntax", "the rest of a URL", "reference");
  if (isPassingCall(place)) yield against("name", "a function that lets something pass", "reference");
  if (isTestResult(place)) yield against("syntax", "the result of a test", "not-random");
  if (repeatsName(place.key, value)) yield against("stand-in", "it repeats its name", "placeholder");
}

/** `tinify.key = "…"`, `Client(key="…")`: a key without another word. Tables of a page's class names have a `Key` as well. */
const BARE_KEY = /^(?:[\w$]*\.)?(?:key|KEY)$/;
/** `-H "Key: …"`: a header of a request. */
const HEADER_HEAD = /(?:-H|--header)[ =]?["']$/;
/** `?key=…`: addresses have a rule of their own, which looks at the host. */
const QUERY_HEAD = /[?&;]$/;
const BARE_KEY_LENGTH = 20;
/** `key: linux-cargo-4f2a…` of CI: what is kept and a hash of what it was made of, joined. Keys of services begin with a word of theirs, and one hyphen. */
const CACHE_NAME =
  /^(?!(?:api|app|key|live|pat|pk|prod|rk|sk|tok|token|xai|gsk)-)[a-z]{2,}[a-z0-9]*-(?:(?:[\w.]+-)+[\w.]+|[0-9a-f]{16,})$/;

/** Whether a `key` alone holds the key of a service: keys of records, caches and ciphers are words, digests and hex. */
function isServiceKey({ key, before, quote }: Assignment, value: string): boolean {
  if (value.length < BARE_KEY_LENGTH || UUID.test(value)) return false;
  if (HEADER_HEAD.test(before)) return /^key$/i.test(key);
  if (!BARE_KEY.test(key) || QUERY_HEAD.test(before) || (quote === "" && CACHE_NAME.test(value))) return false;
  return !DIGEST.test(value) && /\d/.test(value) && looksRandom(value, 1.5);
}

/** Words, a line's end, and what stands alone in the next line. */
const BELOW = /^[\w ]{3,40}[*_:]{0,3}[ \t]*\r?\n/;
/** `spring.client-id=…`, not base64 with its padding. */
const SETTING = /^[A-Za-z][\w.-]{2,}=[^=]/;

function* meaningParts({ value, place, candidate, isPassword }: Asked): Iterable<Part> {
  const { line, secretInLine } = candidate;
  if (hasOtherMeaning(value) && !isDrawnWithSigns(value, place) && !(isPassword && isWirelessNumber(value, place)))
    yield against("meaning", "a URL, a number, a date, markup, code", "not-random");
  if (isAddressOfChain(value)) yield against("meaning", "an address that money is sent to", "not-random");
  if (BELOW.test(candidate.match) && SETTING.test(value))
    yield against("syntax", "a setting of its own, in the line below", "reference");
  if (!isPassword && isJoinedName(value)) yield against("meaning", "words, joined as names are", "not-random");
  if (isPassword && UUID.test(value) && /<\/[\w-]+>\s*[\r\n]/.test(candidate.match))
    yield against("meaning", "an identifier (UUID), in the next element", "not-random");
  if (UUID.test(value) && STORE.test(line.slice(0, Math.max(0, secretInLine))))
    yield against("meaning", "the id of an entry in a store of passwords", "not-random");
  if ((SIGNING_KEY.test(place.key) && GPG_ID.test(value)) || (BARE_KEY.test(place.key) && FINGERPRINT.test(value)))
    yield against("meaning", "the id of a key of GnuPG", "not-random");
  if (ACCOUNT_LINE.test(value)) yield against("meaning", "a line of a user database", "not-random");
  if (isDigest(value)) yield against("meaning", "a digest", "not-random");
  if (place.quote === "" && place.joint !== "assigned" && /^0x[0-9a-f]+$/i.test(value))
    yield against("meaning", "a number in hex, an argument of its own", "not-random");
  if (isPathShaped(value) && !looksRandom(value, 1.5)) yield against("meaning", "a path", "not-random");
  if (secretInLine > 0 && isLabelledDigest(line.slice(0, secretInLine)))
    yield against("meaning", "the line calls it a digest or an identifier", "not-random");
  if (isInManifest(value, line)) yield against("meaning", "a line of digests", "not-random");
}

/** What frameworks draw for `secret` out of all signs: some of them read as code, or as a regular expression. Those that people write hold blanks or escapes. */
function isDrawnWithSigns(value: string, { key, quote, joint }: Assignment): boolean {
  if (quote === "" || joint !== "assigned" || value.length < 40 || /[\s\\]|:\/\//.test(value)) return false;
  if ((value.match(/[^\w+/=.-]/g)?.length ?? 0) < 4) return false;
  return /secret[_.-]?(?:key|base|token)?$/i.test(key) && looksRandom(value, 2);
}

/** Signs of expressions: what has them and stands without quotes is code, most often of a minified file. */
const CODE_SIGNS = /[()[\]{}<>;]|[=!]=|&&|\|\||\?\?|^[=?:!&|]|\?[^?]*:|:$/;

/** A rule with this tag looks into blocks of users, where all kinds of things are said of them: only what nobody says otherwise is a password. */
const USERS_TAG = "users";

function* valueParts(asked: Asked, name: KeyName): Iterable<Part> {
  const { value, place, isPassword } = asked;
  const drawn = randomBits(value, 1);
  if (asked.candidate.rule.tags.includes(USERS_TAG) && drawn < 0 && !isMadeForPolicy(value))
    yield against("value", "said of a user, and neither drawn nor made for a policy", "not-random");
  const isCode = place.quote === "" && !place.isEnvLine && CODE_SIGNS.test(value.replace(/=+$/, ""));
  const password =
    name !== "secret"
      ? undefined
      : isPassword
        ? weighNamedPassword(value, place)
        : isTypedSecret(value, place) || isShortHex(value, place) || isChosenSecret(value, place)
          ? weighPassword(value, place)
          : undefined;
  if (password !== undefined && (isCode || password.bits > drawn)) {
    yield part("value", password.bits, password.why);
    return;
  }
  const why = "rarity of its letters, for its length and alphabet";
  yield part("value", drawn, drawn < 0 ? `${why}: not as if drawn by a machine` : why);
  if (isCode) yield against("syntax", "no quotes around it, and signs of code in it", "not-random");
  if (name === "weak")
    yield part("name", Math.min(0, randomBits(value, 2) - drawn), "it says that the value is new, expected or wrong");
}

/** Whether letters alone are all that is assigned to a secret: somebody struck keys for it. Other names (tokens, keys) take letters that mean something. */
function isTypedSecret(value: string, { key, quote, joint, isEnvLine }: Assignment): boolean {
  if (!/secret$/i.test(key) || value.length < 10 || !isUnspellable(value)) return false;
  return isEnvLine || (quote !== "" && joint === "assigned");
}

/** What signs sessions and tokens is chosen as passwords are: for a policy, as a word with a number, or with letters, digits, and two signs that join no words. */
function isChosenSecret(value: string, place: Assignment): boolean {
  const { key, quote, joint, isEnvLine } = place;
  if (!/(?:secret(?:[_.-]?key)?|jwt[_.-]?key)$/i.test(key) || /\s/.test(value)) return false;
  const isAssigned = isEnvLine || (quote !== "" && joint === "assigned") || isSettingLine(place);
  if (!isAssigned) return false;
  if (isMadeForPolicy(value)) return true;
  if ((WORD_AND_NUMBER.test(value) || WORDS_AND_SIGN.test(value) || STRUCK.test(value)) && !holdsTellingWord(value))
    return true;
  if (value.length < 12) return false;
  return (value.match(/[!@#$%^&*?+]/g)?.length ?? 0) >= 2 && /[0-9]/.test(value) && /[A-Za-z]/.test(value);
}

/** `tischbein3280`, `SableGarnet44`, `Orchid946*`: a word or two, and the number and the sign that people put behind them. */
const WORD_AND_NUMBER = /^(?=.{8,24}$)[A-Za-z]{4,}(?:[_.-][A-Za-z]{3,})?[0-9]{2,6}[!@#$*.]?$/;

/** `ThehouseisourC@stle`: words without a number, and a sign for one of their letters. */
const WORDS_AND_SIGN = /^(?=.{12,40}$)[A-Za-z]{4,}[@$#!][A-Za-z]{2,}$/;

/** `289389329723kjelj8298`: keys struck at random, digits for the most part. */
const STRUCK = /^(?=(?:[^0-9]*[0-9]){8})(?=(?:[^a-z]*[a-z]){3})[A-Za-z0-9]{14,40}$/;

/** Whether it says of itself what it is: `mysupersecretkey123` stands in for a secret as often as it is one. */
function holdsTellingWord(value: string): boolean {
  return /secret|passw|token|key|jwt|auth|session|cookie|admin|test|demo|sha\d|base\d/i.test(value);
}

/** `secret: tischbein3280` or `app.jwt.secret=tischbein3280`, alone on its line, without quotes: a settings file. */
function isSettingLine({ quote, joint, operator, before, after }: Assignment): boolean {
  if (quote !== "" || joint !== "assigned" || !/^[:=]$/.test(operator)) return false;
  return /^\s*$/.test(before) && /^\s*(?:[\r\n]|$)/.test(after);
}

/** Some services draw secrets of twelve hex digits, keys of eight. They are believed where the name ends with what they are, and nothing but them is assigned. */
function isShortHex(value: string, { key, quote, joint, isEnvLine }: Assignment): boolean {
  const isKey = /api[_.-]?key$/i.test(key) && SHORTEST_HEX.test(value);
  if (!isKey && (!/(?:secret|access[_.-]?key|token)$/i.test(key) || !SHORT_HEX.test(value))) return false;
  return isEnvLine || (quote !== "" && joint === "assigned");
}

const SHORTEST_HEX = /^(?=(?:[a-f]*[0-9]){2})(?=(?:[0-9]*[a-f]){2})[0-9a-f]{8,15}$/;
const SHORT_HEX = /^(?=(?:[a-f]*[0-9]){3})(?=(?:[0-9]*[a-f]){3})[0-9a-f]{12,15}$/;

function isPassingCall({ key, operator }: Assignment): boolean {
  if (operator !== "(" || !/_pass$|[a-z]Pass$/.test(key)) return false;
  return !splitWords(key).some(({ text }) => SETTER.test(text));
}

/** What test suites say of each test, at the beginning of a line: `PASS: ld-elf/note-1`. Settings of that name stand below others. */
function isTestResult({ key, operator, before, quote }: Assignment): boolean {
  return /^X?PASS$/.test(key) && operator === ":" && before === "" && quote === "";
}

/** `password = "password"`, `apiKey: "api_key"`, `"token": "accessToken"`: the value names the field. */
function repeatsName(key: string, value: string): boolean {
  const plainKey = key.toLowerCase().replace(/[^a-z0-9]/g, "");
  const plainValue = value.toLowerCase().replace(/[^a-z0-9]/g, "");
  if (plainKey === "" || plainValue === "") return false;
  return (
    plainValue === plainKey ||
    (plainValue.length >= 4 && plainKey.includes(plainValue)) ||
    (plainKey.length >= 4 && plainValue.includes(plainKey) && plainValue.length < plainKey.length * 2)
  );
}
