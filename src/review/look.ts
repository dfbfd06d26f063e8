import type { Finding } from "../model/finding.ts";
import type { Tone } from "./styled.ts";

/** What the detail shows: `facts` and `story` are made of the finding; for the others its place is read again. */
export type Tab = (typeof tabs)[number];

/** In the order of their keys, 1 to 6. */
export const tabs = ["facts", "text", "change", "story", "why", "blame"] as const;

export type ReadTab = Exclude<Tab, "facts" | "story">;

/** How many lines before and after a place can be shown; around each change of a commit, of which there are many, a quarter of these. */
export const aroundSteps = [4, 8, 12, 24, 48, 96, 192] as const;

export const usualAround = 12;

/** Whether a tab shows lines of the content, of which there can be more and fewer. */
export function showsLines(tab: Tab): boolean {
  return tab === "text" || tab === "change" || tab === "blame";
}

/** A row of what was read. Values are masked; it is sanitised when it is drawn. */
export interface LookRow {
  readonly text: string;
  readonly tone: Tone;
  /** The place itself: what is shown first where not all rows can be. */
  readonly isHere?: boolean;
}

/** Reads again what the review shows of places. It never throws: what cannot be read is said in rows. */
export interface Looker {
  /** The rows of a tab, masked; bounded, whatever the content is. */
  look(asked: Pick<LookKey, "tab" | "place" | "around">, finding: Finding): Promise<readonly LookRow[]>;
  /** The value itself, which was asked for; undefined where it is not to be had any more. */
  value(finding: Finding): Promise<string | undefined>;
}

/** What is read is asked for by this. */
export interface LookKey {
  readonly tab: ReadTab;
  readonly fingerprint: string;
  /** Index of a sighting. */
  readonly place: number;
  /** Lines before and after it, where the tab shows lines. */
  readonly around: number;
}

export function lookId({ tab, fingerprint, place, around }: LookKey): string {
  return `${tab} ${place} ${showsLines(tab) ? around : 0} ${fingerprint}`;
}

/** The fingerprint in a `lookId`. */
export function fingerprintIn(id: string): string {
  return id.slice(id.lastIndexOf(" ") + 1);
}

export function isReadTab(tab: Tab): tab is ReadTab {
  return tab !== "facts" && tab !== "story";
}
