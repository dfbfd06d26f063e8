import type { Report, TargetSummary } from "../model/finding.ts";
import type { Problem } from "../model/problem.ts";
import { severities } from "../model/rule.ts";
import { sanitize } from "../model/sanitize.ts";
import { isIncomplete } from "../findings/index.ts";
import { bytesText, counted, countText } from "./amounts.ts";
import type { ReportOptions } from "./options.ts";
import { nounOf, open } from "./shown.ts";
import { wrap } from "./wrap.ts";

/** Problems named one by one; a broken disk can make one for every file. The machine formats hold all. */
const maxProblems = 20;

/** What a scan comes to, for people: the verdict, what was scanned and left out, targets where there are several, problems. */
export function* summary(report: Report, options: Pick<ReportOptions, "width">): Iterable<string> {
  const lines = [
    ...totals(report),
    ...(report.targets.length > 1 ? ["", ...targetLines(report.targets)] : []),
    ...problemLines(report.problems),
  ];
  for (const line of lines) {
    const [head = "", ...rest] = wrap(line, options.width);
    yield head;
    for (const more of rest) yield more;
  }
}

/** The verdict, then what was scanned, left out and judged away; a line each. */
export function totals(report: Report): readonly [string, ...string[]] {
  return [verdict(report), scannedText(report), ...partLines(report.targets), ...judgedText(report)];
}

/** One line: how many secrets, how much was scanned. For the end of a run on stderr. */
export function summaryLine(report: Report): string {
  const { ledger } = report;
  const bytes = knowsBytes(report) ? ` (${bytesText(ledger.bytes)})` : "";
  const scanned = `in ${counted(ledger.scanned, "content")}${bytes}`;
  const found = open(report);
  const gaps = report.interrupted ? "; interrupted" : isIncomplete(report) ? "; the scan is incomplete" : "";
  return `${found.length === 0 ? "no secrets" : counted(found.length, nounOf(found))} ${scanned}${partText(report.targets)}${gaps}`;
}

/** Where only a part of a target was scanned, which. */
function partText(targets: readonly TargetSummary[]): string {
  const parts = targets.flatMap(({ selection }) => selection ?? []);
  if (parts.length === 0) return "";
  return parts.length === 1 ? ` of ${sanitize(parts[0]!)}` : ` of parts of ${parts.length} targets`;
}

function partLines(targets: readonly TargetSummary[]): readonly string[] {
  return targets.flatMap(({ target, selection }) =>
    selection === undefined ? [] : [`Only a part of ${sanitize(target)} was scanned: ${sanitize(selection)}.`],
  );
}

function verdict(report: Report): string {
  const findings = open(report);
  const incomplete = report.interrupted
    ? " The scan was interrupted."
    : isIncomplete(report)
      ? " The scan is incomplete: what was not read can hold more."
      : "";
  if (findings.length === 0) return `No secrets found.${incomplete}`;
  const bySeverity = severities
    .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${countText(count)} ${severity}`);
  return `${counted(findings.length, nounOf(findings))}: ${bySeverity.join(", ")}.${incomplete}`;
}

/** Over many targets with a journal bytes are not counted: who is scanned first would decide whose they are. */
function knowsBytes({ ledger }: Report): boolean {
  return ledger.bytes > 0 || ledger.scanned < 2;
}

function scannedText(report: Report): string {
  const { ledger, rules } = report;
  const bytes = knowsBytes(report) ? `, ${bytesText(ledger.bytes)}` : "";
  const skipped = ledger.planned - ledger.scanned;
  // Of what could not even be asked for nobody knows how much it is: the problems below say what it was.
  const nothing = isIncomplete(report) ? "" : "; nothing left out";
  const left = skipped === 0 ? nothing : `; ${countText(skipped)} left out (${countsText(ledger.skipped)})`;
  return `Scanned ${counted(ledger.scanned, "content")}${bytes}, with ${counted(rules.count, "rule")}${left}.`;
}

function judgedText(report: Report): readonly string[] {
  const total = Object.values(report.ledger.suppressed).reduce((sum, count) => sum + count, 0);
  const hidden = report.findings.length - open(report).length;
  const parts: string[] = [];
  if (total > 0) parts.push(`Judged not to be secrets: ${countText(total)} (${countsText(report.ledger.suppressed)}).`);
  if (hidden > 0) parts.push(`Hidden by decisions: ${countText(hidden)}.`);
  return parts;
}

function targetLines(targets: readonly TargetSummary[]): readonly string[] {
  const statusWidth = Math.max(...targets.map(({ status }) => status.length));
  return targets.map(({ target, status, findings }) => {
    const found = findings === 0 ? "" : `  ${counted(findings, "secret")}`;
    return `${status.padEnd(statusWidth)}  ${sanitize(target)}${found}`;
  });
}

function problemLines(problems: readonly Problem[]): readonly string[] {
  if (problems.length === 0) return [];
  // What makes the scan incomplete comes first, so that notes cannot push it out of the list.
  const ordered = [
    ...problems.filter(({ effect }) => effect === "incomplete"),
    ...problems.filter(({ effect }) => effect === "note"),
  ];
  const more = ordered.length - maxProblems;
  return [
    "",
    ...ordered.slice(0, maxProblems).map(problemText),
    ...(more > 0 ? [`… and ${countText(more)} more problems (-f jsonl lists all)`] : []),
  ];
}

/** A problem on one line, escaped. */
export function problemText({ code, effect, target, subject, message }: Problem): string {
  const place = placesOf(target, subject, message).map(sanitize);
  const word = effect === "incomplete" ? "not scanned" : "note";
  return `${word}: ${[...place, `${sanitize(message)} [${code}]`].join(": ")}`;
}

/** Of target and subject what is not said again by what follows: a subject that begins with its target, a message that begins with either. */
function placesOf(target: string, subject: string, message: string): readonly string[] {
  const isSaidBy = (part: string, text: string): boolean =>
    text === part || (text.startsWith(part) && /^[/!: ]/.test(text.slice(part.length)));
  const parts = [target, subject].filter((part) => part !== "");
  return parts.filter((part, i) => ![...parts.slice(i + 1), message].some((text) => isSaidBy(part, text)));
}

function countsText(counts: Readonly<Partial<Record<string, number>>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count !== undefined && count > 0)
    .map(([reason, count]) => `${countText(count ?? 0)} ${reason}`)
    .join(", ");
}
