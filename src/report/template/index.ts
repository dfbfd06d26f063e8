import { originPath } from "../../model/content.ts";
import type { Finding, FindingSighting, Report } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { sanitize } from "../../model/sanitize.ts";
import { gitleaksFingerprint } from "../../findings/index.ts";
import { entropyText } from "../entropy-text.ts";
import type { ReportOptions } from "../options.ts";
import { open, repositoryIn, shownLine, shownMatch, shownSecret } from "../shown.ts";
import { functions } from "./functions.ts";
import { parseTemplate, type Parsed } from "./parse.ts";
import { runTemplate } from "./run.ts";
import { FindingValue, TemplateFault, type Value } from "./values.ts";

/** A template that was read, and the name of its file. */
export interface Template {
  readonly name: string;
  readonly parsed: Parsed;
}

/** Reads a template. Throws ToolError `template-invalid` for what is none. */
export function readTemplate(text: string, name: string): Template {
  try {
    return { name, parsed: parseTemplate(text, (word) => functions.has(word)) };
  } catch (error) {
    throw told(error, name);
  }
}

/**
 * gitleaks' `template`: a text of the user's own in the language of Go's text/template, over a list of findings (one for each sighting, as in JSON). Values of
 * fields are escaped as in every format.
 */
export function* template(report: Report, options: ReportOptions): Iterable<string> {
  if (options.template === undefined) return;
  const { name, parsed } = options.template;
  const data = open(report).flatMap((finding) =>
    finding.sightings.map((sighting) => valueOf(finding, sighting, report, options)),
  );
  // Lines are written with their ends, and a last one that has none gets one.
  let rest = "";
  try {
    for (const piece of runTemplate(parsed, data)) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    throw told(error, name);
  }
  if (rest !== "") yield rest;
}

function valueOf(finding: Finding, sighting: FindingSighting, report: Report, options: ReportOptions): FindingValue {
  const { origin } = sighting;
  const commit = origin.kind === "git" ? origin.commit : undefined;
  const { secrecy } = options;
  const fields: Readonly<Record<string, Value>> = {
    RuleID: sighting.ruleId,
    Description: finding.rule.description,
    StartLine: sighting.startLine,
    EndLine: sighting.endLine,
    StartColumn: sighting.startColumn,
    EndColumn: sighting.endColumn,
    Line: shownLine(finding, sighting, secrecy),
    Match: shownMatch(finding, sighting, secrecy),
    Secret: shownSecret(finding, secrecy),
    File: originPath(origin),
    SymlinkFile: "",
    Commit: commit?.id ?? "",
    Link: options.linkOf?.(sighting) ?? "",
    Entropy: Number(entropyText(sighting.entropy)),
    Author: commit?.author ?? "",
    Email: commit?.email ?? "",
    Date: commit?.date ?? "",
    Message: commit?.message ?? "",
    Tags: sighting.tags.map(sanitize),
    Fingerprint: gitleaksFingerprint(sighting),
    // Beyond gitleaks'.
    Severity: finding.severity,
    Confidence: finding.confidence,
    Finding: finding.fingerprint,
    Facts: finding.facts.map(sanitize),
    Revoke: finding.rule.revoke,
    Repository: repositoryIn(report, sighting) ?? "",
    Image: origin.kind === "image" ? origin.image : "",
  };
  return new FindingValue(
    new Map(Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? sanitize(value) : value])),
  );
}

function told(error: unknown, name: string): unknown {
  if (!(error instanceof TemplateFault)) return error;
  return new ToolError("template-invalid", `${name}:${error.line}: ${error.message}`, {
    hint: "It is a template of Go's text/template, with the text functions of sprig.",
  });
}
