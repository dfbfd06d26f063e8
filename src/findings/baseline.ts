import { originPath } from "../model/content.ts";
import { ToolError } from "../model/problem.ts";
import { suppress, withoutSightings, type Decider } from "./decide.ts";
import { fingerprint, isFingerprint } from "./fingerprint.ts";
import { maskDots } from "./mask.ts";
import { readTextFile } from "./text-file.ts";

/** What an earlier report tells of known findings: values by fingerprint where it holds them, places where the value was redacted. */
export interface Baseline {
  readonly fingerprints: ReadonlySet<string>;
  readonly places: ReadonlySet<string>;
}

/**
 * Reads an earlier report: gitleaks' JSON array (also ours), or our jsonl. A value is compared by value, wherever it stands now; an
 * entry whose value is redacted or masked only by its place (rule, commit, file, line), which can accept a new secret at an old place.
 * Throws ToolError `baseline-invalid`: a baseline that cannot be read would otherwise silently accept nothing, or everything.
 */
export function parseBaseline(text: string, name: string): Baseline {
  const fingerprints = new Set<string>();
  const places = new Set<string>();
  for (const entry of entriesOf(text, name)) {
    if (typeof entry !== "object" || entry === null) throw invalid(name, "an entry is not an object");
    if ("fingerprint" in entry && typeof entry.fingerprint === "string" && isFingerprint(entry.fingerprint)) {
      fingerprints.add(entry.fingerprint);
      continue;
    }
    if ("kind" in entry && entry.kind === "ledger") continue;
    const field = (key: string): unknown => new Map<string, unknown>(Object.entries(entry)).get(key);
    const [secret, rule, file] = [field("Secret"), field("RuleID"), field("File")];
    if (typeof rule !== "string") throw invalid(name, "an entry has no RuleID");
    if (typeof secret === "string" && secret !== "" && !isHidden(secret)) {
      fingerprints.add(fingerprint(secret));
      continue;
    }
    const [commit, line] = [field("Commit"), field("StartLine")];
    places.add(
      placeKey(
        rule,
        typeof commit === "string" ? commit : "",
        typeof file === "string" ? file : "",
        typeof line === "number" ? line : 0,
      ),
    );
  }
  return { fingerprints, places };
}

/** Reads a baseline from a file; throws ToolError when it is not there or not a report. */
export async function readBaseline(path: string): Promise<Baseline> {
  const text = await readTextFile(path);
  if (text === undefined) throw new ToolError("baseline-missing", `there is no baseline ${path}`);
  return parseBaseline(text, path);
}

/** Suppresses findings that the baseline knows. `isRule`: an entry by place under an id that no rule has counts for any rule, as gitleaks calls its rules otherwise. */
export function baselineDecider(baseline: Baseline, isRule?: (id: string) => boolean): Decider {
  const places = new Set(baseline.places);
  for (const key of baseline.places) {
    const [rule = "", ...rest] = key.split("\0");
    if (isRule !== undefined && !isRule(rule)) places.add(["", ...rest].join("\0"));
  }
  return (finding) => {
    if (baseline.fingerprints.has(finding.fingerprint)) return suppress(finding, "baseline", "known value");
    if (places.size === 0) return finding;
    return withoutSightings(
      finding,
      ({ origin, ruleId, startLine }) => {
        const commit = origin.kind === "git" ? (origin.commit?.id ?? "") : "";
        return [ruleId, ""].some((rule) => places.has(placeKey(rule, commit, originPath(origin), startLine)));
      },
      "baseline",
      "known place",
    );
  };
}

function entriesOf(text: string, name: string): readonly unknown[] {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "null") return [];
  try {
    if (!trimmed.startsWith("[")) {
      return trimmed.split("\n").map((line): unknown => JSON.parse(line));
    }
    const parsed: unknown = JSON.parse(trimmed);
    if (Array.isArray(parsed)) return parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalid(name, "it is neither a JSON array nor JSON lines");
}

/** Values that a report hides: gitleaks' `REDACTED` and `abc...`, and our own dots. */
function isHidden(secret: string): boolean {
  return secret === "REDACTED" || secret.endsWith("...") || secret.includes(maskDots);
}

function invalid(name: string, what: string): ToolError {
  return new ToolError("baseline-invalid", `${name} is not a report: ${what}`, {
    hint: "Give a report written with -f json or -f jsonl.",
  });
}

function placeKey(rule: string, commit: string, path: string, line: number): string {
  return [rule, commit, path, line].join("\0");
}
