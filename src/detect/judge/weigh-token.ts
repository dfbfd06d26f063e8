import type { Part } from "../../model/score.ts";
import { isDegenerate } from "./degenerate.ts";
import { against, part } from "./parts.ts";
import { holdsSampleWord, isPlaceholder } from "./placeholder.ts";
import { isWritten } from "./random-value.ts";

/** What has the form of one vendor's tokens is one, unless it was made for a reader. */
export function* tokenParts(value: string): Iterable<Part> {
  yield part("kind", 24, "a format of its own");
  if (isDegenerate(value, true)) yield against("stand-in", "a pattern: few characters, over and over", "placeholder");
  if (isPlaceholder(value, { coverage: 0.5, oneWordIsEnough: false }) || holdsSampleWord(value))
    yield against("stand-in", "words of samples and placeholders", "placeholder");
  if (isWritten(value)) yield against("value", "written words", "not-random");
}
