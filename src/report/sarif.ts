import { memberPath, originPath, type ImageOrigin } from "../model/content.ts";
import { carriersAt, carrierText, type Carrier } from "../model/carrier.ts";
import type { Finding, FindingRule, FindingSighting, Report } from "../model/finding.ts";
import type { Problem } from "../model/problem.ts";
import { severities, type Severity } from "../model/rule.ts";
import { sanitize, sanitizeJson } from "../model/sanitize.ts";
import { isIncomplete, lifetimes, stepText, type Lifetime } from "../findings/index.ts";
import type { ReportOptions } from "./options.ts";
import { detectedText, repositoryIn, shownMatch } from "./shown.ts";

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};

/** Scores by which code scanning sorts: above 9 critical, from 7 high, from 4 medium, below it low. */
const scores: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "3.0",
  info: "0.5",
};

/**
 * SARIF 2.1.0, one run: a rule for each kind found, a result for each sighting (suppressed findings are marked so), problems as
 * notifications. Written line by line; every result is one line.
 */
export function* sarif(report: Report, options: ReportOptions): Iterable<string> {
  const rules = rulesOf(report);
  const index = new Map(rules.map(({ rule }, i) => [rule.id, i]));
  yield "{";
  yield ' "$schema": "https://json.schemastore.org/sarif-2.1.0.json",';
  yield ' "version": "2.1.0",';
  yield ' "runs": [';
  yield "  {";
  yield '   "tool": {';
  yield '    "driver": {';
  yield '     "name": "leaktrace",';
  if (isSemanticVersion(report.tool.version)) yield `     "semanticVersion": ${JSON.stringify(report.tool.version)},`;
  yield* listLines("     ", "rules", rules.map(ruleObject));
  yield "    }";
  yield "   },";
  yield* listLines("   ", "invocations", [invocation(report)], ",");
  yield* listLines("   ", "results", results(report, options, index));
  yield "  }";
  yield " ]";
  yield "}";
}

interface RuleUse {
  readonly rule: FindingRule;
  readonly severity: Severity;
}

function rulesOf(report: Report): readonly RuleUse[] {
  const uses = new Map<string, RuleUse>();
  for (const { rule, severity } of report.findings) {
    const known = uses.get(rule.id);
    if (known === undefined || severities.indexOf(severity) < severities.indexOf(known.severity)) {
      uses.set(rule.id, { rule, severity });
    }
  }
  return [...uses.values()].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
}

function ruleObject({ rule, severity }: RuleUse): object {
  const helpUri = rule.references.find((reference) => URL.canParse(reference) && /^https?:/.test(reference));
  return {
    id: rule.id,
    shortDescription: { text: rule.description === "" ? rule.id : rule.description },
    ...(rule.revoke === "" ? {} : { help: { text: rule.revoke } }),
    ...(helpUri === undefined ? {} : { helpUri }),
    defaultConfiguration: { level: levels[severity] },
    properties: { "security-severity": scores[severity], tags: ["security", "secret"] },
  };
}

function* results(report: Report, options: ReportOptions, index: ReadonlyMap<string, number>): Iterable<object> {
  for (const finding of report.findings) {
    const lives = lifetimes(finding);
    for (const sighting of finding.sightings)
      yield result(finding, sighting, options, index.get(finding.rule.id) ?? -1, {
        lives,
        repository: repositoryIn(report, sighting),
      });
  }
}

function result(
  finding: Finding,
  sighting: FindingSighting,
  options: ReportOptions,
  ruleIndex: number,
  { lives, repository }: { readonly lives: readonly Lifetime[]; readonly repository: string | undefined },
): object {
  const { origin } = sighting;
  return {
    ruleId: finding.rule.id,
    ruleIndex,
    level: levels[finding.severity],
    message: { text: `${finding.rule.id} ${detectedText(finding)} ${placeWords(sighting)}.` },
    locations: [{ physicalLocation: physicalLocation(finding, sighting, options), ...logicalLocations(sighting) }],
    partialFingerprints: { "leaktraceSecret/v1": finding.fingerprint },
    ...(finding.suppressed === undefined
      ? {}
      : {
          suppressions: [
            { kind: "external", justification: sanitize(`${finding.suppressed.by}: ${finding.suppressed.reason}`) },
          ],
        }),
    properties: {
      severity: finding.severity,
      confidence: finding.confidence,
      masked: finding.masked,
      tags: [...new Set(sighting.tags.map(sanitize))],
      ...(finding.facts.length === 0 ? {} : { facts: finding.facts.map(sanitize) }),
      ...(repository === undefined ? {} : { repository: sanitize(repository) }),
      ...(origin.kind === "git" && origin.commit !== undefined
        ? { commit: origin.commit.id, author: sanitize(origin.commit.author), date: origin.commit.date }
        : {}),
      ...(origin.kind === "git" && origin.reachedBy !== undefined
        ? { inHead: origin.inHead, reachedBy: origin.reachedBy }
        : {}),
      ...(origin.kind === "image" ? imageProperties(origin, lives) : {}),
      ...(origin.kind === "file" && origin.carried !== undefined ? carriedProperties(origin.carried, sighting) : {}),
    },
  };
}

function carriedProperties(carried: readonly Carrier[], { startLine }: FindingSighting): object {
  const found = carriersAt(carried, startLine).map((carrier) => sanitize(carrierText(carrier)));
  return found.length === 0 ? {} : { carriedBy: found };
}

function imageProperties(origin: ImageOrigin, lives: readonly Lifetime[]): object {
  const { image, digest, platform, deleted, removal, deletedBy, committed, layer, proof } = origin;
  const life = lives.find((one) => one.image === image && one.digest === digest && one.platform === platform);
  return {
    image: sanitize(image),
    ...(platform === "" ? {} : { platform: sanitize(platform) }),
    deleted,
    ...(removal === undefined ? {} : { removal }),
    ...(deletedBy === undefined
      ? {}
      : { deletedIn: { index: deletedBy.index, createdBy: sanitize(deletedBy.createdBy) } }),
    ...(life === undefined
      ? {}
      : { lifetime: life.steps.map((step) => sanitize(stepText(step))), visible: life.isVisible }),
    ...(layer?.owner === undefined ? {} : { layerOf: { part: layer.owner.part, image: sanitize(layer.owner.image) } }),
    ...(committed === undefined
      ? {}
      : { commit: committed.commit.id, author: sanitize(committed.commit.author), date: committed.commit.date }),
    ...(proof === undefined ? {} : { proof: sanitize(proof) }),
  };
}

function placeWords({ origin }: FindingSighting): string {
  switch (origin.kind) {
    case "stdin":
      return `on standard input${sanitize(memberPath(origin))}`;
    case "file":
      return `in file ${sanitize(originPath(origin))}`;
    case "git": {
      const at = origin.commit === undefined ? `object ${origin.object}` : `commit ${origin.commit.id}`;
      return origin.path === ""
        ? `in ${at}${sanitize(memberPath(origin))}`
        : `in file ${sanitize(originPath(origin))} at ${at}`;
    }
    case "image": {
      const layer = origin.layer === undefined ? "" : ` in layer ${origin.layer.index}`;
      return `in ${sanitize(originPath(origin))}${layer} of image ${sanitize(origin.image)}`;
    }
  }
}

function physicalLocation(finding: Finding, sighting: FindingSighting, options: ReportOptions): object {
  const { origin } = sighting;
  const path =
    origin.kind === "stdin"
      ? "stdin"
      : origin.path !== ""
        ? origin.path
        : origin.kind === "git"
          ? `git-object/${origin.object}`
          : "config";
  const artifactLocation = { uri: pathUri(path + memberPath(origin)) };
  if (sighting.startLine < 1) return { artifactLocation };
  return {
    artifactLocation,
    region: {
      startLine: sighting.startLine,
      startColumn: Math.max(1, sighting.startColumn),
      endLine: Math.max(sighting.startLine, sighting.endLine),
      // SARIF's end is the column after the last character; ours is the last one.
      endColumn: sighting.endColumn + 1,
      snippet: { text: sanitize(shownMatch(finding, sighting, options.secrecy)) },
    },
  };
}

function logicalLocations({ origin, key }: FindingSighting): object {
  const places: object[] = [];
  if (origin.kind === "image" && origin.layer !== undefined) {
    const { digest, index, createdBy } = origin.layer;
    const name = sanitize(`${origin.image} layer ${index}`);
    places.push({ name, fullyQualifiedName: digest, kind: "layer", decoratedName: sanitize(createdBy) });
  }
  if (key !== undefined) places.push({ fullyQualifiedName: sanitize(key), kind: "property" });
  return places.length === 0 ? {} : { logicalLocations: places };
}

/** A path as a URI reference (RFC 3986): each part percent-encoded; absolute paths become `file:` URIs. */
function pathUri(path: string): string {
  const parts = path
    .replaceAll("\\", "/")
    .split("/")
    .map((part) => encodeURIComponent(Buffer.from(part, "utf8").toString("utf8")));
  return path.startsWith("/") ? `file://${parts.join("/")}` : parts.join("/");
}

function invocation(report: Report): object {
  return {
    executionSuccessful: !isIncomplete(report),
    toolExecutionNotifications: report.problems.map((problem) => ({
      level: problem.effect === "incomplete" ? "warning" : "note",
      descriptor: { id: problem.code },
      message: { text: problemText(problem) },
    })),
  };
}

function problemText({ target, subject, message }: Problem): string {
  return sanitize([target, subject, message].filter((part) => part !== "").join(": "));
}

function isSemanticVersion(version: string): boolean {
  return /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(version);
}

/** A member that is a list, an item a line; only one item is held at a time. */
function* listLines(indent: string, key: string, items: Iterable<object>, after = ""): Iterable<string> {
  let waiting: string | undefined;
  yield `${indent}"${key}": [`;
  for (const item of items) {
    if (waiting !== undefined) yield `${waiting},`;
    waiting = `${indent} ${sanitizeJson(JSON.stringify(item))}`;
  }
  if (waiting !== undefined) yield waiting;
  yield `${indent}]${after}`;
}
