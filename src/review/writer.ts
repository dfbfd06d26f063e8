import type { Finding } from "../model/finding.ts";
import type { Decision } from "../model/decision.ts";
import type { LookRow } from "./look.ts";
import type { ProgramStart } from "./outside.ts";

/** Where a decision can be written beside where decisions go: a mark in the line, an allowlist in the configuration, the rule itself; from a case, an ignore file. */
export type WrittenIn = "mark" | "allowlist" | "rule" | "ignore-file";

/** What is asked to be written. */
export interface WriteWish {
  readonly what: WrittenIn;
  readonly finding: Finding;
  /** Index of a sighting. */
  readonly place: number;
  /** What holds of it by now; absent: it is open. */
  readonly decision?: Decision;
}

/** Something that can be written, with all that it changes; nothing is written yet. */
export interface Proposal {
  /** For people; masked, and sanitised when it is drawn. */
  readonly rows: readonly LookRow[];
  /** Writes it. Rejects with an Error whose message is a line for people where that is not possible; then nothing has changed. */
  write(): Promise<Written>;
}

export interface Written {
  /** One line. */
  readonly said: string;
  /** Findings that the next scan leaves out because of it, by fingerprint. */
  readonly hidden: readonly string[];
  /** The file that hides them. */
  readonly by: string;
}

/** The rule of a finding as a form: what can be changed of it by typing a line. Changes go into the draft, as those of the editor do. */
export interface RuleForm {
  /** The configuration that would be written. */
  readonly name: string;
  /** In the order of their numbers, from 1: what each is, and what holds by now. */
  readonly fields: readonly { readonly name: string; readonly now: string }[];
  /** Sets a field by its number. Gives what is wrong with it, in a sentence; then nothing was changed. Empty: done. */
  set(field: number, text: string): Promise<string>;
  /** Takes the rule's block from a file of the user. Gives what is wrong with it, as `set` does. */
  take(path: string): Promise<string>;
  /** The draft by now, as lines of TOML. */
  lines(): Promise<readonly string[]>;
}

/** Writes into files of the user, each time after it was shown what would change. Never writes a value. */
export interface Writer {
  /** Lays out the rule of a finding to be edited, or what was made of it before; gives the user's editor for it, or a sentence. */
  draft(finding: Finding, place: number): Promise<ProgramStart | string>;
  /** Lays out the rule of a finding as `draft` does, to be changed without an editor; or says in a sentence why it cannot be. */
  form(finding: Finding): Promise<RuleForm | string>;
  /** Works out what would change, or says in a sentence why it cannot be written. `told` hears how far it is. */
  propose(
    wish: WriteWish,
    context: {
      readonly findings: ReadonlyMap<string, Finding>;
      readonly signal: AbortSignal;
      readonly told: (rows: readonly LookRow[]) => void;
    },
  ): Promise<Proposal | string>;
}
