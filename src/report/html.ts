import type { FindingSighting, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { endText, isEventful, lifetimes, stepText } from "../findings/index.ts";
import { countText } from "./amounts.ts";
import type { ReportOptions } from "./options.ts";
import { moreText, overviewRows, rangesText, remedies, type OverviewRow } from "./overview.ts";
import { placeLines } from "./places.ts";
import { shownSecret, withoutValue } from "./shown.ts";
import { problemText, totals } from "./summary.ts";

/** Places listed for one secret; more are counted. */
const maxPlaces = 50;
/** Problems named. */
const maxProblems = 1000;

const style = `
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #d8dee4}
th{position:sticky;top:0;background:#f6f8fa}td.n{text-align:right}code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.critical{color:#a40e26;font-weight:700}.high{color:#cf222e}.medium{color:#9a6700}.low{color:#0969da}.info{color:#57606a}
details{margin:.3rem 0;padding:.3rem .6rem;border:1px solid #d8dee4;border-radius:6px}summary{cursor:pointer}pre{white-space:pre-wrap;overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th{background:#161b22}th,td,details{border-color:#30363d}
.critical,.high{color:#ff7b72}.medium{color:#d29922}.low{color:#58a6ff}.info{color:#8b949e}a{color:#58a6ff}}
@media print{details{break-inside:avoid}th{position:static}}`;

/**
 * The report as one page for people who have no terminal: one table of all secrets, the worst first, what to do about each kind, the story of each, and
 * what was not scanned. It loads nothing and runs nothing; everything from the scanned side is escaped.
 */
export function* html(report: Report, options: ReportOptions): Iterable<string> {
  const rows = overviewRows(report);
  const [verdict, ...facts] = totals(report);
  yield "<!doctype html>";
  yield '<html lang="en"><head><meta charset="utf-8">';
  yield `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`;
  yield '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">';
  yield `<title>leaktrace: ${escaped(verdict)}</title><style>${style}</style></head><body>`;
  yield `<h1>${escaped(verdict)}</h1>`;
  for (const fact of facts) yield `<p>${escaped(fact)}</p>`;
  if (rows.length > 0) {
    yield* table(rows, options);
    yield* todo(rows);
    yield* stories(report, rows, options);
  }
  yield* targets(report);
  yield* problems(report);
  yield "</body></html>";
}

function* table(rows: readonly OverviewRow[], options: ReportOptions): Iterable<string> {
  yield "<table><thead><tr><th>#<th>severity<th>kind<th>value<th>where<th>state<th>by</thead><tbody>";
  for (const [i, { finding, kind, place, morePlaces, fate, by }] of rows.entries()) {
    const { severity, confidence, masked } = finding;
    const value =
      masked === "" ? withoutValue(finding) : `<code>${escaped(shownSecret(finding, options.secrecy))}</code>`;
    yield (
      `<tr><td class="n"><a href="#f${i + 1}">${i + 1}</a><td><span class="${severity}">${severity}</span> (${confidence})` +
      `<td>${escaped(kind)}<td>${value}<td><code>${escaped(place)}</code>${moreText(morePlaces)}<td>${fate}<td>${escaped(by)}`
    );
  }
  yield "</tbody></table>";
}

function* todo(rows: readonly OverviewRow[]): Iterable<string> {
  yield "<h2>What to do</h2><p>In this order; what is in a history stays leaked when it is deleted from it.</p><ol>";
  for (const { rule, kind, rows: numbers } of remedies(rows)) {
    const how = rule.revoke === "" ? "Find out what it opens, and change it there." : rule.revoke;
    const links = rule.references
      .filter(isWebAddress)
      .map((address) => ` <a rel="noopener noreferrer" href="${escaped(address)}">${escaped(address)}</a>`);
    yield `<li><b>${escaped(kind)}</b> (row ${rangesText(numbers)}): ${escaped(how)}${links.join("")}</li>`;
  }
  yield "</ol>";
}

function* stories(report: Report, rows: readonly OverviewRow[], options: ReportOptions): Iterable<string> {
  const known = report.targets.length === 1 ? report.targets[0]!.target : "";
  yield "<h2>Places</h2>";
  for (const [i, { finding, kind }] of rows.entries()) {
    const { rule, fingerprint, facts, sightings, severity } = finding;
    yield `<details id="f${i + 1}"${rows.length <= maxPlaces ? " open" : ""}><summary><span class="${severity}">${i + 1}.</span> ${escaped(kind)}</summary>`;
    yield `<p>${escaped(rule.description)}<br>rule <code>${escaped(rule.id)}</code>, id <code>${escaped(fingerprint)}</code></p>`;
    if (facts.length > 0) yield `<p>facts: ${facts.map(escaped).join("; ")}</p>`;
    yield "<ul>";
    for (const sighting of sightings.slice(0, maxPlaces)) yield placeItem(sighting, known, options);
    const more = sightings.length - maxPlaces;
    if (more > 0) yield `<li>and ${countText(more)} more</li>`;
    yield "</ul>";
    for (const lifetime of lifetimes(finding).filter(isEventful).slice(0, maxPlaces)) {
      const steps = lifetime.steps.slice(0, maxPlaces).map((step) => stepText(step));
      yield `<p>${escaped([lifetime.image, ...steps, endText(lifetime)].join(" · "))}</p>`;
      if (lifetime.proof !== undefined)
        yield `<pre><code>${escaped(lifetime.proof)}</code></pre><p>prints <code>${escaped(lifetime.proves ?? "")}</code></p>`;
    }
    yield "</details>";
  }
}

function placeItem(sighting: FindingSighting, known: string, { linkOf }: ReportOptions): string {
  const link = linkOf?.(sighting);
  const [head, ...details] = placeLines(sighting, known);
  const place = `<code>${escaped(head)}</code>`;
  const shown =
    link === undefined || !isWebAddress(link)
      ? place
      : `<a rel="noopener noreferrer" href="${escaped(link)}">${place}</a>`;
  return `<li>${shown}${details.map((detail) => `<br>${escaped(detail)}`).join("")}</li>`;
}

function* targets(report: Report): Iterable<string> {
  if (report.targets.length < 2) return;
  yield "<h2>Targets</h2><table><thead><tr><th>target<th>status<th>secrets<th>left out</thead><tbody>";
  for (const { target, status, findings, ledger } of report.targets)
    yield `<tr><td><code>${escaped(target)}</code><td>${status}<td class="n">${countText(findings)}<td class="n">${countText(ledger.planned - ledger.scanned)}`;
  yield "</tbody></table>";
}

function* problems(report: Report): Iterable<string> {
  if (report.problems.length === 0) return;
  yield "<h2>What was not scanned, and notes</h2><ul>";
  for (const problem of report.problems.slice(0, maxProblems)) yield `<li>${escaped(problemText(problem))}</li>`;
  const more = report.problems.length - maxProblems;
  if (more > 0) yield `<li>and ${countText(more)} more</li>`;
  yield "</ul>";
}

function isWebAddress(address: string): boolean {
  return /^https?:\/\//.test(address) && URL.canParse(address);
}

/** Text in HTML, between tags and in quoted attributes. */
function escaped(text: string): string {
  return sanitize(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
