import type { Detector } from "../../detect/index.ts";
import { fingerprint, maskIn } from "../../findings/index.ts";
import { parseCommit } from "../../content/git/commit.ts";
import type { GitOrigin } from "../../model/content.ts";
import type { FindingSighting } from "../../model/finding.ts";
import { unifiedDiff } from "../../response/index.ts";
import type { LookRow, Looker, ReadTab } from "../../review/index.ts";
import { contentOf, explainedLines, openDetector } from "../explain/explained.ts";
import type { ScanOptions } from "../options.ts";
import { prepareScan, type Prepared } from "../setup.ts";
import { maskedText } from "./masked-text.ts";

/** Lines shown before and after a place. */
const context = 12;
/** A larger content is not read for a look at a few of its lines. */
const maxBytes = 8 << 20;
/** Lines that differ and are held beside each other: a comparison takes the product of both. */
const maxCompared = 2000;
const maxRows = 400;
/** Of a line. In UTF-16 units. */
const maxRowLength = 2000;
/** Values are read again from so many places at most, and so many candidates at each: a fingerprint is slow on purpose. */
const maxPlaces = 3;
const maxCandidates = 8;

/** A content is often looked at in several ways, one after the other. */
interface Read {
  readonly sighting: FindingSighting;
  readonly bytes: Buffer;
}

/**
 * Reads places again for the review: the lines around them, what their commit changed, what rules made of them. `target`: what was scanned, where a place does
 * not tell. Rules are loaded when the first place is asked for.
 */
export function createLooker(target: string, options: ScanOptions): Looker {
  let rules: Promise<{ readonly prepared: Prepared; readonly detector: Detector }> | undefined;
  const loaded = (): NonNullable<typeof rules> => {
    rules ??= prepareScan([], options).then(async (prepared) => ({ prepared, detector: await openDetector(prepared) }));
    return rules;
  };
  const read = async (sighting: FindingSighting): Promise<Read | string> => {
    const { origin } = sighting;
    if (origin.kind === "image") return "layers are not read again here; the story tells the command that does";
    if (origin.member !== undefined) return "what lies inside of an archive is not read again here";
    const bytes = await contentOf(sighting, target).catch(() => undefined);
    if (bytes === undefined) return "it cannot be read again: it has gone, or the review was started in another folder";
    return bytes.length > maxBytes ? "it is too large to be shown here" : { sighting, bytes };
  };
  return {
    async look(tab, finding, place) {
      const sighting = finding.sightings[place];
      if (sighting === undefined) return [];
      try {
        const got = await read(sighting);
        if (typeof got === "string") return [{ text: got, tone: "dim" }, ...rowsOf(sighting.maskedLine)];
        const { prepared, detector } = await loaded();
        return (await rowsFor(tab, got, detector, prepared, target)).slice(0, maxRows);
      } catch (error) {
        return [{ text: `cannot be shown: ${error instanceof Error ? error.message : String(error)}`, tone: "alert" }];
      }
    },
    async value(finding) {
      for (const sighting of finding.sightings.slice(0, maxPlaces)) {
        const got = await read(sighting).catch(() => "");
        if (typeof got === "string") continue;
        const { detector } = await loaded();
        const near = detector
          .scan(got.bytes)
          .detections.filter(
            ({ startLine, endLine }) => startLine <= sighting.endLine && endLine >= sighting.startLine,
          );
        const found = near.slice(0, maxCandidates).find(({ secret }) => fingerprint(secret) === finding.fingerprint);
        if (found !== undefined) return found.secret;
      }
      return undefined;
    },
  };
}

function rowsFor(
  tab: ReadTab,
  { sighting, bytes }: Read,
  detector: Detector,
  prepared: Prepared,
  target: string,
): readonly LookRow[] | Promise<readonly LookRow[]> {
  switch (tab) {
    case "text": {
      const { text, secrets } = maskedText(bytes, detector, sighting);
      return textRows(sighting, text).map((row) => hidden(row, secrets));
    }
    case "change":
      return changeRows(sighting, bytes, detector, target);
    case "why": {
      const { origin, startLine: line } = sighting;
      return [...explainedLines({ name: "", origin, bytes, line }, detector, prepared)]
        .slice(1)
        .map((text) => ({ text, tone: /^(?:REPORTED|DROPPED|In a report)/.test(text) ? "strong" : "plain" }));
    }
  }
}

function textRows({ startLine, endLine }: FindingSighting, text: string): readonly LookRow[] {
  const lines = text.split("\n");
  const from = Math.max(1, startLine - context);
  const to = Math.min(lines.length, endLine + context);
  const width = String(to).length;
  return lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const isHere = number >= startLine && number <= endLine;
    const lead = `${isHere ? ">" : " "}${String(number).padStart(width)} │ `;
    return { text: lead + line.replace(/\r$/, ""), tone: isHere ? "strong" : "plain" };
  });
}

/** What the commit that brought a place did to its file, or all of the file where it is new. */
async function changeRows(
  sighting: FindingSighting,
  bytes: Buffer,
  detector: Detector,
  target: string,
): Promise<readonly LookRow[]> {
  const { origin } = sighting;
  if (origin.kind !== "git" || origin.commit === undefined || origin.objectType !== "blob")
    return [{ text: "no commit brought it", tone: "dim" }];
  const { commit, path } = origin;
  const before = await fileBefore(origin, target);
  const old = before === undefined ? undefined : maskedText(before, detector);
  const fresh = maskedText(bytes, detector, sighting);
  const secrets = [...fresh.secrets, ...(old?.secrets ?? [])];
  const message = commit.message.slice(0, 2000).trimEnd().split("\n").slice(0, 12);
  return [
    row(`commit ${commit.id}`, "strong"),
    row(`${commit.author} <${commit.email}> ${commit.date}`),
    ...message.map((text) => row(`    ${text}`)),
    row(""),
    ...differing(path, old?.text, fresh.text),
  ].map((one) => hidden(one, secrets));
}

function row(text: string, tone: LookRow["tone"] = "plain"): LookRow {
  return { text, tone };
}

/** A row without the pieces of values that stand in it once more: beside the place where they were found, in another form, cut. */
function hidden({ text, tone }: LookRow, secrets: readonly string[]): LookRow {
  const cut = text.slice(0, maxRowLength);
  return { text: secrets.length === 0 ? cut : maskIn(cut, "", secrets), tone };
}

/** The file as the first parent had it. */
async function fileBefore({ repository, commit, path }: GitOrigin, target: string): Promise<Buffer | undefined> {
  const { readGitContent } = await import("../../sources/git/read-content.ts");
  const where = repository === "" ? target : repository;
  const object = await readGitContent(where, { id: commit?.id ?? "" });
  const parent = object === undefined ? undefined : parseCommit(object)?.parents[0];
  if (parent === undefined) return undefined;
  const before = await readGitContent(where, { commit: parent, path });
  return before !== undefined && before.length <= maxBytes ? before : undefined;
}

function differing(path: string, before: string | undefined, after: string): readonly LookRow[] {
  const [old, fresh] = [(before ?? "").split("\n"), after.split("\n")];
  let [start, end] = [0, 0];
  while (start < Math.min(old.length, fresh.length) && old[start] === fresh[start]) start++;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  if (Math.max(old.length, fresh.length) - start - end > maxCompared)
    return [{ text: `${path}: too much of it changed to be shown`, tone: "dim" }];
  // What is the same at both ends is left out of the comparison, but for the lines around it; so line numbers are those of the part.
  const from = Math.max(0, start - context);
  const cut = (lines: readonly string[]): string =>
    lines.slice(from, lines.length - Math.max(0, end - context)).join("\n");
  const text = unifiedDiff(path, before === undefined ? undefined : cut(old), cut(fresh));
  if (text === "") return [{ text: "the file is the same but for values that are masked", tone: "dim" }];
  return text
    .trimEnd()
    .split("\n")
    .map((line) => ({ text: shifted(line, from), tone: toneOf(line) }));
}

/** The head of a hunk with the line numbers of the whole file. */
function shifted(line: string, by: number): string {
  return line.replace(
    /^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@/,
    (_, old: string, a: string, fresh: string, b: string) =>
      `@@ -${Number(old) + by}${a} +${Number(fresh) + by}${b} @@`,
  );
}

function toneOf(line: string): LookRow["tone"] {
  if (/^(?:\+\+\+|---|diff|new file)/.test(line)) return "dim";
  if (line.startsWith("+")) return "good";
  if (line.startsWith("-")) return "alert";
  return line.startsWith("@@") ? "strong" : "plain";
}

function rowsOf(text: string): readonly LookRow[] {
  return text.split("\n", context).map((line) => ({ text: `│ ${line}`, tone: "plain" }));
}
