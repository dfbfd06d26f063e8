/**
 * The judge: what a regex matched, is it a secret? Pure, synchronous, quick; it reads nothing but the candidate. Each part of it gives a number of
 * bits for or against, and a reason; they are added up, and what is below zero is dropped. Which parts are asked depends on the kind of the rule: a
 * token has its own format and needs little doubt, a value beside a telling name needs all of it. What the place of a finding says is added later
 * (findings/place-judge.ts).
 */
import type { Candidate, Verdict } from "../candidate.ts";
import type { Confidence } from "../../model/rule.ts";
import { decisivePart, passes, weigh, type Part } from "../../model/score.ts";
import type { CheckResult } from "../checks/check.ts";
import { runCheck } from "../checks/index.ts";
import { ANONYMOUS_TOKEN } from "../checks/jwt.ts";
import { hasAllowMark } from "./inline-allow.ts";
import { isHashOfNothing } from "./empty-hash.ts";
import { isKnownExample } from "./known-examples.ts";
import { isMasked, isMaskedFrom } from "./masked.ts";
import { against, ask, part } from "./parts.ts";
import { isPublished } from "./published.ts";
import { isMisshapen, isRefuted } from "./refuted.ts";
import { isBinary } from "./shapes.ts";
import { contextParts } from "./weigh-context.ts";
import { genericParts } from "./weigh-generic.ts";
import { tokenParts } from "./weigh-token.ts";

export interface JudgeOptions {
  /** Whether marks such as `gitleaks:allow` in the line silence a candidate. */
  readonly honourInlineAllow: boolean;
}

/** Checks that prove a form, not that somebody issued the value: they do not make a detection certain. */
const STRUCTURAL_CHECKS: ReadonlySet<string> = new Set(["jwt", "discord-id", "aws-akid", "cisco-type7"]);

/** Longest value that is looked at character by character; longer ones (keys, blobs) are judged by their first part. */
const MAX_JUDGED_LENGTH = 4096;

/**
 * Judges one candidate.
 * @returns `suppressed` with its reason when it is not reported; the parts of the score, facts and confidence in any case. Never throws.
 */
export function judge(candidate: Candidate, options: JudgeOptions): Verdict {
  const { rule, secret } = candidate;
  // Its work is lost on what is known or marked, and that is rare.
  const check = rule.check === undefined ? undefined : runCheck(rule.check, secret, { match: candidate.match });
  const open = weigh(parts(candidate, check, options));
  // Hashed only where it would be reported.
  const isOpen = passes(open.bits) && rule.kind !== "custom" && isPublished(secret);
  const score = isOpen ? weigh([...open.parts, published]) : open;
  const { confidence } = rule;
  const common = {
    parts: score.parts,
    bits: score.bits,
    facts: check?.facts ?? [],
    confidence: sure(confidence, rule.check, check),
    ...(check?.publicHalf === undefined ? {} : { publicHalf: check.publicHalf }),
  };
  return passes(score.bits) ? common : { ...common, suppressed: decisivePart(score)?.reason ?? "not-random" };
}

const published = against("stand-in", "a value of released software, which everybody has", "known-example");

function* parts(candidate: Candidate, check: CheckResult | undefined, options: JudgeOptions): Iterable<Part> {
  const { rule, secret } = candidate;
  if (options.honourInlineAllow && hasAllowMark(candidate.line))
    yield against("syntax", "the line is marked as allowed", "inline-allow");
  if (rule.kind !== "custom" && isKnownExample(secret))
    yield against("stand-in", "an example from documentation", "known-example");
  if (rule.kind !== "custom" && isHashOfNothing(secret))
    yield against("stand-in", "the hash of no password", "placeholder");
  if (check?.facts.includes(ANONYMOUS_TOKEN) === true)
    yield against("meaning", `a token ${ANONYMOUS_TOKEN}`, "not-random");
  if (check?.status === "valid") {
    yield part("check", 60, "proved offline");
    return;
  }
  if (check?.status === "invalid" && check.lower !== true)
    yield against("check", "its checksum or structure is wrong: nobody issued it", "checksum");
  if (check?.status === "invalid" && check.lower === true && rule.kind === "token")
    yield part("check", -16, "its checksum does not fit, as far as anybody outside knows how it is made");
  if (rule.entropy > 0 && candidate.entropy <= rule.entropy)
    yield against("value", "its characters repeat too much for the rule's limit of entropy", "entropy");
  if (rule.kind === "custom") {
    yield part("kind", 100, "a rule of the user's own, taken at its word");
    return;
  }
  yield* valueParts(candidate, secret.length > MAX_JUDGED_LENGTH ? secret.slice(0, MAX_JUDGED_LENGTH) : secret);
  if (check === undefined && isRefuted(secret))
    yield against("check", "the checksum of its form does not fit: nobody issued it", "checksum");
  if (rule.kind === "generic" && isMisshapen(secret))
    yield against("stand-in", "the prefix of a token, but not its length: cut off, or made up", "placeholder");
}

function* valueParts(candidate: Candidate, value: string): Iterable<Part> {
  const { kind } = candidate.rule;
  if (isMasked(value)) yield against("stand-in", "masked already", "masked");
  if (isBinary(kind === "token" ? value : candidate.match))
    yield against("syntax", "cut out of binary data", "not-random");
  if (kind === "token") {
    yield* tokenParts(value);
    return;
  }
  const asked = ask(candidate, value);
  if (isMaskedFrom(asked.place.after)) yield against("stand-in", "masked from its middle on", "masked");
  if (asked.value !== value && isMasked(asked.value)) yield against("stand-in", "masked already", "masked");
  yield* kind === "context" ? contextParts(asked) : genericParts(asked);
}

/** How sure a rule's detections are, with what its check says. */
function sure(confidence: Confidence, name: string | undefined, check: CheckResult | undefined): Confidence {
  if (check === undefined || check.status === "unknown") return confidence;
  const proved = check.status === "valid" && !STRUCTURAL_CHECKS.has(name ?? "") ? "certain" : confidence;
  const isLess = check.lower === true;
  return isLess ? lowered(proved) : proved;
}

function lowered(confidence: Confidence): Confidence {
  return confidence === "certain" ? "likely" : "possible";
}
