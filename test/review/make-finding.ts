import type { FileOrigin, GitOrigin, ImageOrigin, Origin } from "../../src/model/content.ts";
import type { Finding, FindingSighting } from "../../src/model/finding.ts";

/** A finding with sensible defaults; `n` makes its fingerprint and names its own. */
export function makeFinding(n: number, changes: Partial<Finding> = {}): Finding {
  return {
    fingerprint: fingerprintOf(n),
    rule: {
      id: `rule-${n % 5}`,
      description: `Credential of kind ${n % 5}`,
      revoke: "Revoke it in the console.",
      references: ["https://example.com/revoke"],
    },
    otherRules: [],
    severity: "high",
    confidence: "likely",
    masked: `abcd......${String(n % 100).padStart(2, "0")}`,
    facts: [],
    sightings: [makeSighting(fileOrigin(`src/file-${n}.env`))],
    ...changes,
  };
}

export function fingerprintOf(n: number): string {
  return `lt1${n.toString(16).padStart(32, "0")}`;
}

export function makeSighting(origin: Origin, changes: Partial<FindingSighting> = {}): FindingSighting {
  return {
    origin,
    content: "0".repeat(40),
    ruleId: "rule-0",
    startLine: 3,
    endLine: 3,
    startColumn: 8,
    endColumn: 28,
    entropy: 4,
    tags: [],
    maskedMatch: "key = abcd......00",
    maskedLine: "export key = abcd......00",
    ...changes,
  };
}

export function fileOrigin(path: string): FileOrigin {
  return { kind: "file", path };
}

export function gitOrigin(path: string, changes: Partial<GitOrigin> = {}): GitOrigin {
  return {
    kind: "git",
    repository: "shop.git",
    object: "1".repeat(40),
    objectType: "blob",
    path,
    commit: {
      id: "ab12".repeat(10),
      author: "Ada",
      email: "ada@example.com",
      date: "2024-01-31T12:00:00Z",
      message: "Add the payment service\n\nlong story",
    },
    inHead: true,
    refs: ["main"],
    ...changes,
  };
}

export function imageOrigin(path: string, changes: Partial<ImageOrigin> = {}): ImageOrigin {
  return {
    kind: "image",
    image: "shop:1.2",
    digest: `sha256:${"c".repeat(64)}`,
    platform: "linux/amd64",
    part: "file",
    path,
    layer: {
      digest: `sha256:${"d".repeat(64)}`,
      diffId: `sha256:${"e".repeat(64)}`,
      index: 2,
      createdBy: "COPY . /app",
    },
    deleted: false,
    ...changes,
  };
}
