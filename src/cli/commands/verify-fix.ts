import { countsFor, isIncomplete } from "../../findings/index.ts";
import type { Finding, Report } from "../../model/finding.ts";
import { sanitize } from "../../model/sanitize.ts";
import { counted, placeLines, writeLines } from "../../report/index.ts";
import { checkFix, type CheckedFinding, type Fate } from "../../response/index.ts";
import { exitCodes } from "../exit.ts";
import { hangingLines } from "../hanging-lines.ts";
import type { ScanOptions } from "../options.ts";
import { showProgress } from "../progress.ts";
import { isReportFile, readReportFile } from "../report-file.ts";
import { targetOf } from "../targets.ts";

/** New secrets named one by one. */
const maxNamed = 200;

/** Images named in an advice. */
const maxAdvised = 5;

const fates: Readonly<Record<Fate, string>> = {
  gone: "gone",
  "without a tag": "still without a tag",
  "lower layer": "still in a lower layer",
  configuration: "still in the configuration",
  moved: "moved",
  "still there": "still there",
};

/**
 * `leaktrace verify-fix <old> <new>`: whether an image that was built anew still holds what was found in the old one. `old` may be a report in JSON lines.
 * Exit code 0: all of it is gone, and nothing new came; 1: not so; 3: so it seems, but not everything could be read.
 */
export async function run([old = "", fresh = ""]: readonly string[], options: ScanOptions): Promise<number> {
  const before = (await isReportFile(old)) ? await readReportFile(old) : await scan(old, options);
  if (options.signal.aborted) return exitCodes.interrupted;
  const after = await scan(fresh, options);
  if (options.signal.aborted) return exitCodes.interrupted;
  const counting = (report: Report): readonly Finding[] =>
    report.findings.filter((finding) => countsFor(finding, options.minSeverity));
  const { checked, added } = checkFix(counting(before), counting(after), fresh);
  const left = checked.filter(({ fate }) => fate !== "gone");
  const gaps = [
    ...(isIncomplete(before) ? [`not all of ${sanitize(old)} could be read`] : []),
    ...(isIncomplete(after) ? [`not all of ${sanitize(fresh)} could be read`] : []),
  ];
  const told = await hangingLines(
    [
      ...checked.map(checkedLine),
      ...added.slice(0, maxNamed).map((finding) => line("new", finding, finding.sightings[0])),
      ...(added.length > maxNamed ? [`and ${added.length - maxNamed} more new ones`] : []),
      `${checked.length - left.length} of ${counted(checked.length, "secret")} gone, ${left.length} left, ${added.length} new.`,
      ...advice(checked, fresh),
      ...gaps.map((gap) => `Incomplete: ${gap}.`),
    ],
    process.stdout,
  );
  await writeLines(told, process.stdout);
  if (left.length + added.length > 0) return options.exitCode;
  return gaps.length > 0 ? exitCodes.incomplete : exitCodes.clean;
}

async function scan(name: string, options: ScanOptions): Promise<Report> {
  const { runScan } = await import("./scan.ts");
  using progress = showProgress({ stream: process.stderr, env: process.env });
  return runScan({ targets: [targetOf(name, "image")], options }, progress);
}

/** What to do about images that tools leave behind where a tag is moved: umoci and skopeo keep the old ones in a layout, registries in their storage. */
function advice(checked: readonly CheckedFinding[], target: string): readonly string[] {
  const digests = new Set(
    checked.flatMap(({ fate, at }) =>
      fate === "without a tag" && at?.origin.kind === "image" ? [at.origin.digest] : [],
    ),
  );
  if (digests.size === 0) return [];
  const place = sanitize(target.replace(/^oci:/, ""));
  return [
    `No tag leads to ${[...digests].sort().slice(0, maxAdvised).join(", ")}, but ${place} still holds it. \`umoci gc --layout ${place}\` takes that out of a layout, \`registry garbage-collect`,
    `--delete-untagged\` out of a registry's storage. To ask about one tag alone, name it (oci:${place}:TAG).`,
  ];
}

function checkedLine({ finding, fate, at }: CheckedFinding): string {
  return line(fates[fate], finding, at);
}

function line(word: string, { masked, rule }: Finding, at: Finding["sightings"][number] | undefined): string {
  const place = at === undefined ? [] : placeLines(at).slice(0, 3);
  return [word.padEnd(26), masked, sanitize(rule.id), ...(place.length === 0 ? [] : [place.join(" · ")])]
    .join("  ")
    .trimEnd();
}
