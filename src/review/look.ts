import type { Finding } from "../model/finding.ts";
import type { Tone } from "./styled.ts";

/** What the detail shows: `facts` and `story` are made of the finding; for the others its place is read again. */
export type Tab = (typeof tabs)[number];

/** In the order of their keys, 1 to 6. */
export const tabs = ["facts", "text", "change", "story", "why", "blame"] as const;

export type ReadTab = Exclude<Tab, "facts" | "story">;

/** A row of what was read. Values are masked; it is sanitised when it is drawn. */
export interface LookRow {
  readonly text: string;
  readonly tone: Tone;
  /** The place itself: what is shown first where not all rows can be. */
  readonly isHere?: boolean;
}

/** Reads again what the review shows of places. It never throws: what cannot be read is said in rows. */
export interface Looker {
  /** `place`: index of a sighting. The rows of a tab, masked; bounded, whatever the content is. */
  look(tab: ReadTab, finding: Finding, place: number): Promise<readonly LookRow[]>;
  /** The value itself, which was asked for; undefined where it is not to be had any more. */
  value(finding: Finding): Promise<string | undefined>;
}

/** What is read is asked for by this. */
export interface LookKey {
  readonly tab: ReadTab;
  readonly fingerprint: string;
  readonly place: number;
}

export function lookId({ tab, fingerprint, place }: LookKey): string {
  return `${tab} ${place} ${fingerprint}`;
}

/** The fingerprint in a `lookId`. */
export function fingerprintIn(id: string): string {
  return id.slice(id.lastIndexOf(" ") + 1);
}

export function isReadTab(tab: Tab): tab is ReadTab {
  return tab !== "facts" && tab !== "story";
}
