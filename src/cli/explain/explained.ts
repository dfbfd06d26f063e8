import { readFile, stat } from "node:fs/promises";
import {
  contextOf,
  createDetector,
  explain,
  instantiateKernel,
  loadEngine,
  type Detector,
} from "../../detect/index.ts";
import { crowdsOf, FindingStore, weighPlace } from "../../findings/index.ts";
import { blobId } from "../../content/blob-id.ts";
import type { Origin } from "../../model/content.ts";
import type { Finding, FindingSighting } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import type { Rule, RuleNotes } from "../../model/rule.ts";
import { liveLines } from "../../rules/live-check.ts";
import type { Prepared } from "../setup.ts";
import { explanationLines } from "./text.ts";

/** A larger content is not read as a whole to explain one line of it. */
const maxBytes = 256 << 20;
/** A line of a content that can be read, and its bytes. */
export interface Place {
  /** For people. */
  readonly name: string;
  readonly origin: Origin;
  readonly bytes: Buffer;
  /** From 1. */
  readonly line: number;
}

/** The bytes of the content that a place is in. Undefined for what takes more than a file or an object to read. */
export async function contentOf({ origin }: FindingSighting, target: string): Promise<Buffer | undefined> {
  if (origin.kind === "file") return readWhole(origin.path);
  if (origin.kind !== "git" || !["blob", "commit", "tag"].includes(origin.objectType)) return undefined;
  const { readGitContent } = await import("../../sources/git/read-content.ts");
  return readGitContent(origin.repository === "" ? target : origin.repository, { id: origin.object });
}

/** Throws ToolError for what is no file, or too large. */
export async function readWhole(path: string): Promise<Buffer> {
  const facts = await stat(path);
  if (!facts.isFile()) throw new ToolError("no-target", `${path} is not a file`);
  if (facts.size > maxBytes)
    throw new ToolError("too-large", `${path} is too large to be read again (256 MiB at most)`);
  return readFile(path);
}

/** The detector that a scan would have, in this thread. */
export async function openDetector({ poolOptions, ruleset }: Prepared): Promise<Detector> {
  const { kernel, decodeDepth, honourInlineAllow, prebuilt } = poolOptions;
  return createDetector({
    ruleset,
    engine: await loadEngine(),
    code: instantiateKernel(kernel),
    decodeDepth,
    honourInlineAllow,
    ...(prebuilt === undefined ? {} : { prebuilt }),
  });
}

/** Offsets of a line, without its end. */
export function lineSpan(bytes: Buffer, line: number): readonly [from: number, to: number] | undefined {
  let from = 0;
  for (let at = 1; at < line; at++) {
    const end = bytes.indexOf(10, from);
    if (end < 0) return undefined;
    from = end + 1;
  }
  const end = bytes.indexOf(10, from);
  return line < 1 ? undefined : [from, end < 0 ? bytes.length : end];
}

/** What every rule made of a place, and what a report says of it, a line each. Secrets are masked. `notesOf`: says also how values can be checked. */
export function explainedLines(
  { name, origin, bytes, line }: Place,
  detector: Detector,
  prepared: Prepared,
  notesOf?: (rule: Rule) => RuleNotes,
): Iterable<string> {
  const [from, to] = lineSpan(bytes, line) ?? [0, bytes.length];
  const { ruleset, compile, deciders } = prepared;
  const store = new FindingStore({ ruleset, compile, deciders });
  const content = blobId(bytes);
  const { detections } = detector.scan(bytes);
  const crowds = crowdsOf(detections.map(({ ruleId, secret }) => [ruleId, secret]));
  store.addHit({ content, place: "", detections });
  store.addSighting({ content, origin });
  const findings = store.findings().flatMap((finding): readonly Finding[] => {
    const sightings = finding.sightings.filter(({ startLine, endLine }) => startLine <= line && endLine >= line);
    return sightings.length === 0 ? [] : [{ ...finding, sightings }];
  });
  const standsAs = (secret: string): string => {
    const found = detections.find((one) => one.secret === secret && one.start < to && one.end > from);
    return found === undefined ? "" : contextAt(bytes, found.start);
  };
  return explanationLines(
    name,
    bytes.toString("utf8", from, Math.min(to, from + 1000)),
    explain(detector, bytes, from, to, detections),
    findings,
    ({ ready: { rule }, ...outcome }) => weighPlace(rule, outcome, origin, crowds.get(rule.id)).parts,
    {
      standsAs,
      checkedBy: (id) => {
        const rule = ruleset.rules.find((one) => one.id === id);
        return rule === undefined || notesOf === undefined ? "" : checkText(rule, notesOf(rule));
      },
    },
  );
}

/** Whether it still works, in a line: the request that tells, or why there is none. */
function checkText({ id }: Rule, notes: RuleNotes): string {
  const [first] = liveLines(notes);
  if (first === undefined) return "";
  return notes.live === undefined
    ? `whether it works cannot be asked (${first})`
    : `whether it works: ${first} (leaktrace rules show ${id})`;
}

/** As much text around a value as says what it is. */
const contextBefore = 8_192;
const contextBehind = 2_048;

function contextAt(bytes: Buffer, start: number): string {
  const least = Math.max(0, start - contextBefore);
  const lineEnd = least === 0 ? -1 : bytes.indexOf(10, least);
  const from = least === 0 ? 0 : lineEnd < 0 || lineEnd >= start ? least : lineEnd + 1;
  return contextOf(bytes.toString("latin1", from, start + contextBehind), start - from);
}
