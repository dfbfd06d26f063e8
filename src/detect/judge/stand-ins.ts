import type { Part } from "../../model/score.ts";
import { isSealed } from "./encrypted.ts";
import { against, type Asked } from "./parts.ts";
import { isMadeForPolicy } from "./password.ts";
import { commonPlaceholders, holdsSampleWord, isPlaceholder } from "./placeholder.ts";
import { isReference } from "./references.ts";

/** People do take such passwords, and deploy them; in tests and documents it is just not enough. */
const PLAIN_WORDS = -4;

/** Look-ups, placeholders and ciphertext. @param coverage share of the value that plain words may cover at most */
export function* standInParts({ value, place, isPassword }: Asked, coverage: number): Iterable<Part> {
  if (isReference(value, place.quote !== "" || (place.isEnvLine && !value.endsWith(")"))))
    yield against("syntax", "it names a value that stands elsewhere: a variable, a look-up, a template", "reference");
  if (isPlaceholder(value, { coverage, oneWordIsEnough: true }) || holdsSampleWord(value))
    yield isPassword && isMadeForPolicy(value) && !commonPlaceholders.has(value.toLowerCase())
      ? {
          name: "stand-in",
          bits: PLAIN_WORDS,
          why: "plain words, as in a password made for a policy",
          reason: "placeholder",
        }
      : against("stand-in", "words of samples and placeholders", "placeholder");
  if (isSealed(value)) yield against("stand-in", "ciphertext, or the hash of a password", "masked");
}
