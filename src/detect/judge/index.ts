/**
 * The judge: what a regex matched, is it a secret? Pure, synchronous, quick; it reads nothing but the candidate. Each part that can say no is a
 * file of its own. How many of them are asked depends on the kind of the rule: a token has its own format and needs little doubt, a value beside a
 * telling name needs all of it.
 */
import type { Candidate, Verdict } from "../candidate.ts";
import type { SuppressionReason } from "../../model/detection.ts";
import type { Confidence } from "../../model/rule.ts";
import { runCheck } from "../checks/index.ts";
import { type Assignment, readAssignment } from "./assignment.ts";
import { isDegenerate } from "./degenerate.ts";
import { isSealed } from "./encrypted.ts";
import { hasAllowMark } from "./inline-allow.ts";
import { judgeKeyName } from "./key-names.ts";
import { isKnownExample } from "./known-examples.ts";
import { isMasked } from "./masked.ts";
import { isBelievablePassword } from "./password.ts";
import { holdsSampleWord, isPlaceholder } from "./placeholder.ts";
import { isPublished } from "./published.ts";
import { leadsNowhere, urlUser } from "./url-host.ts";
import { isWritten, looksRandom } from "./random-value.ts";
import { isReference } from "./references.ts";
import {
  hasOtherMeaning,
  isBinary,
  isDigest,
  isInManifest,
  isLabelledDigest,
  isPathShaped,
  isRandomUuid,
  UUID,
} from "./shapes.ts";

export interface JudgeOptions {
  /** Whether marks such as `gitleaks:allow` in the line silence a candidate. */
  readonly honourInlineAllow: boolean;
}

/** A rule with this tag holds values that people choose: they are judged as passwords, not as random values. */
const PASSWORD_TAG = "password";

/** The value is a part of a URL's user information: the host counts as well. */
const URL_TAG = "url";

/** Checks that prove a form, not that somebody issued the value: they do not make a detection certain. */
const STRUCTURAL_CHECKS: ReadonlySet<string> = new Set(["jwt", "discord-id", "aws-akid", "cisco-type7"]);

/** Longest value that is looked at character by character; longer ones (keys, blobs) are judged by their first part. */
const MAX_JUDGED_LENGTH = 4096;

/**
 * Judges one candidate.
 * @returns `suppressed` with its reason when it is not reported; facts and confidence otherwise. Never throws.
 */
export function judge(candidate: Candidate, options: JudgeOptions): Verdict {
  const verdict = judgeValue(candidate, options);
  // Hashed only where it would be reported.
  return verdict.suppressed === undefined && candidate.rule.kind !== "custom" && isPublished(candidate.secret)
    ? { ...verdict, suppressed: "known-example" }
    : verdict;
}

function judgeValue(candidate: Candidate, options: JudgeOptions): Verdict {
  const { rule, secret } = candidate;
  if (options.honourInlineAllow && hasAllowMark(candidate.line)) return drop("inline-allow", rule.confidence);
  if (rule.kind !== "custom" && isKnownExample(secret)) return drop("known-example", rule.confidence);
  const check = rule.check === undefined ? undefined : runCheck(rule.check, secret);
  const facts = check?.facts ?? [];
  if (check?.status === "valid") {
    const proved = STRUCTURAL_CHECKS.has(rule.check ?? "") ? rule.confidence : "certain";
    return { confidence: check.lower === true ? lowered(proved) : proved, facts };
  }
  if (check?.status === "invalid" && check.lower !== true) return drop("checksum", rule.confidence, facts);
  const confidence = check?.status === "invalid" ? lowered(rule.confidence) : rule.confidence;
  if (rule.entropy > 0 && candidate.entropy <= rule.entropy) return drop("entropy", confidence);
  const reason = doubt(candidate, secret.length > MAX_JUDGED_LENGTH ? secret.slice(0, MAX_JUDGED_LENGTH) : secret);
  return reason === undefined ? { confidence, facts } : drop(reason, confidence, facts);
}

function drop(suppressed: SuppressionReason, confidence: Confidence, facts: readonly string[] = []): Verdict {
  return { suppressed, confidence, facts };
}

function lowered(confidence: Confidence): Confidence {
  return confidence === "certain" ? "likely" : "possible";
}

function doubt(candidate: Candidate, value: string): SuppressionReason | undefined {
  const { rule } = candidate;
  if (rule.kind === "custom") return undefined;
  if (isMasked(value)) return "masked";
  if (isBinary(rule.kind === "token" ? value : candidate.match)) return "not-random";
  if (rule.kind === "token") {
    if (isDegenerate(value, true)) return "placeholder";
    if (isPlaceholder(value, { coverage: 0.5, oneWordIsEnough: false }) || holdsSampleWord(value)) return "placeholder";
    return isWritten(value) ? "not-random" : undefined;
  }
  const isPassword = rule.tags.includes(PASSWORD_TAG);
  if (rule.tags.includes(URL_TAG) && value.includes("%")) {
    // What a URL escapes is judged as it is meant: `p%40ssword` is `p@ssword`.
    const plain = unescapeUrl(value);
    if (plain !== value) return doubt({ ...candidate, secret: plain }, plain);
  }
  const read = readAssignment(candidate);
  // A context rule's syntax says where the value ends, which quotes do elsewhere.
  const place = isPassword && rule.kind === "context" ? { ...read, quote: '"' } : read;
  if (isReference(value, place.quote !== "" || (place.isEnvLine && !value.endsWith(")")))) return "reference";
  if (
    isPlaceholder(value, { coverage: isPassword || rule.kind === "context" ? 0.5 : 1 / 3, oneWordIsEnough: true }) ||
    holdsSampleWord(value)
  )
    return "placeholder";
  if (isSealed(value)) return "masked";
  if (rule.kind === "generic") return doubtGeneric(candidate, value, place, isPassword);
  if (decodesToPlaceholder(value)) return "placeholder";
  if (!isPassword) return doubtContext(candidate, value);
  if (isDegenerate(value, false)) return "placeholder";
  if (rule.tags.includes(URL_TAG) && (leadsNowhere(candidate.match) || urlUser(candidate.match) === value))
    return "placeholder";
  return isBelievablePassword(value, place) ? undefined : "not-random";
}

/** Percent escapes of a URL taken off; the text as it is where they are no UTF-8. */
function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A fixed shape near a telling word: it must not be called a digest there, nor be written text. */
function doubtContext(candidate: Candidate, value: string): SuppressionReason | undefined {
  if (isDegenerate(value, true)) return "placeholder";
  if (isDigest(value)) return "not-random";
  const { line, secretInLine } = candidate;
  if (secretInLine > 0 && isLabelledDigest(line.slice(0, secretInLine))) return "not-random";
  // Half of the usual limit: the telling word has its own weight, and shapes with a fixed part look less random.
  const isPlainShape = /^[0-9A-Za-z_+/=.-]+$/.test(value);
  return isPlainShape && value.length >= 12 && !UUID.test(value) && !/^\d+$/.test(value) && !looksRandom(value, 0.5)
    ? "not-random"
    : undefined;
}

/** Tokens in the addresses of badges are made for showing a page's status to everybody. */
const BADGE = /(?:badge|\.svg)\?[\w=&-]*$/;

/** Signs of expressions: what has them and stands without quotes is code, most often of a minified file. */
const CODE_SIGNS = /[()[\]{}<>;]|[=!]=|&&|\|\||\?\?|^[=?:!&|]|\?[^?]*:|:$/;

/** Names after which a UUID is believed: services whose keys are UUIDs call them so. */
const UUID_KEY =
  /secret|(?:api|app|access|auth|service|license|master|encryption|signing|private|session|shared|client|account)[_.-]?key|token$|auth$|passw/i;

function doubtGeneric(
  candidate: Candidate,
  value: string,
  place: Assignment,
  isPassword: boolean,
): SuppressionReason | undefined {
  const name = judgeKeyName(place.key);
  const { line, secretInLine } = candidate;
  // `AWS::IAM::AccessKey`: the name of a type.
  if (name === "never" || place.before.endsWith("::") || BADGE.test(line.slice(0, Math.max(0, secretInLine))))
    return "reference";
  if (isTestResult(place)) return "not-random";
  if (repeatsName(place.key, value)) return "placeholder";
  if (isDegenerate(value, false)) return "placeholder";
  if (hasOtherMeaning(value) || isDigest(value)) return "not-random";
  if (isPathShaped(value) && !looksRandom(value, 1.5)) return "not-random";
  if (secretInLine > 0 && isLabelledDigest(line.slice(0, secretInLine))) return "not-random";
  if (isInManifest(value, line)) return "not-random";
  // A neighbour in a list hardly names it.
  if (place.joint === "listed" && (UUID.test(value) || !looksRandom(value, 1.5))) return "not-random";
  if (UUID.test(value))
    return isRandomUuid(value) && name === "secret" && UUID_KEY.test(place.key) ? undefined : "not-random";
  if (decodesToPlaceholder(value)) return "placeholder";
  const isRandom = looksRandom(value, name === "weak" ? 2 : 1);
  if (isRandom && (place.quote !== "" || place.isEnvLine || !CODE_SIGNS.test(value.replace(/=+$/, ""))))
    return undefined;
  return isPassword && name === "secret" && isBelievablePassword(value, place) ? undefined : "not-random";
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

/** Passwords of samples (`aaa:bbb`, `user:pw`) are shorter. */
const MIN_DECODED_LENGTH = 4;

/** Kubernetes samples hold `cGFzc3dvcmQ=`: the base64 of a placeholder. */
function decodesToPlaceholder(value: string): boolean {
  if (value.length > 128 || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return false;
  const text = Buffer.from(value, "base64").toString("latin1");
  if (!/^[\x20-\x7e]+\n?$/.test(text)) return false;
  // Of `user:password` only the password matters.
  const colon = text.indexOf(":");
  const decoded = unescapeUrl(text.slice(colon + 1).trimEnd());
  if (colon >= 0 && decoded.length < MIN_DECODED_LENGTH) return true;
  return isPlaceholder(decoded, { coverage: 0.5, oneWordIsEnough: true });
}
