import type { Part } from "../../model/score.ts";
import type { Candidate } from "../candidate.ts";
import { accountTag, weighAccountPassword } from "./account-password.ts";
import { isCutJwt } from "./cut-jwt.ts";
import { isUuencoded } from "./uuencode.ts";
import { decodesToPlaceholder } from "./decoded-placeholder.ts";
import { isDegenerate } from "./degenerate.ts";
import { documentParts } from "./documentation.ts";
import { isElementKey } from "./element-key.ts";
import { MANIFEST_TAG, manifestParts } from "./manifest-value.ts";
import { against, type Asked, BYTES_TAG, isOfUrl, part } from "./parts.ts";
import { weighPassword } from "./password.ts";
import { looksRandom, randomBits } from "./random-value.ts";
import { hasOtherMeaning, isDigest, isInManifest, isLabelledDigest, UUID } from "./shapes.ts";
import { standInParts } from "./stand-ins.ts";
import { leadsNowhere, leadsOutside, urlUser } from "./url-host.ts";

/** A common shape near a telling word: it must be a value, no stand-in, and neither be called a digest there nor be written text. */
export function* contextParts(asked: Asked): Iterable<Part> {
  const { value, isPassword, candidate } = asked;
  yield part("kind", 8, "a shape and a word near it that belong together");
  yield* standInParts(asked, 0.5);
  if (decodesToPlaceholder(value)) yield against("stand-in", "base64 of a placeholder", "placeholder");
  const isWord = !isPassword && !candidate.rule.tags.includes(BYTES_TAG);
  if (isDegenerate(value, isWord) && !isCountedName(value, candidate))
    yield against("stand-in", "a pattern: few characters, over and over", "placeholder");
  if (!isPassword) {
    yield* candidate.rule.tags.includes(MANIFEST_TAG) ? manifestParts(asked) : shapeParts(asked);
    return;
  }
  if (isOfUrl(candidate) && leadsNowhere(candidate.match))
    yield against("stand-in", "a URL to a host that is only a stand-in", "placeholder");
  if (isOfUrl(candidate) && urlUser(candidate.match) === value)
    yield against("stand-in", "the same as the user's name", "placeholder");
  const { bits, why } = candidate.rule.tags.includes(accountTag)
    ? weighAccountPassword(value, asked.place, textBefore(candidate))
    : weighPassword(value, asked.place);
  yield part("value", bits, why);
  yield* documentParts(candidate);
}

/** `anna123456` for a host of the world: people take their name and count, and deploy it. */
function isCountedName(value: string, candidate: Candidate): boolean {
  const name = /^([A-Za-z]{3,16})[0-9]{5,8}$/.exec(value)?.[1];
  if (!isOfUrl(candidate) || name === undefined || isDegenerate(name, false)) return false;
  return leadsOutside(candidate.match);
}

function textBefore({ line, match, secret, secretInLine }: Candidate): string {
  return `${line.slice(0, Math.max(0, secretInLine))} ${match.slice(0, Math.max(0, match.lastIndexOf(secret)))}`;
}

/** A rule with this tag has a wide alphabet and no shape of its own: its values must look drawn, as those beside a telling name. */
const DRAWN_TAG = "drawn";

/** The time behind an author's address in a commit: `… <anna@naver.com> 1685580076 +0900`. */
const AUTHORED = /^1\d{9} [+-]\d{4}(?!\d)/;

function* shapeParts({ value, candidate, place }: Asked): Iterable<Part> {
  const { line, secretInLine } = candidate;
  if (AUTHORED.test(value + place.after)) yield against("meaning", "the time of a commit", "not-random");
  if (isCutJwt(value)) yield against("stand-in", "the beginning of a token, without the rest", "placeholder");
  if (isCutOfData(candidate)) yield against("syntax", "cut out of a long run of base64", "not-random");
  if (isElementKey(line.slice(0, Math.max(0, secretInLine))))
    yield against("name", "the key of an element of a page", "reference");
  if (isUuencoded(line)) yield against("syntax", "in a line of uuencode", "not-random");
  if (isDigest(value) || (/^[0-9A-F]{40}$/.test(value) && /gpg|pgp|fingerprint|\bsigning\b/i.test(candidate.match)))
    yield against("meaning", "a digest", "not-random");
  if (secretInLine > 0 && isLabelledDigest(line.slice(0, secretInLine)))
    yield against("meaning", "the line calls it a digest or an identifier", "not-random");
  if (isInManifest(value, line)) yield against("meaning", "a line of digests", "not-random");
  // Half of the usual limit: the telling word has its own weight, and shapes with a fixed part look less random.
  if (candidate.rule.tags.includes(DRAWN_TAG)) {
    if (hasOtherMeaning(value)) yield against("meaning", "a URL, a number, a public key, markup, code", "not-random");
    yield part("value", randomBits(value, 1) - 8, "rarity of its letters, for its length and alphabet");
    return;
  }
  // The number of a token's version was not drawn, nor were the hyphens and dots between groups of hex digits.
  const version = value.replace(/^\d\//, "");
  const drawn = HEX_GROUPS.test(version) ? version.replaceAll(/[.-]/g, "") : version;
  const isPlainShape = /^[0-9A-Za-z_+/=.-]+$/.test(drawn);
  if (isPlainShape && drawn.length >= 12 && !UUID.test(version) && !/^\d+$/.test(drawn) && !looksRandom(drawn, 0.5))
    yield against("value", "written words", "not-random");
}

const HEX_GROUPS = /^[0-9a-f]{8,}(?:[.-][0-9a-f]{4,}){1,4}$/;

/** So much of a run lies beside the value before the run counts as data. Paths of services have shorter parts. */
const MIN_DATA_LENGTH = 40;

/** A line of base64 as it is wrapped in signatures and certificates. */
const WRAPPED_LINE = /^[A-Za-z0-9+/]{60,76}$/;

const BASE64_LETTER = /[A-Za-z0-9+/]/;

/** Whether the value touches `+` or `/` in a run of base64 much longer than it is: pictures, fonts and code hold every word by chance. */
function isCutOfData({ line, secret, secretInLine }: Candidate): boolean {
  if (secretInLine < 0) return false;
  // From the value backwards: a regex that ends with the text begins anew at each letter of it.
  let first = secretInLine;
  while (first > 0 && BASE64_LETTER.test(line[first - 1]!)) first--;
  const before = line.slice(first, secretInLine);
  const after = /^[A-Za-z0-9+/]*/.exec(line.slice(secretInLine + secret.length))?.[0] ?? "";
  const end = secretInLine + secret.length + after.length;
  const isAlone = /^\s?$/.test(line.charAt(secretInLine - before.length - 1)) && /^\s?$/.test(line.charAt(end));
  const isPart = before + after !== "" && /[+/]/.test(before + after);
  if (isAlone && isPart && WRAPPED_LINE.test(before + secret + after)) return true;
  if ([before, after].some((side) => side.length >= MIN_DATA_LENGTH && side.includes("+") && looksRandom(side, 1)))
    return true;
  // The same in an address, where `+` and `/` are escaped: a picture in a style sheet.
  if (!/%2[Bb]/.test(line)) return false;
  const inAddress = /(?:[A-Za-z0-9]|%2[BbFf])*$/.exec(line.slice(0, secretInLine))?.[0] ?? "";
  return inAddress.length >= MIN_DATA_LENGTH && /%2[Bb]/.test(inAddress);
}
