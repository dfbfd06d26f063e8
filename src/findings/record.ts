import {
  reaches,
  removals,
  type CommitFacts,
  type CommitMark,
  type CommittedFile,
  type LayerFacts,
  type ObjectField,
  type Origin,
} from "../model/content.ts";
import type { Carrier } from "../model/carrier.ts";
import type { DetectionPart } from "../model/detection.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";
import { confidences, severities } from "../model/rule.ts";
import { checkedFields, type CheckedFields } from "./checked.ts";
import { isFingerprint } from "./fingerprint.ts";

/** The version of the lines this writes; a reader refuses others. */
export const recordSchema = 1;

/** A finding as plain JSON data: everything but the plain texts, in a fixed order of keys. */
export type FindingRecord = Omit<Finding, "secret" | "sightings"> & {
  readonly schema: 1;
  readonly kind: "finding";
  readonly secret?: string;
  readonly sightings: readonly FindingSighting[];
};

/**
 * Turns a finding into data for a line of JSON. Plain texts (the value, matches, lines) stay out unless `reveal` is set; everything else
 * is kept, so `findingFromRecord` gives the same finding without them.
 */
export function findingToRecord(finding: Finding, options: { readonly reveal?: boolean } = {}): FindingRecord {
  const reveal = options.reveal === true;
  return {
    schema: recordSchema,
    kind: "finding",
    fingerprint: finding.fingerprint,
    rule: {
      id: finding.rule.id,
      description: finding.rule.description,
      revoke: finding.rule.revoke,
      references: finding.rule.references,
    },
    otherRules: finding.otherRules,
    severity: finding.severity,
    confidence: finding.confidence,
    masked: finding.masked,
    ...(reveal && finding.secret !== undefined ? { secret: finding.secret } : {}),
    facts: finding.facts,
    sightings: finding.sightings.map((sighting) => sightingToRecord(sighting, reveal)),
    ...(finding.aside === true ? { aside: true } : {}),
    ...(finding.suppressed === undefined ? {} : { suppressed: finding.suppressed }),
  };
}

/** One place of a finding as plain JSON data; without its plain texts unless `reveal` is set. */
export function sightingToRecord(sighting: FindingSighting, reveal = false): FindingSighting {
  const { origin, content, ruleId, startLine, endLine, startColumn, endColumn, entropy, tags } = sighting;
  const { key, parts, maskedMatch, maskedLine, match, line } = sighting;
  return {
    origin,
    content,
    ruleId,
    startLine,
    endLine,
    startColumn,
    endColumn,
    entropy,
    tags,
    ...(key === undefined ? {} : { key }),
    ...(parts === undefined ? {} : { parts: parts.map(({ name, value }) => ({ name, value })) }),
    maskedMatch,
    maskedLine,
    ...(reveal && match !== undefined ? { match } : {}),
    ...(reveal && line !== undefined ? { line } : {}),
  };
}

/**
 * Reads a finding back from data of unknown making; plain texts in it are left out. Throws ToolError `record-invalid` that names the
 * field (never its value) when anything is not as `findingToRecord` writes it.
 */
export function findingFromRecord(value: unknown): Finding {
  const fields = checkedFields(value, "finding");
  const sightings = fields.list("sightings", sightingFromRecord);
  if (sightings.length === 0) throw new ToolError("record-invalid", "finding.sightings is empty");
  return { ...descriptionFromRecord(fields), sightings };
}

/** Reads what a finding's record tells of the secret itself; its places are not looked at, and come empty. */
export function descriptionFromRecord(fields: CheckedFields): Finding {
  if (fields.number("schema") !== recordSchema) {
    throw new ToolError("record-invalid", "the finding was written by another version (schema)");
  }
  fields.oneOf("kind", ["finding"]);
  const id = fields.text("fingerprint");
  if (!isFingerprint(id)) throw new ToolError("record-invalid", "finding.fingerprint is not a fingerprint");
  const rule = fields.fields("rule");
  const suppressed = fields.optionalFields("suppressed");
  return {
    fingerprint: id,
    rule: {
      id: rule.text("id"),
      description: rule.text("description"),
      revoke: rule.text("revoke"),
      references: rule.texts("references"),
    },
    otherRules: fields.texts("otherRules"),
    severity: fields.oneOf("severity", severities),
    confidence: fields.oneOf("confidence", confidences),
    masked: fields.text("masked"),
    facts: fields.texts("facts"),
    sightings: [],
    ...(fields.has("aside") && fields.flag("aside") ? { aside: true } : {}),
    ...(suppressed === undefined
      ? {}
      : { suppressed: { by: suppressed.text("by"), reason: suppressed.text("reason") } }),
  };
}

/** Reads one place of a finding from checked fields; as `findingFromRecord` does. */
export function sightingFromRecord(fields: CheckedFields): FindingSighting {
  const key = fields.optionalText("key");
  return {
    origin: readOrigin(fields.fields("origin")),
    content: fields.text("content"),
    ruleId: fields.text("ruleId"),
    startLine: fields.number("startLine"),
    endLine: fields.number("endLine"),
    startColumn: fields.number("startColumn"),
    endColumn: fields.number("endColumn"),
    entropy: fields.number("entropy"),
    tags: fields.texts("tags"),
    ...(key === undefined ? {} : { key }),
    ...(fields.has("parts") ? { parts: fields.list("parts", readPart) } : {}),
    maskedMatch: fields.text("maskedMatch"),
    maskedLine: fields.text("maskedLine"),
  };
}

function readOrigin(fields: CheckedFields): Origin {
  const kind = fields.oneOf("kind", ["git", "image", "file", "stdin"]);
  const told = fields.optionalText("member");
  const member = told === undefined ? {} : { member: told };
  switch (kind) {
    case "stdin":
      return { kind, ...member };
    case "file":
      return {
        kind,
        path: fields.text("path"),
        ...member,
        ...(fields.has("carried") ? { carried: fields.list("carried", readCarrier) } : {}),
      };
    case "git": {
      const commit = fields.optionalFields("commit");
      const removedBy = fields.optionalFields("removedBy");
      const lastCommit = fields.optionalText("lastCommit");
      return {
        kind,
        repository: fields.text("repository"),
        object: fields.text("object"),
        objectType: fields.oneOf("objectType", ["blob", "commit", "tag", "tree", "file"]),
        path: fields.text("path"),
        ...member,
        ...(!fields.has("form") ? {} : { form: fields.oneOf("form", ["symlink", "lfs"]) }),
        ...(commit === undefined ? {} : { commit: readCommit(commit) }),
        ...(removedBy === undefined ? {} : { removedBy: readMark(removedBy) }),
        ...(lastCommit === undefined ? {} : { lastCommit }),
        ...(fields.has("otherPaths") ? { otherPaths: fields.texts("otherPaths") } : {}),
        inHead: fields.flag("inHead"),
        refs: fields.texts("refs"),
        ...(fields.has("reachedBy") ? { reachedBy: fields.someOf("reachedBy", reaches) } : {}),
        ...(fields.has("fields") ? { fields: fields.list("fields", readField) } : {}),
      };
    }
    case "image": {
      const layer = fields.optionalFields("layer");
      const deletedBy = fields.optionalFields("deletedBy");
      const linkTo = fields.optionalText("linkTo");
      const committed = fields.optionalFields("committed");
      const proof = fields.optionalText("proof");
      return {
        kind,
        image: fields.text("image"),
        digest: fields.text("digest"),
        platform: fields.text("platform"),
        part: fields.oneOf("part", ["file", "config"]),
        path: fields.text("path"),
        ...member,
        ...(layer === undefined ? {} : { layer: readLayer(layer) }),
        deleted: fields.flag("deleted"),
        ...(deletedBy === undefined ? {} : { deletedBy: readLayer(deletedBy) }),
        ...(fields.has("removal") ? { removal: fields.oneOf("removal", removals) } : {}),
        ...(linkTo === undefined ? {} : { linkTo }),
        ...(committed === undefined ? {} : { committed: readCommitted(committed) }),
        ...(proof === undefined ? {} : { proof }),
      };
    }
  }
}

function readCommit(fields: CheckedFields): CommitFacts {
  const committer = fields.optionalFields("committer");
  return {
    ...readMark(fields),
    message: fields.text("message"),
    ...(committer === undefined ? {} : { committer: readMark(committer) }),
  };
}

function readMark(fields: CheckedFields): CommitMark {
  return {
    id: fields.text("id"),
    author: fields.text("author"),
    email: fields.text("email"),
    date: fields.text("date"),
  };
}

function readPart(fields: CheckedFields): DetectionPart {
  return { name: fields.text("name"), value: fields.text("value") };
}

function readField(fields: CheckedFields): ObjectField {
  return { name: fields.text("name"), line: fields.number("line") };
}

function readCarrier(fields: CheckedFields): Carrier {
  const lines = fields.optionalFields("lines");
  const path = fields.optionalText("path");
  const context = fields.optionalText("context");
  const stage = fields.optionalText("stage");
  return {
    instruction: fields.text("instruction"),
    file: fields.text("file"),
    line: fields.number("line"),
    into: fields.oneOf("into", ["layer", "config", "history"]),
    ...(lines === undefined ? {} : { lines: { from: lines.number("from"), to: lines.number("to") } }),
    ...(context === undefined ? {} : { context }),
    ...(path === undefined ? {} : { path }),
    ...(fields.has("after") ? { after: fields.number("after") } : {}),
    ...(stage === undefined ? {} : { stage }),
  };
}

function readCommitted(fields: CheckedFields): CommittedFile {
  return {
    repository: fields.text("repository"),
    path: fields.text("path"),
    commit: readMark(fields.fields("commit")),
    isSameFile: fields.flag("isSameFile"),
    ...(fields.has("isEarlier") && fields.flag("isEarlier") ? { isEarlier: true } : {}),
  };
}

function readLayer(fields: CheckedFields): LayerFacts {
  const owner = fields.optionalFields("owner");
  return {
    digest: fields.text("digest"),
    diffId: fields.text("diffId"),
    index: fields.number("index"),
    createdBy: fields.text("createdBy"),
    ...(owner === undefined
      ? {}
      : { owner: { part: owner.oneOf("part", ["base", "application"]), image: owner.text("image") } }),
  };
}
