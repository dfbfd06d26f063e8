import type { Finding, Report } from "../../model/finding.ts";
import { sanitize } from "../../model/sanitize.ts";
import { isIncomplete } from "../../findings/index.ts";
import { counted, placeLines, writeLines } from "../../report/index.ts";
import { exitCodes } from "../exit.ts";
import type { ScanOptions } from "../options.ts";
import { showProgress } from "../progress.ts";
import { targetOf } from "../targets.ts";

/** Findings named one by one on each side. */
const maxNamed = 200;

/**
 * `rules diff <before> <after> [target]`: what another set of rules would gain and lose on a target. Both are configurations, or `built-in`. Exit code 1
 * where findings differ, 3 where they do not and the scans are incomplete.
 */
export async function run(
  [before = "", after = "", target = "."]: readonly string[],
  options: ScanOptions,
): Promise<number> {
  const { runScan } = await import("./scan.ts");
  const scan = async (config: string): Promise<Report> => {
    using progress = showProgress({ stream: process.stderr, env: process.env });
    // Decisions of people stand for neither: the question is what the rules say.
    return runScan({ targets: [targetOf(target, "any")], options: { ...options, config } }, progress);
  };
  const first = await scan(before);
  if (options.signal.aborted) return exitCodes.interrupted;
  const second = await scan(after);
  const lost = without(first.findings, second.findings);
  const gained = without(second.findings, first.findings);
  const renamed = second.findings.flatMap((finding) => {
    const old = first.findings.find((one) => one.fingerprint === finding.fingerprint);
    return old === undefined || old.rule.id === finding.rule.id ? [] : [{ old, finding }];
  });
  const lines = [
    ...section("lost", "-", lost),
    ...section("gained", "+", gained),
    ...renamed.map(
      ({ old, finding }) => `~ ${finding.masked}  ${sanitize(old.rule.id)} is now ${sanitize(finding.rule.id)}`,
    ),
    `${counted(first.findings.length, "secret")} before, ${counted(second.findings.length, "secret")} after: ${lost.length} lost, ${gained.length} gained, ${renamed.length} by another rule.`,
  ];
  await writeLines(lines, process.stdout);
  if (lost.length + gained.length + renamed.length > 0) return exitCodes.found;
  return isIncomplete(first) || isIncomplete(second) ? exitCodes.incomplete : exitCodes.clean;
}

function without(findings: readonly Finding[], others: readonly Finding[]): Finding[] {
  const known = new Set(others.map(({ fingerprint }) => fingerprint));
  return findings.filter(({ fingerprint }) => !known.has(fingerprint));
}

function section(name: string, sign: string, findings: readonly Finding[]): string[] {
  const lines = findings.slice(0, maxNamed).map((finding) => {
    const { rule, masked, severity, sightings } = finding;
    const [first] = sightings;
    const place = first === undefined ? "" : placeLines(first)[0];
    return `${sign} ${masked}  ${sanitize(rule.id)} (${severity})  ${place}`;
  });
  const more = findings.length - lines.length;
  return more > 0 ? [...lines, `${sign} and ${more} more ${name}`] : lines;
}
