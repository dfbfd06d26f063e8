import { isUnder } from "../findings/index.ts";
import { originPath } from "../model/content.ts";
import type { Terms } from "./deciding.ts";
import { targetsOf } from "./selection.ts";
import type { ReviewState } from "./state.ts";

const dayMs = 86_400_000;
const daysOf: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30, y: 365 };
/** Nobody means more; and dates stay dates. */
const maxDays = 36_500;

/** Of a secret in very many places this many are looked at for a preview. */
const maxPlaces = 10_000;

/**
 * Reads the words for a decision: a reason, and in it `until:2027-01-31` or `for:90d` (days, weeks, months, years) for the first day on which it no longer
 * holds, `in:test/` for the paths where it does, as in ignore files. Gives a complaint where one of these cannot be read. `now`: ISO 8601 in UTC.
 */
export function readTerms(text: string, now: string): (Terms & { readonly reason: string }) | string {
  const words: string[] = [];
  let expires: string | undefined;
  let path: string | undefined;
  for (const word of text.trim().split(/\s+/)) {
    const [, field = "", value = ""] = /^(until|for|in):(.*)$/.exec(word) ?? [];
    if (field === "") words.push(word);
    else if (value === "") return `${field}: what?`;
    else if (field === "in") path = value;
    else {
      expires = field === "until" ? dayOf(value) : dayAfter(value, now);
      if (expires === undefined) return "until: takes a day (until:2027-01-31), for: a time (for:90d, 12w, 6m, 1y)";
      if (expires <= now.slice(0, 10)) return "that day is over";
    }
  }
  return {
    reason: words.join(" "),
    ...(expires === undefined ? {} : { expires }),
    ...(path === undefined ? {} : { path }),
  };
}

function dayOf(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Not the 31st of June, which would be taken for the day after the 30th.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? undefined : text;
}

function dayAfter(text: string, now: string): string | undefined {
  const [, count = "", unit = ""] = /^(\d{1,5})([dwmy])$/.exec(text) ?? [];
  const days = Number(count) * (daysOf[unit] ?? 0);
  if (days === 0 || days > maxDays) return undefined;
  return new Date(Date.parse(`${now.slice(0, 10)}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** What a decision with these words would hide from the next scan: all places of the values, or those of a pattern. */
export function previewText(state: ReviewState, text: string, now: string): string {
  const terms = readTerms(text, now);
  if (typeof terms === "string") return terms;
  let [all, hidden] = [0, 0];
  const targets = targetsOf(state);
  for (const fingerprint of targets) {
    const sightings = state.findings.get(fingerprint)?.sightings ?? [];
    all += sightings.length;
    if (all > maxPlaces) break;
    for (const { origin } of sightings)
      if (terms.path === undefined || isUnder(terms.path, originPath(origin))) hidden += 1;
  }
  const places = (count: number): string => (count === 1 ? "1 place" : `${count.toLocaleString("en")} places`);
  const what = terms.path === undefined ? places(all) : `${hidden.toLocaleString("en")} of ${places(all)}`;
  return `hides ${what}${all > maxPlaces ? " and more" : ""}${terms.expires === undefined ? "" : ` until ${terms.expires}`}`;
}
