import { originPath } from "../model/content.ts";
import type { Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { entryLines, gitleaksEntry } from "./gitleaks-entry.ts";
import type { ReportOptions } from "./options.ts";
import { detectedText, open, repositoryIn } from "./shown.ts";

/** JUnit XML in the shape that gitleaks gives it: a failed test case for each sighting. */
export function* junit(report: Report, options: ReportOptions): Iterable<string> {
  const findings = open(report);
  const count = findings.reduce((sum, finding) => sum + finding.sightings.length, 0);
  yield '<?xml version="1.0" encoding="UTF-8"?>';
  yield "<testsuites>";
  yield `\t<testsuite failures="${count}" name="leaktrace" tests="${count}" time="">`;
  for (const finding of findings) {
    for (const sighting of finding.sightings) {
      const file = originPath(sighting.origin);
      const commit = sighting.origin.kind === "git" ? sighting.origin.commit?.id : undefined;
      const at = commit === undefined ? "" : `, at commit ${commit}`;
      const name = xml(`${sighting.ruleId} ${detectedText(finding)} in file ${file}, line ${sighting.startLine}${at}.`);
      const description = xml(finding.rule.description);
      yield `\t\t<testcase classname="${description}" file="${xml(file)}" name="${name}" time="">`;
      yield `\t\t\t<failure message="${name}" type="${description}">`;
      for (const line of entryLines(gitleaksEntry(finding, sighting, options, repositoryIn(report, sighting)), 0, ""))
        yield xmlLines(line);
      yield "\t\t\t</failure>";
      yield "\t\t</testcase>";
    }
  }
  yield "\t</testsuite>";
  yield "</testsuites>";
}

function xml(text: string): string {
  return marked(sanitize(text));
}

/** Lines of JSON, whose strings are safe already: only what XML itself reads has to be written differently. */
function xmlLines(text: string): string {
  return marked(text);
}

/** What XML 1.0 cannot hold besides controls (which are escaped before): U+FFFE and U+FFFF. */
function marked(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;")
    .replace(/[\ufffe\uffff]/g, "\ufffd");
}
