import type { Finding } from "../model/finding.ts";

/** What the review can do outside of its terminal. Each gives a sentence for people where it cannot, or when it is done; none throws. */
export interface Outside {
  /** How the user's editor opens a place. */
  edit(finding: Finding, place: number): Promise<ProgramStart | string>;
  /** The web page of the commit that brought a place, and the program that opens pages, where there is one. */
  page(finding: Finding, place: number): Promise<{ readonly url: string; readonly opener?: ProgramStart } | string>;
  /** Writes findings to a new file, masked. */
  save(findings: readonly Finding[]): Promise<string>;
}

export interface ProgramStart {
  readonly command: string;
  readonly args: readonly string[];
}

/** What a key asks to be done outside. */
export type OutsideWish =
  | { readonly kind: "edit" | "page"; readonly finding: Finding; readonly place: number }
  /** The rule of the finding, in the user's editor. */
  | { readonly kind: "draft"; readonly finding: Finding; readonly place: number }
  | { readonly kind: "save"; readonly findings: readonly Finding[] };
