import type { LiveCheck, NoLiveReason } from "./live-check.ts";
import type { Near } from "./near.ts";
import type { ToldBy } from "./told-by.ts";

export type Severity = "critical" | "high" | "medium" | "low" | "info";

/** From most to least severe. */
export const severities: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

/** How sure a detection is: `certain` has an offline proof (checksum, parsed key), `possible` rests on context alone. */
export type Confidence = "certain" | "likely" | "possible";

/** From most to least sure. */
export const confidences: readonly Confidence[] = ["certain", "likely", "possible"];

/**
 * A rule as written in `patterns/*.toml` or in a gitleaks configuration, checked and made ready for threads: plain data.
 * Field semantics follow gitleaks' rule table; everything after `tags` is ours.
 */
export interface Rule {
  readonly id: string;
  readonly description: string;
  /** RE2 syntax. Absent in a rule on paths alone. */
  readonly regex?: string;
  /** RE2 syntax, matched against the path of a sighting. With no regex beside it, the file itself is what is found. */
  readonly path?: string;
  /** Of a rule on paths alone: a regex that the name of every file matches whose path matches; absent where `path` says nothing of names. */
  readonly name?: string;
  /** Of a rule on paths alone: what the file has to begin with. */
  readonly file?: FileTest;
  /** What tells it, where no bytes do: it has no regex and no path. */
  readonly toldBy?: ToldBy;
  /** The capture group that is the secret; 0: the first non-empty group, else the whole match. */
  readonly secretGroup: number;
  /** Bits per character (Shannon); a secret at or below it is dropped. 0: not asked. */
  readonly entropy: number;
  /** Lower case; one of them must occur (in any case) for the regex to be tried. Empty: tried on every content. */
  readonly keywords: readonly string[];
  readonly allowlists: readonly Allowlist[];
  readonly required: readonly RequiredPart[];
  /** Only usable as a part of another rule. */
  readonly skipReport: boolean;
  readonly tags: readonly string[];

  readonly severity: Severity;
  readonly confidence: Confidence;
  /**
   * `token`: a format of its own. `context`: a common shape told by words near it. `generic`: any believable value assigned to a telling name.
   * `custom`: a user's own rule, taken at its word: only its own entropy and allowlists judge its matches.
   */
  readonly kind: "token" | "context" | "generic" | "custom";
  readonly references: readonly string[];
  /** One line: where and how to revoke. */
  readonly revoke: string;
  /** Name of an offline proof in detect/checks. A failing one drops the detection unless the check says `lower`. */
  readonly check?: string;
  /** How the issuer can be asked whether a value works. Data for whoever asks: leaktrace does not. Those of built-in rules lie apart (`RuleNotes`). */
  readonly live?: LiveCheck;
  /** Why nobody can be asked. */
  readonly liveNone?: NoLiveReason;
  /** What the regex was made of. */
  readonly near?: Near;
  /** Overlapping detections: the higher wins. token 100, context 50, generic 0 unless the file says otherwise. */
  readonly specificity: number;
  /**
   * `window`: the regex is tried only on bytes around each keyword hit, because every match is known to hold a keyword.
   * `whole`: the regex is tried on the whole content when a keyword occurs anywhere (what gitleaks does).
   */
  readonly reach: "window" | "whole";
  /** For `window`: how many bytes before the end of the keyword, and after it, the regex may look at. */
  readonly before: number;
  readonly after: number;
  /**
   * The regex tells where a block begins, and the values in it are the matches: those of these keys (lower case), or with `*` all of them, and
   * of lists and blocks in it.
   */
  readonly inside?: readonly string[];
  /** Every match holds a run of at least `least` bytes of a class; `members` is its bitmap, 64 hex digits, byte 0 first. */
  readonly run?: { readonly members: string; readonly least: number };
  /** How its tokens are found where they are written backwards; absent where the format is not exact enough for that. */
  readonly mirror?: Mirror;
}

/** The search for a rule's tokens written backwards: in place of the rule's own. */
export type Mirror = Required<Pick<Rule, "regex" | "keywords" | "before" | "after">>;

/** What people read of a rule and no scan needs: kept apart, for it would have to be read before each scan. */
export type RuleNotes = Pick<Rule, "live" | "liveNone" | "near">;

/** What tells a file that is a secret from one that is called like it. All that is given has to hold. */
export interface FileTest {
  /** First bytes, in hex: one of these, at offset `at`. Empty: not asked. */
  readonly heads: readonly string[];
  readonly at: number;
  /** RE2 syntax; matches the first 256 KiB, read as UTF-8. Its first group is the secret. */
  readonly text?: string;
  /** Name of a recogniser in detect/files. */
  readonly check?: string;
  /** The most bytes that such a file has; 0: any number. */
  readonly most: number;
  /** Whether the bytes alone tell it: then it is one under any other name as well. */
  readonly anywhere: boolean;
}

/**
 * What must stand behind a keyword for a match to be possible, as an automaton over bytes: `state = table[state * width + classes[byte]]`, from
 * state 2 on. State 0: no match is possible. State 1: one may be.
 */
export interface FollowProgram {
  /** Class of each byte. */
  readonly classes: Uint8Array;
  readonly width: number;
  readonly table: Uint8Array;
}

export interface Allowlist {
  readonly description: string;
  readonly condition: "OR" | "AND";
  readonly commits: readonly string[];
  readonly paths: readonly string[];
  readonly regexTarget: "secret" | "match" | "line";
  readonly regexes: readonly string[];
  readonly stopwords: readonly string[];
}

export interface RequiredPart {
  readonly id: string;
  readonly withinLines?: number;
  readonly withinColumns?: number;
}

/** Everything detection needs, structured-cloneable. Rules are sorted by id. */
export interface Ruleset {
  readonly rules: readonly Rule[];
  /** Global allowlists, with the ids they are limited to (empty: all rules). */
  readonly allowlists: readonly (Allowlist & { readonly targetRules: readonly string[] })[];
  /** SHA-256 (hex) over the canonical JSON of the rules and allowlists. */
  readonly digest: string;
  /** Where the rules came from, for people: `built-in`, a path, or both. */
  readonly origin: string;
}
