import { takeCensus } from "./characters.ts";
import { countingShare } from "./degenerate.ts";
import type { Assignment } from "./assignment.ts";
import { randomBits } from "./random-value.ts";
import { rarity } from "./rarity.ts";
import { hasOtherMeaning, isPathShaped, isProse } from "./shapes.ts";
import { plainWords, sampleWords, splitWords, unleet } from "./words.ts";

/** People's passwords have six or more characters; shorter values are words and numbers of tests. */
const MIN_LENGTH = 6;
/** Longer values are data. */
const MAX_LENGTH = 128;

/** Technical words that end in a number as names do: sha256, utf8, int32. */
const NUMBERED_NAME =
  /^(?:sha(?:1|224|256|384|512)crypt|md5crypt|bcrypt|argon2(?:i|d|id))$|^(?:md5|sha\d{1,3}|b2|ck)sum$|^(?:en|de)(?:crypt|code)\d{2,3}$|^(?:sha|md|utf|int|uint|aes|des|rc|base|x|ipv|oauth|http|ssl|tls|v|version|ver|step|field|item|user|test|password|passwd|pass|pwd|secret|token|key|node|host|server|client|db|name|value|id|foo|bar|abc|p|pw|s|str|arg|param|var|tmp|temp|col|row|line|page|column|option|mode|level|type|group|account|admin|root|demo|dummy|example|sample)[-_]?\d{1,4}$/i;

/** Signs that people put into passwords; the others join names. */
const PASSWORD_SIGN = /[!@#$%^&*?+~]/;

/** The usual policies ask for so many characters at least. */
const POLICY_LENGTH = 8;
/** Texts of user interfaces and names are longer. */
const LONGEST_CHOSEN = 40;
/** What people begin with when they need a password that will be changed, or that is nobody's. */
const THROWAWAY = new Set("my test tests testing tester demo default foo bar baz some any hello the this".split(" "));

/**
 * Whether a value looks as if somebody made up a password for a policy: small and capital letters, digits and a sign, around a word. `Admin_123`,
 * `ContosoSummer2021!`; not `Password123!`, `Test@123`, which stand in for one.
 */
export function isMadeForPolicy(value: string): boolean {
  if (value.length < POLICY_LENGTH || value.length > LONGEST_CHOSEN || !/^[\x21-\x7e]+$/.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/[0-9]/.test(value)) return false;
  if (!PASSWORD_SIGN.test(value) && !/[_-][0-9]{3,6}$/.test(value)) return false;
  const read = splitWords(unleet(value.replace(/[0-9!]+$/, "")));
  if ([...splitWords(value), ...read].some(({ text }) => sampleWords.has(text) || THROWAWAY.has(text))) return false;
  return read.some(({ text }) => text.length > 2 && !/^pass(?:w(?:or)?d?)?$|^pwd$/.test(text));
}

/** What a value weighs as a password, and why. */
export interface PasswordValue {
  /** Above zero: believable. */
  readonly bits: number;
  readonly why: string;
}

const NONE = -20;
/** A value that passes all doubts is as likely a password as a word of some program that looks like one. */
const BELIEVABLE = 2;

/**
 * What speaks for a password that somebody chose or that a generator made, and against a word, a name, a placeholder, prose, a path or code.
 * Moderate entropy is enough, since the name on its left says what it is.
 */
export function weighPassword(value: string, place: Assignment): PasswordValue {
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH)
    return { bits: NONE, why: `passwords have ${MIN_LENGTH} to ${MAX_LENGTH} characters` };
  if (hasOtherMeaning(value) || isPathShaped(value) || isProse(value) || isNumberedName(value))
    return { bits: NONE, why: "a path, a number, prose, markup or a technical word" };
  if (isForeign(value)) return { bits: NONE, why: "a word in another alphabet" };
  if (place.quote === "" && !place.isEnvLine && !isPlainOnItsLine(value, place))
    return { bits: NONE, why: "no quotes around it, and signs of code in it or behind it" };
  const { lower, upper, digits, signs } = takeCensus(value);
  const letters = lower + upper;
  if (isUnspellable(value)) return { bits: BELIEVABLE, why: "letters that no language would spell" };
  if (digits === 0 && signs === 0) return { bits: NONE, why: "a word" };
  const drawn = randomBits(value, 1);
  if (drawn >= 0) return { bits: BELIEVABLE + drawn, why: "as if drawn by a machine" };
  if (letters === 0)
    return signs > 0 && digits >= 4 && PASSWORD_SIGN.test(value)
      ? { bits: BELIEVABLE, why: "digits with signs between them" }
      : { bits: NONE, why: "a number" };
  if (!isMadeForPolicy(value) && isName(value, digits)) return { bits: NONE, why: "words joined to a name" };
  const kinds = [lower, upper, digits, signs].filter((count) => count > 0).length;
  const bits = BELIEVABLE + kinds - 2 + Math.max(0, Math.min(4, rarity(value) / 4));
  if (digits === 0)
    return hasChosenSigns(value) && !isExclaimed(value, place)
      ? { bits, why: "letters and signs, as people choose them" }
      : { bits: NONE, why: "words with punctuation" };
  // Letters and digits: a word with a number counts from eight characters on.
  return value.length >= 8 || PASSWORD_SIGN.test(value) || rarity(value) > 0
    ? { bits, why: "letters, digits and signs, as people choose them" }
    : { bits: NONE, why: "a short word with a number" };
}

function isNumberedName(value: string): boolean {
  return NUMBERED_NAME.test(value) && !isMadeForPolicy(value);
}

/** Labels of user interfaces in other alphabets; people type passwords in ASCII, or nearly so. */
function isForeign(value: string): boolean {
  const letters = value.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => letter > "\x7f").length * 2 > letters.length;
}

/** Shorter parts are abbreviations, which no language spells either. */
const JOINED_LETTERS = /^[A-Za-z]{4,}(?:[_.-][A-Za-z]{4,})*$/;

/** Whether a value is letters alone, joined or not, that no language would spell. */
export function isUnspellable(value: string): boolean {
  if (value.length < 8 || !JOINED_LETTERS.test(value)) return false;
  const { lower, upper, signs } = takeCensus(value);
  // In capitals it stands for a value in a description of usage, in whatever language.
  const least = upper === 0 ? 10 : lower === 0 ? 20 : 14;
  return rarity(value) >= least + 2 * signs;
}

/** `Password is updated!!!`: the end of a sentence. */
function isExclaimed(value: string, { quote, operator }: Assignment): boolean {
  if (/^[A-Za-z]+[!.?,;:]$/.test(value)) return value.length < 10;
  return quote === "" && !operator.includes("=") && /^[A-Za-z]{2,12}[!.?]{2,}$/.test(value);
}

/** Signs inside the value that do not join words. */
function hasChosenSigns(value: string): boolean {
  return PASSWORD_SIGN.test(value.slice(1)) && !/^[a-z]+(?:[&+][a-z]+)+$/i.test(value);
}

const TWO_WORDS =
  /^(?:(?:[A-Z][a-z]{2,}){2}\d{2,3}|[a-z]{3,}[_.-]?[a-z]{3,}\d{2,3}|[a-z]{3,}-[a-z]{3,}-\d{3}|[a-z]{3,}-[A-Z][a-z]{2,}-\d{2,3}|[A-Z]?[a-z]{4,}_\d{2,3})$/;

/** `k4ffee_jasper93`: the same, with digits for letters in the first word, or in the second. */
const LEET_WORDS =
  /^(?=[a-z]*[0134578][a-z0-9]*[_.-]|[a-z]+[_.-][a-z]+[0134578][a-z])[a-z][a-z0-9]{3,}[_.-][a-z][a-z0-9]{2,}\d{2,3}$/;

/** `CustomAuthResultV2`: names of types say which version they are. */
const VERSION_OF_TYPE = /^((?:[A-Z][a-z]+){3,})V\d{1,2}$/;

/** snake_case, kebab-case, camelCase, dotted names and the like, with few digits in them. */
function isName(value: string, digits: number): boolean {
  if (!/^[\w.:/$@-]*[\w.:/-]$/.test(value)) return false;
  const words = splitWords(value.replace(VERSION_OF_TYPE, "$1"));
  const known = words.filter(({ text }) => plainWords.has(text) || sampleWords.has(text)).length;
  if (known > 0 && known === words.length && (digits <= 4 || countingShare(value) > 0.3)) return true;
  if (digits > 3) return false;
  // One word or two and a number of two or three digits are what people choose: `SummerTiger87`, `summer_tiger87`, `summer-tiger-187`.
  if (known === 0 && (TWO_WORDS.test(value) || LEET_WORDS.test(value))) return false;
  const joined = /[_.:/-]/.test(value) || /[a-z][A-Z][a-z]/.test(value);
  return joined && rarity(value) < 2 + 0.5 * value.length && words.every(({ text }) => text.length > 1);
}

/** Whether what stands before a name is a run of base85 or the like, which holds `pw=` by chance: no blank, no quote, and many signs that join nothing. */
function isEncoded(before: string): boolean {
  return /^[^\s"']{20,}$/.test(before) && (before.match(/[^\w/=&?.,:;-]/g)?.length ?? 0) >= 4;
}

/** Unquoted values are believed in settings files and on command lines, not in the middle of code. */
function isPlainOnItsLine(value: string, { after, before, operator }: Assignment): boolean {
  if (/[(){}[\]<>|\\]|->|::|=>|^[&*!@]|[;:]$|[&,;]\w+=|[=!]=|&&|\?\?|\b(?:this|self)\.|^[=:?]|\?[^?]*:/.test(value))
    return false;
  if (isEncoded(before)) return false;
  // `var password: ByteArray?`: a type of Kotlin or Swift.
  if (operator === ":" && /^[A-Z][A-Za-z]+\?$/.test(value)) return false;
  // `password: RFC2617 compliant digest of the user`: the beginning of a sentence.
  if (operator === ":" && /^ [a-z]+ [a-z]+ [a-z]/.test(after)) return false;
  if (
    /^\s*[([{.?]|^\s*(?:[-+*/%|&>=!?]|<(?!\/|$)|->|::)|^;|^,|^\s+(?:if|else|or|and|for|in|is|not|as|do|then)\b/.test(
      after,
    )
  )
    return false;
  const census = takeCensus(value);
  const hasBoth = census.digits > 0 && census.lower + census.upper > 0;
  // `x = name` is code more often than a setting: without a digit or a sign it says nothing.
  return hasBoth || (census.signs > 0 && PASSWORD_SIGN.test(value)) || (!operator.includes("(") && rarity(value) > 12);
}
