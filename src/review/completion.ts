import { originPath } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { severities } from "../model/rule.ts";
import type { Line } from "./line-editor.ts";
import { sourceWords, stateWords } from "./query.ts";
import { isAtHand } from "./unread.ts";

/** Every field of the filter language, as it begins a term. */
export const queryFields = [
  ...["rule:", "sev:>=", "path:", "is:", "alive:", "kind:", "target:", "author:"],
  ...["commit:", "since:", "until:", "key:", "fact:", "places:>"],
] as const;

/** Findings that are looked at for words to offer, and words that are offered. */
const maxAsked = 2000;
const maxOffered = 8;

/** What may follow what was typed of the last term: whole terms, the likeliest first. Nothing where the caret is not at its end. */
export function completions(line: Line, findings: Iterable<Finding>): readonly string[] {
  const typed = /\S*$/.exec(line.before)?.[0] ?? "";
  if (/^\S/.test(line.after)) return [];
  const sign = /^[!-]?/.exec(typed)?.[0] ?? "";
  const body = typed.slice(sign.length).toLowerCase();
  const field = /^[a-z]+:/.exec(body)?.[0];
  const offered = field === undefined ? queryFields : valuesOf(field, findings).map((value) => field + value);
  return offered
    .filter((text) => text.startsWith(body) && text !== body)
    .slice(0, maxOffered)
    .map((text) => sign + text);
}

/** The line with the first completion in place of what was typed of it; the same line where there is none. */
export function completed(line: Line, findings: Iterable<Finding>): Line {
  const [first] = completions(line, findings);
  return first === undefined ? line : { before: line.before.replace(/\S*$/, first), after: line.after };
}

function valuesOf(field: string, findings: Iterable<Finding>): readonly string[] {
  switch (field) {
    case "sev:":
      return [...severities.map((severity) => `>=${severity}`), ...severities];
    case "is:":
      return stateWords;
    case "alive:":
      return ["yes", "no"];
    case "kind:":
      return sourceWords;
    case "rule:":
      return frequent(findings, ({ rule }) => [rule.id]);
    case "path:":
      return frequentPlaces(findings, (first) =>
        [/\.[A-Za-z0-9]{1,10}$/.exec(originPath(first.origin))?.[0] ?? ""].map((end) => `*${end}`),
      );
    case "target:":
      return frequentPlaces(findings, (first) => {
        if (first.origin.kind === "git") return [first.origin.repository];
        return first.origin.kind === "image" ? [first.origin.image] : [];
      });
    case "author:":
      return frequentPlaces(findings, (first) =>
        first.origin.kind === "git" && first.origin.commit !== undefined ? [first.origin.commit.email] : [],
      );
    default:
      return [];
  }
}

/** Words of the first place of findings, as far as it was read. */
function frequentPlaces(
  findings: Iterable<Finding>,
  wordsOf: (place: FindingSighting) => readonly string[],
): readonly string[] {
  return frequent(findings, (finding) => {
    const first = isAtHand(finding) ? finding.sightings[0] : undefined;
    return first === undefined ? [] : wordsOf(first);
  });
}

/** Words of the first findings, the most frequent first; only such as can be typed as one term. */
function frequent(findings: Iterable<Finding>, wordsOf: (finding: Finding) => readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  let asked = 0;
  for (const finding of findings) {
    if (++asked > maxAsked) break;
    for (const word of wordsOf(finding)) {
      const typed = word.toLowerCase();
      if (/^[^\s"]{1,60}$/.test(typed)) counts.set(typed, (counts.get(typed) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
}
