import type { Report } from "../model/finding.ts";
import { entryLines, gitleaksEntry } from "./gitleaks-entry.ts";
import type { ReportOptions } from "./options.ts";
import { open, repositoryIn } from "./shown.ts";

/** gitleaks' report: a JSON array, one entry for each sighting of each finding that is not suppressed. */
export function* json(report: Report, options: ReportOptions): Iterable<string> {
  const entries = open(report).flatMap((finding) => finding.sightings.map((sighting) => ({ finding, sighting })));
  if (entries.length === 0) {
    yield "[]";
    return;
  }
  yield "[";
  for (const [i, { finding, sighting }] of entries.entries()) {
    yield* entryLines(
      gitleaksEntry(finding, sighting, options, repositoryIn(report, sighting)),
      1,
      i + 1 < entries.length ? "," : "",
    );
  }
  yield "]";
}
