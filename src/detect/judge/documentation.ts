import type { Part } from "../../model/score.ts";
import type { Candidate } from "../candidate.ts";
import { part } from "./parts.ts";

/** A line of a comment that documents what stands below it (JSDoc, Javadoc, doctest), not one that somebody switched off. */
const DOCUMENTATION = /^\s*(?:\*{1,2}\s|>>>\s)/;

/** What is told to readers of the code is more often made up. */
export function* documentParts({ line }: Candidate): Iterable<Part> {
  if (DOCUMENTATION.test(line)) yield part("syntax", -3, "a line of documentation inside of code");
}
