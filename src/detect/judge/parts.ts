import type { SuppressionReason } from "../../model/detection.ts";
import { veto, type Part, type PartName } from "../../model/score.ts";
import type { Candidate } from "../candidate.ts";
import { type Assignment, readAssignment } from "./assignment.ts";
import { hexOfBytes } from "./byte-notation.ts";

/** What every part of the judge is asked about. */
export interface Asked {
  readonly candidate: Candidate;
  /** The part of the secret that is looked at character by character. */
  readonly value: string;
  readonly place: Assignment;
  /** The rule holds values that people choose: they are judged as passwords, not as random values. */
  readonly isPassword: boolean;
}

/** A rule with this tag holds passwords. */
const PASSWORD_TAG = "password";

/** The value is a part of a URL's user information: the host counts as well. */
const URL_TAG = "url";

/** The value is a list of bytes in the notation of some language: what it says in hex counts. */
export const BYTES_TAG = "bytes";

/** @param value the secret, or what of it is looked at */
export function ask(candidate: Candidate, value: string): Asked {
  const { rule } = candidate;
  const isPassword = rule.tags.includes(PASSWORD_TAG);
  const plain = rule.tags.includes(BYTES_TAG)
    ? hexOfBytes(value)
    : rule.tags.includes(URL_TAG) && value.includes("%")
      ? unescapeUrl(value)
      : value;
  // What a URL escapes is judged as it is meant: `p%40ssword` is `p@ssword`.
  const meant = plain === value ? candidate : { ...candidate, secret: plain };
  const read = readAssignment(meant);
  // A context rule's syntax says where the value ends, which quotes do elsewhere.
  return {
    candidate: meant,
    value: plain,
    place: isPassword && rule.kind === "context" ? { ...read, quote: '"' } : read,
    isPassword,
  };
}

/** Whether the value stands in the user information of a URL. */
export function isOfUrl({ rule }: Candidate): boolean {
  return rule.tags.includes(URL_TAG);
}

/** A reason against that nothing outweighs. */
export function against(name: PartName, why: string, reason: SuppressionReason): Part {
  return { name, bits: veto, why, reason };
}

/** A part that says something for or against; where it decides against, the value is called not random. */
export function part(name: PartName, bits: number, why: string): Part {
  return { name, bits, why, reason: "not-random" };
}

/** Percent escapes of a URL taken off; the text as it is where they are no UTF-8. */
export function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
