import { sanitizeJson } from "../model/sanitize.ts";
import { originPath } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { gitleaksFingerprint } from "../findings/index.ts";
import { entropyText } from "./entropy-text.ts";
import type { ReportOptions } from "./options.ts";
import { shownMatch, shownSecret } from "./shown.ts";

/** A value of gitleaks' report, in the form that is written: numbers already as text, because entropies have a form of their own. */
export type EntryValue =
  | { readonly text: string }
  | { readonly literal: string }
  | { readonly list: readonly string[] }
  | { readonly object: readonly (readonly [string, EntryValue])[] };

/**
 * One sighting as gitleaks reports it, keys in gitleaks' order; at the end sightings in repositories add
 * `ReachedBy` (and `Repository`, where one is given), those in images `Image`, `Layer` and `Deleted`.
 * `RuleID` is the rule that matched at this place, `Description` that of the finding's first rule.
 */
export function gitleaksEntry(
  finding: Finding,
  sighting: FindingSighting,
  { secrecy, linkOf }: Pick<ReportOptions, "secrecy" | "linkOf">,
  repository?: string,
): readonly (readonly [string, EntryValue])[] {
  const { origin } = sighting;
  const commit = origin.kind === "git" ? origin.commit : undefined;
  const entry: [string, EntryValue][] = [
    ["RuleID", { text: sighting.ruleId }],
    ["Description", { text: finding.rule.description }],
    ["StartLine", { literal: String(sighting.startLine) }],
    ["EndLine", { literal: String(sighting.endLine) }],
    ["StartColumn", { literal: String(sighting.startColumn) }],
    ["EndColumn", { literal: String(sighting.endColumn) }],
    ["Match", { text: shownMatch(finding, sighting, secrecy) }],
    ["Secret", { text: shownSecret(finding, secrecy) }],
    ["File", { text: originPath(origin) }],
    ["SymlinkFile", { text: "" }],
    ["Commit", { text: commit?.id ?? "" }],
    ...linkField(linkOf?.(sighting)),
    ["Entropy", { literal: entropyText(sighting.entropy) }],
    ["Author", { text: commit?.author ?? "" }],
    ["Email", { text: commit?.email ?? "" }],
    ["Date", { text: commit?.date ?? "" }],
    ["Message", { text: commit?.message ?? "" }],
    ["Tags", { list: sighting.tags }],
    ["Fingerprint", { text: gitleaksFingerprint(sighting) }],
  ];
  if (finding.facts.length > 0) entry.push(["Facts", { list: finding.facts }]);
  if (repository !== undefined) entry.push(["Repository", { text: repository }]);
  if (origin.kind === "git" && origin.reachedBy !== undefined) entry.push(["ReachedBy", { list: origin.reachedBy }]);
  if (origin.kind === "image") {
    entry.push(["Image", { text: origin.image }]);
    if (origin.layer !== undefined) {
      const { digest, diffId, index, createdBy } = origin.layer;
      const layer: [string, EntryValue][] = [
        ["Digest", { text: digest }],
        ["DiffID", { text: diffId }],
        ["Index", { literal: String(index) }],
        ["CreatedBy", { text: createdBy }],
      ];
      entry.push(["Layer", { object: layer }]);
    }
    entry.push(["Deleted", { literal: String(origin.deleted) }]);
  }
  return entry;
}

/** gitleaks leaves it out where it is empty. */
function linkField(link: string | undefined): [string, EntryValue][] {
  return link === undefined ? [] : [["Link", { text: link }]];
}

/** Writes an entry as Go's encoder does with an indent of one space; `depth` is that of the braces. Gives lines. */
export function* entryLines(
  entry: readonly (readonly [string, EntryValue])[],
  depth: number,
  last: string,
): Iterable<string> {
  const indent = " ".repeat(depth);
  yield `${indent}{`;
  yield* fieldLines(entry, depth + 1);
  yield `${indent}}${last}`;
}

function* fieldLines(fields: readonly (readonly [string, EntryValue])[], depth: number): Iterable<string> {
  const indent = " ".repeat(depth);
  for (const [i, [key, value]] of fields.entries()) {
    const comma = i + 1 < fields.length ? "," : "";
    const head = `${indent}${goString(key)}: `;
    if ("text" in value) yield `${head}${goString(value.text)}${comma}`;
    else if ("literal" in value) yield `${head}${value.literal}${comma}`;
    else if ("list" in value) {
      if (value.list.length === 0) yield `${head}[]${comma}`;
      else {
        yield `${head}[`;
        yield value.list.map((item) => `${indent} ${goString(item)}`).join(",\n");
        yield `${indent}]${comma}`;
      }
    } else {
      yield `${head}{`;
      yield* fieldLines(value.object, depth + 1);
      yield `${indent}}${comma}`;
    }
  }
}

/** A JSON string with the escapes that Go adds for HTML, and ours for terminals. */
function goString(text: string): string {
  const json = JSON.stringify(text.replace(/\p{Surrogate}/gu, "\ufffd"));
  return sanitizeJson(json).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}
