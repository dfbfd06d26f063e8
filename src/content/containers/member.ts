import type { Problem, ProblemCode } from "../../model/problem.ts";

/** One content inside of another. */
export interface Member {
  /** Its path as the container tells it, cleaned. Hostile text. Empty where the container is one thing in another form: a compressed file. */
  readonly name: string;
  /** Its bytes, once. A piece is valid until the next one is asked for; all are to be asked for, or none, before the next member is. */
  readonly chunks: Iterable<Uint8Array>;
  /** A hash (SHA-256) of all that decides about its bytes and about what is told of them: where it is the same, the same comes out. Absent where that would have to be read first. */
  readonly storedHash?: () => string;
}

/** Something inside of a container that cannot be read, or that is not as it should be. */
export interface MemberFault {
  readonly code: ProblemCode;
  readonly effect: Problem["effect"];
  /** Path of the member; empty where it is the container itself. */
  readonly name: string;
  /** One line, without text of the container. */
  readonly message: string;
}

export type ReportFault = (fault: MemberFault) => void;

/** Says that members, or a part of them, are lost. */
export function lost(code: ProblemCode, name: string, message: string): MemberFault {
  return { code, effect: "incomplete", name, message };
}

/** Says something that costs no content. */
export function noted(code: ProblemCode, name: string, message: string): MemberFault {
  return { code, effect: "note", name, message };
}
