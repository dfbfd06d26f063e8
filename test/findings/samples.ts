import { createHash } from "node:crypto";
import fc from "fast-check";
import type { GitOrigin, ImageOrigin, Origin } from "../../src/model/content.ts";
import type { ContentHit, Detection } from "../../src/model/detection.ts";
import type { Finding, FindingSighting, Report } from "../../src/model/finding.ts";
import type { Allowlist, Rule, Ruleset } from "../../src/model/rule.ts";

/** A value without meaning, made from a seed: no test file holds anything that looks like a secret. */
export function madeUpSecret(seed: string, length = 36): string {
  let text = "";
  for (let i = 0; text.length < length; i++) {
    text += createHash("sha256")
      .update(`${seed} ${i}`)
      .digest("base64")
      .replace(/[^A-Za-z0-9]/g, "");
  }
  return text.slice(0, length);
}

export function rule(fields: Partial<Rule> = {}): Rule {
  return {
    id: "sample-token",
    description: "Sample token: opens the sample service.",
    regex: "x",
    secretGroup: 0,
    entropy: 0,
    keywords: [],
    allowlists: [],
    required: [],
    skipReport: false,
    tags: [],
    severity: "high",
    confidence: "likely",
    kind: "token",
    references: ["https://example.org/tokens"],
    revoke: "Delete it in the settings of the sample service.",
    specificity: fields.kind === "generic" ? 0 : fields.kind === "context" ? 50 : 100,
    reach: "window",
    before: 64,
    after: 64,
    ...fields,
  };
}

export function allowlist(fields: Partial<Allowlist>): Allowlist {
  return {
    description: "",
    condition: "OR",
    commits: [],
    paths: [],
    regexTarget: "secret",
    regexes: [],
    stopwords: [],
    ...fields,
  };
}

export function ruleset(rules: readonly Rule[], allowlists: Ruleset["allowlists"] = []): Ruleset {
  return { rules, allowlists, digest: "d".repeat(64), origin: "built-in" };
}

export function detection(secret: string, fields: Partial<Detection> = {}): Detection {
  const start = fields.start ?? 6;
  return {
    ruleId: "sample-token",
    start,
    end: start + secret.length,
    secret,
    match: secret,
    line: `token=${secret}`,
    startLine: 1,
    endLine: 1,
    startColumn: 7,
    endColumn: 6 + secret.length,
    entropy: 4.5,
    confidence: "likely",
    bits: 24,
    facts: [],
    tags: [],
    ...fields,
  };
}

export function hit(content: string, detections: readonly Detection[], place = ""): ContentHit {
  return { content, place, detections };
}

export function contentId(seed: string): string {
  return createHash("sha1").update(seed).digest("hex");
}

export function gitOrigin(fields: Partial<GitOrigin> = {}): GitOrigin {
  return {
    kind: "git",
    repository: "repo",
    object: contentId("blob"),
    objectType: "blob",
    path: "src/config.ts",
    commit: {
      id: contentId("commit"),
      author: "Ada Example",
      email: "ada@example.org",
      date: "2024-01-31T12:00:00Z",
      message: "Add the configuration",
    },
    inHead: true,
    refs: ["main"],
    ...fields,
  };
}

export function imageOrigin(fields: Partial<ImageOrigin> = {}): ImageOrigin {
  return {
    kind: "image",
    image: "shop:1.2",
    digest: `sha256:${"a".repeat(64)}`,
    platform: "linux/amd64",
    part: "file",
    path: "app/.env",
    layer: {
      digest: `sha256:${"b".repeat(64)}`,
      diffId: `sha256:${"c".repeat(64)}`,
      index: 2,
      createdBy: "COPY . /app",
    },
    deleted: false,
    ...fields,
  };
}

export function fileOrigin(path: string): Origin {
  return { kind: "file", path };
}

export function sighting(origin: Origin, fields: Partial<FindingSighting> = {}): FindingSighting {
  return {
    origin,
    content: contentId("blob"),
    ruleId: "sample-token",
    startLine: 3,
    endLine: 3,
    startColumn: 7,
    endColumn: 42,
    entropy: 4.5,
    tags: [],
    maskedMatch: "abcd......yz",
    maskedLine: "token=abcd......yz",
    ...fields,
  };
}

export function finding(fields: Partial<Finding> = {}): Finding {
  const { id, description, revoke, references } = rule();
  return {
    fingerprint: `lt1${"0".repeat(31)}1`,
    rule: { id, description, revoke, references },
    otherRules: [],
    severity: "high",
    confidence: "likely",
    masked: "abcd......yz",
    facts: [],
    sightings: [sighting(gitOrigin())],
    ...fields,
  };
}

export function report(fields: Partial<Report> = {}): Report {
  const ledger = { planned: 12_345, scanned: 12_345, bytes: 1_234_567_890, skipped: {}, suppressed: {} };
  return {
    schema: 1,
    tool: { name: "leaktrace", version: "0.1.0" },
    rules: { digest: "d".repeat(64), origin: "built-in", count: 200 },
    targets: [{ target: "repo", kind: "git", status: "found", findings: 1, ledger }],
    findings: [finding()],
    problems: [],
    ledger,
    interrupted: false,
    ...fields,
  };
}

/** The platform's own regexes serve for the simple patterns of these tests. */
export function compile(pattern: string): (text: string) => boolean {
  const regex = new RegExp(pattern, "u");
  return (text) => regex.test(text);
}

/** Any text at all: controls, lone surrogates, the far planes. (fast-check's own `binary` unit takes seconds to set up.) */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const code = fc.oneof(
    fc.integer({ min: 0, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0x2000, max: 0x20ff }),
  );
  return fc.array(code, { maxLength }).map((codes) => String.fromCodePoint(...codes));
}
