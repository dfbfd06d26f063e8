import {
  checkedFields,
  createOriginMasker,
  fingerprint,
  maskDots,
  maskEncoded,
  maskSecret,
  type CheckedFields,
} from "../findings/index.ts";
import type { CommitFacts, Origin } from "../model/content.ts";
import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import { emptyLedger } from "../model/ledger.ts";
import { ToolError } from "../model/problem.ts";

/** One entry of gitleaks' JSON report, as far as it is used. */
interface Entry {
  readonly rule: string;
  readonly description: string;
  readonly secret: string;
  readonly match: string;
  readonly file: string;
  readonly commit: string;
  readonly author: string;
  readonly email: string;
  readonly date: string;
  readonly message: string;
  readonly numbers: Pick<FindingSighting, "startLine" | "endLine" | "startColumn" | "endColumn" | "entropy">;
  readonly tags: readonly string[];
}

/**
 * Reads gitleaks' JSON report, ours in its form too. Plain values become fingerprints and masked texts here, wherever in the report they stand, and go no further. An entry whose value
 * was redacted is known by its place alone: it is never joined with a value, and says so. Throws ToolError `record-invalid`.
 */
export function readGitleaksReport(text: string): Report {
  const entries = parse(text).map((value, i) => readEntry(checkedFields(value, `entry ${i + 1}`)));
  const masker = createOriginMasker();
  for (const { secret } of entries) if (!isHidden(secret)) masker.add(secret);
  const findings = new Map<string, Finding>();
  for (const entry of entries) {
    const finding = toFinding(
      entry,
      (shown) => masker.text(shown),
      (origin) => masker.origin(origin),
    );
    const before = findings.get(finding.fingerprint);
    findings.set(
      finding.fingerprint,
      before === undefined ? finding : { ...before, sightings: [...before.sightings, ...finding.sightings] },
    );
  }
  return {
    schema: 1,
    tool: { name: "leaktrace", version: "" },
    rules: { digest: "", origin: "a report of gitleaks' form", count: 0 },
    targets: [],
    findings: [...findings.values()],
    problems: [],
    ledger: emptyLedger,
    interrupted: false,
  };
}

function parse(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new ToolError("record-invalid", "the report is no JSON array");
}

/** gitleaks leaves out what is empty in some versions. */
function readEntry(fields: CheckedFields): Entry {
  const text = (key: string): string => fields.optionalText(key) ?? "";
  const number = (key: string): number => (fields.has(key) ? fields.number(key) : 0);
  return {
    rule: fields.text("RuleID"),
    description: text("Description"),
    secret: text("Secret"),
    match: text("Match"),
    file: text("File"),
    commit: text("Commit"),
    author: text("Author"),
    email: text("Email"),
    date: text("Date"),
    message: text("Message"),
    numbers: {
      startLine: number("StartLine"),
      endLine: number("EndLine"),
      startColumn: number("StartColumn"),
      endColumn: number("EndColumn"),
      entropy: number("Entropy"),
    },
    tags: fields.has("Tags") ? fields.texts("Tags") : [],
  };
}

function toFinding(entry: Entry, mask: (text: string) => string, maskOrigin: (origin: Origin) => Origin): Finding {
  const { rule, secret, match, file, commit, author, email, date, message, numbers, tags } = entry;
  const isKnown = !isHidden(secret);
  const facts: CommitFacts = { id: commit, author, email, date, message };
  const origin: Origin =
    commit === ""
      ? { kind: "file", path: file }
      : {
          kind: "git",
          repository: "",
          object: "",
          objectType: "blob",
          path: file,
          commit: facts,
          inHead: false,
          refs: [],
        };
  const shown = isKnown ? maskSecret(secret) : maskDots;
  const hidden = isKnown ? mask(match.replaceAll(secret, () => shown)) : shown;
  // What was decoded does not stand in the text as it is.
  const maskedMatch = tags.some((tag) => tag.startsWith("decoded:")) ? maskEncoded(hidden) : hidden;
  return {
    fingerprint: fingerprint(
      isKnown ? secret : `redacted\0${[rule, commit, file, String(numbers.startLine)].join("\0")}`,
    ),
    rule: { id: mask(rule), description: mask(entry.description), revoke: "", references: [] },
    otherRules: [],
    severity: "medium",
    confidence: "possible",
    masked: shown,
    facts: isKnown ? [] : ["the value was redacted in the report: known by its place alone"],
    sightings: [
      {
        origin: maskOrigin(origin),
        content: "",
        ruleId: mask(rule),
        ...numbers,
        tags: tags.map(mask),
        maskedMatch,
        maskedLine: maskedMatch,
      },
    ],
  };
}

/** gitleaks' `REDACTED` and `abc...`, and our own dots. */
function isHidden(secret: string): boolean {
  return secret === "" || secret === "REDACTED" || secret.endsWith("...") || secret.includes(maskDots);
}
