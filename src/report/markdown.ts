import type { FindingSighting, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { countText } from "./amounts.ts";
import type { ReportOptions } from "./options.ts";
import { moreText, overviewRows, rangesText, remedies, type OverviewRow } from "./overview.ts";
import { placeLines } from "./places.ts";
import { shownSecret, withoutValue } from "./shown.ts";
import { problemText, totals } from "./summary.ts";

/** Places listed for one secret; more are counted. */
const maxPlaces = 8;
/** Problems named; a broken disk can make one for every file. */
const maxProblems = 100;
/** Of an instruction or an author this much stands in the table. In UTF-16 units. */
const maxCell = 80;

/**
 * The report for tickets, wikis and comments on merge requests (GitHub's Markdown): one table of all secrets, the worst first, what to do about each kind, every
 * place, and what was not scanned. All that comes from the scanned side stands in code spans, where it is no link, no mention and no markup.
 */
export function* markdown(report: Report, options: ReportOptions): Iterable<string> {
  const rows = overviewRows(report);
  const [verdict, ...facts] = totals(report);
  yield `# ${words(verdict)}`;
  yield "";
  for (const fact of facts) yield `${words(fact)}  `;
  if (rows.length > 0) {
    yield* table(rows, options);
    yield* todo(rows);
    yield* places(report, rows, options);
  }
  yield* targets(report);
  yield* problems(report);
}

function* table(rows: readonly OverviewRow[], options: ReportOptions): Iterable<string> {
  yield "";
  yield "| # | severity | kind | value | where | state | by |";
  yield "| --: | --- | --- | --- | --- | --- | --- |";
  for (const [i, { finding, kind, place, morePlaces, fate, by }] of rows.entries()) {
    const value = shownSecret(finding, options.secrecy);
    const cells = [
      String(i + 1),
      `${finding.severity} (${finding.confidence})`,
      words(kind),
      value === "" ? withoutValue(finding) : code(value),
      `${code(place)}${moreText(morePlaces)}`,
      fate,
      code(shortened(by)),
    ];
    yield `| ${cells.map(cell).join(" | ")} |`;
  }
}

function* todo(rows: readonly OverviewRow[]): Iterable<string> {
  yield "";
  yield "## What to do";
  yield "";
  yield "In this order; what is in a history stays leaked when it is deleted from it.";
  yield "";
  for (const { rule, kind, rows: numbers } of remedies(rows)) {
    const how = rule.revoke === "" ? "Find out what it opens, and change it there." : rule.revoke;
    const more = rule.references.filter(isWebAddress).map((address) => ` <${address}>`);
    yield `1. **${words(kind)}** (row ${rangesText(numbers)}): ${words(how)}${more.join("")}`;
  }
}

function* places(report: Report, rows: readonly OverviewRow[], options: ReportOptions): Iterable<string> {
  const known = report.targets.length === 1 ? report.targets[0]!.target : "";
  yield "";
  yield "## Places";
  for (const [i, { finding, kind }] of rows.entries()) {
    yield "";
    yield `### ${i + 1}. ${words(kind)}`;
    yield "";
    if (finding.facts.length > 0) yield `Facts: ${finding.facts.map((fact) => code(fact)).join("; ")}  `;
    yield `Rule ${code(finding.rule.id)}, id ${code(finding.fingerprint)}`;
    yield "";
    for (const sighting of finding.sightings.slice(0, maxPlaces)) yield placeItem(sighting, known, options);
    const more = finding.sightings.length - maxPlaces;
    if (more > 0) yield `- and ${countText(more)} more`;
  }
}

function placeItem(sighting: FindingSighting, known: string, { linkOf }: ReportOptions): string {
  const link = linkOf?.(sighting);
  const [head, ...details] = placeLines(sighting, known);
  const page = link !== undefined && isWebAddress(link) ? ` <${link}>` : "";
  return `- ${code(head)}${page}${details.map((detail) => `<br>${code(detail)}`).join("")}`;
}

function* targets(report: Report): Iterable<string> {
  if (report.targets.length < 2) return;
  yield "";
  yield "## Targets";
  yield "";
  yield "| target | status | secrets | left out |";
  yield "| --- | --- | --: | --: |";
  for (const { target, status, findings, ledger } of report.targets)
    yield `| ${cell(code(target))} | ${status} | ${countText(findings)} | ${countText(ledger.planned - ledger.scanned)} |`;
}

function* problems(report: Report): Iterable<string> {
  if (report.problems.length === 0) return;
  yield "";
  yield "## What was not scanned, and notes";
  yield "";
  for (const problem of report.problems.slice(0, maxProblems)) yield `- ${code(problemText(problem))}`;
  const more = report.problems.length - maxProblems;
  if (more > 0) yield `- and ${countText(more)} more (\`-f jsonl\` lists all)`;
}

/** A code span: nothing in it is markup, a link or a mention. Its fence is longer than any in the text. */
function code(text: string): string {
  const safe = sanitize(text);
  if (safe === "") return "";
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const room = /^`|`$|^ .* $/.test(safe) ? " " : "";
  return `${fence}${room}${safe}${room}${fence}`;
}

/** Words of rules and of the report itself: what would be markup is not. */
function words(text: string): string {
  return sanitize(text).replace(/[\\`*_<>[\]|#&~@]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** In a table a bar ends a cell, in code spans too. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function shortened(text: string): string {
  return text.length > maxCell ? `${text.slice(0, maxCell)}…` : text;
}

/** Written as an address in angle brackets; anything else would not be one. */
function isWebAddress(text: string): boolean {
  return /^https?:\/\/[\w.-]+(?::\d+)?(?:\/[\w./~%?=&#+:,;@!$'()*-]*)?$/.test(text);
}
