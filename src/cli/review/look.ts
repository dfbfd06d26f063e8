import type { Detector } from "../../detect/index.ts";
import { maskIn } from "../../findings/index.ts";
import { originPath, type GitOrigin, type ImageOrigin } from "../../model/content.ts";
import type { FindingSighting } from "../../model/finding.ts";
import { errorMessage } from "../../model/thrown.ts";
import { unifiedDiff } from "../../response/index.ts";
import type { LookRow, Looker, ReadTab } from "../../review/index.ts";
import { explainedLines } from "../explain/explained.ts";
import { maskedText } from "./masked-text.ts";
import { secretAt, type LoadedRules, type PlaceReading } from "./reading.ts";

/** Lines of what a scan has seen, where nothing can be read again. */
const maxSeenLines = 12;
/** An older version that is larger is not compared. */
const maxBytes = 8 << 20;
/** Lines that differ and are held beside each other: a comparison takes the product of both. */
const maxCompared = 2000;
const maxRows = 480;
/** Of these so many tell of the commit. */
const maxHeadRows = 20;
/** Of a line. In UTF-16 units. */
const maxRowLength = 2000;
/** Values are read again from so many places at most. */
const maxPlaces = 3;
/** A history that takes longer is told as far as it was looked at. */
const blameMs = 5000;

/** A place, the bytes of the content that it lies in, and how many lines around it are to be shown. */
interface Read {
  readonly sighting: FindingSighting;
  readonly bytes: Buffer;
  readonly around: number;
}

/** Reads places again for the review: the lines around them, what their commit or layer changed, who brought the lines, what rules made of them. */
export function createLooker(reading: PlaceReading): Looker {
  return {
    async look({ tab, place, around }, finding) {
      const sighting = finding.sightings[place];
      if (sighting === undefined) return [];
      try {
        const bytes = await reading.read(sighting, finding);
        if (typeof bytes === "string") return [{ text: bytes, tone: "dim" }, ...rowsOf(sighting.maskedLine)];
        const rows = await rowsFor(tab, { sighting, bytes, around }, await reading.rules(), reading.targets[0] ?? ".");
        return rows.slice(0, maxRows);
      } catch (error) {
        return [{ text: `cannot be shown: ${errorMessage(error)}`, tone: "alert" }];
      }
    },
    async value(finding) {
      for (const sighting of finding.sightings.slice(0, maxPlaces)) {
        const bytes = await reading.read(sighting, finding).catch(() => "");
        if (typeof bytes === "string") continue;
        const { detector } = await reading.rules();
        const found = secretAt(bytes, finding, sighting, detector);
        if (found !== undefined) return found.secret;
      }
      return undefined;
    },
  };
}

function rowsFor(
  tab: ReadTab,
  read: Read,
  { prepared, detector }: LoadedRules,
  target: string,
): readonly LookRow[] | Promise<readonly LookRow[]> {
  const { sighting, bytes, around } = read;
  switch (tab) {
    case "text": {
      const { text, secrets } = maskedText(bytes, detector, sighting);
      return textRows(sighting, text, around).map((row) => hidden(row, secrets));
    }
    case "change":
      return changeRows(read, detector, target);
    case "blame":
      return blameRows(read, detector, target);
    case "why": {
      const { origin, startLine: line } = sighting;
      return [...explainedLines({ name: "", origin, bytes, line }, detector, prepared)]
        .slice(1)
        .map((text) => ({ text, tone: /^(?:REPORTED|DROPPED|In a report)/.test(text) ? "strong" : "plain" }));
    }
  }
}

/** The lines around a place that are shown, from 1. */
function window(
  { startLine, endLine }: FindingSighting,
  lines: readonly string[],
  around: number,
): { readonly from: number; readonly to: number } {
  return { from: Math.max(1, startLine - around), to: Math.min(lines.length, endLine + around) };
}

function textRows(sighting: FindingSighting, text: string, around: number): readonly LookRow[] {
  const { startLine, endLine } = sighting;
  const lines = text.split("\n");
  const { from, to } = window(sighting, lines, around);
  const width = String(to).length;
  return lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const isHere = number >= startLine && number <= endLine;
    const lead = `${isHere ? ">" : " "}${String(number).padStart(width)} │ `;
    return { text: lead + line.replace(/\r$/, ""), tone: isHere ? "strong" : "plain", isHere };
  });
}

/** What the commit or layer that brought a place did to its file, or all of the file where it is new. */
async function changeRows(read: Read, detector: Detector, target: string): Promise<readonly LookRow[]> {
  const { sighting, bytes } = read;
  const { origin } = sighting;
  if (origin.kind === "image") return layerRows(read, origin, detector);
  if (origin.kind !== "git" || origin.commit === undefined || origin.objectType !== "blob")
    return [{ text: "no commit brought it", tone: "dim" }];
  const { commit, path } = origin;
  const before = origin.member === undefined ? await fileBefore(origin, target) : undefined;
  const old = before === undefined ? undefined : maskedText(before.bytes, detector);
  const fresh = maskedText(bytes, detector, sighting);
  const secrets = [...fresh.secrets, ...(old?.secrets ?? [])];
  const message = commit.message.slice(0, 2000).trimEnd().split("\n").slice(0, 12);
  return [
    row(`commit ${commit.id}`, "strong"),
    row(`${commit.author} <${commit.email}> ${commit.date}`),
    ...(before === undefined || before.path === path ? [] : [row(`renamed from ${before.path}`)]),
    ...message.map((text) => row(`    ${text}`)),
    row(""),
    ...differing(originPath(origin), old?.text, fresh.text, read),
  ].map((one) => hidden(one, secrets));
}

/** The layer that brought a file, with the file as it is there: what lower layers had at its path is not looked for. */
function layerRows(read: Read, origin: ImageOrigin, detector: Detector): readonly LookRow[] {
  const { layer } = origin;
  const { text, secrets } = maskedText(read.bytes, detector, read.sighting);
  const head =
    layer === undefined
      ? [row(`the configuration of ${origin.image}`, "strong")]
      : [
          row(`layer ${layer.index} ${layer.digest}`, "strong"),
          ...(layer.createdBy === "" ? [] : [row(layer.createdBy)]),
        ];
  return [...head, row(""), ...differing(originPath(origin), undefined, text, read)].map((one) => hidden(one, secrets));
}

/** Who brought each of the lines around a place, as the history of the commit tells it that brought the content. */
async function blameRows(
  { sighting, bytes, around }: Read,
  detector: Detector,
  target: string,
): Promise<readonly LookRow[]> {
  const { origin } = sighting;
  if (
    origin.kind !== "git" ||
    origin.commit === undefined ||
    origin.objectType !== "blob" ||
    origin.member !== undefined
  )
    return [row("no commit tells who brought these lines", "dim")];
  const { PathHistory } = await import("../../sources/git/path-history.ts");
  const { blame } = await import("../../sources/git/blame.ts");
  using history = await PathHistory.open(origin.repository === "" ? target : origin.repository);
  const { text, secrets } = maskedText(bytes, detector, sighting);
  const lines = text.split("\n");
  const { from, to } = window(sighting, lines, around);
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const blamed = await blame(
    history,
    { commit: origin.commit.id, path: origin.path },
    numbers,
    AbortSignal.timeout(blameMs),
  );
  return numbers.map((number) => {
    const { commit, path } = blamed.get(number) ?? {};
    const who =
      commit === undefined
        ? "further back, or not here"
        : `${commit.id.slice(0, 8)} ${new Date(commit.authorTime * 1000).toISOString().slice(0, 10)} ${commit.author.slice(0, 16)}`;
    const isHere = number >= sighting.startLine && number <= sighting.endLine;
    const where = path === undefined ? "" : ` (${path})`;
    const shown = `${isHere ? ">" : " "}${String(number).padStart(String(to).length)} ${who.padEnd(36)} │ ${lines[number - 1]?.replace(/\r$/, "") ?? ""}${where}`;
    return hidden({ text: shown, tone: isHere ? "strong" : "plain", isHere }, secrets);
  });
}

function row(text: string, tone: LookRow["tone"] = "plain"): LookRow {
  return { text, tone };
}

/** A row without the pieces of values that stand in it once more: beside the place where they were found, in another form, cut. */
function hidden(row: LookRow, secrets: readonly string[]): LookRow {
  const cut = row.text.slice(0, maxRowLength);
  return { ...row, text: secrets.length === 0 ? cut : maskIn(cut, "", secrets) };
}

/** The file as the first parent had it, whatever it was called there. */
async function fileBefore(
  { repository, commit, path }: GitOrigin,
  target: string,
): Promise<{ readonly path: string; readonly bytes: Buffer } | undefined> {
  const { PathHistory } = await import("../../sources/git/path-history.ts");
  const { isAlike } = await import("../../sources/git/blame.ts");
  using history = await PathHistory.open(repository === "" ? target : repository);
  const brought = history.commit(commit?.id ?? "");
  const file = brought === undefined ? undefined : history.file(brought, path);
  const parent = history.commit(brought?.parents[0] ?? "");
  if (brought === undefined || file === undefined || parent === undefined) return undefined;
  const before = history.before(brought, file, parent, isAlike(history.bytes(file.id)));
  const bytes = before === undefined ? undefined : history.bytes(before.id);
  return before === undefined || bytes === undefined || bytes.length > maxBytes
    ? undefined
    : { path: before.path, bytes };
}

/** A new file that is longer is shown around the place alone. */
const maxNewLines = 200;

function differing(
  path: string,
  before: string | undefined,
  after: string,
  { sighting, around }: Read,
): readonly LookRow[] {
  const [old, fresh] = [(before ?? "").split("\n"), after.split("\n")];
  if (before === undefined && fresh.length > maxNewLines) {
    const { from, to } = window(sighting, fresh, around);
    const lines = fresh.slice(from - 1, to).map((text): LookRow => row(`+${text}`, "good"));
    return withPlace(
      [
        row(`${path}: a new file, of ${fresh.length} lines`, "dim"),
        row(`@@ -0,0 +${from},${lines.length} @@`, "strong"),
        ...lines,
      ],
      sighting.startLine,
    );
  }
  let [start, end] = [0, 0];
  while (start < Math.min(old.length, fresh.length) && old[start] === fresh[start]) start++;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  if (Math.max(old.length, fresh.length) - start - end > maxCompared)
    return [{ text: `${path}: too much of it changed to be shown`, tone: "dim" }];
  // What is the same at both ends is left out of the comparison, but for the lines around it and one more, so that no end of the part is taken for the file's; line numbers are those of the part.
  const context = around / 4;
  const from = Math.max(0, start - context - 1);
  const cut = (lines: readonly string[]): string =>
    lines.slice(from, lines.length - Math.max(0, end - context - 1)).join("\n");
  const text = unifiedDiff(path, before === undefined ? undefined : cut(old), cut(fresh), context);
  if (text === "") return [{ text: "the file is the same but for values that are masked", tone: "dim" }];
  const lines = text.trimEnd().split("\n");
  const { startLine } = sighting;
  return placeFirst(
    withPlace(
      lines.map((line) => ({ text: shifted(line, from), tone: toneOf(line) })),
      startLine,
    ),
    startLine,
  );
}

/** The rows of a diff, with that told which is a line of the new file. */
function withPlace(rows: readonly LookRow[], wanted: number): readonly LookRow[] {
  let number: number | undefined;
  return rows.map((one) => {
    const begin = /^@@ .*\+(\d+)/.exec(one.text)?.[1];
    if (begin !== undefined) {
      number = Number(begin);
      return one;
    }
    if (number === undefined || !/^[+ ]/.test(one.text)) return one;
    const isHere = number++ === wanted;
    return isHere ? { ...one, isHere } : one;
  });
}

/** The hunk that holds a line before the others, where all of them are more than is shown. */
function placeFirst(rows: readonly LookRow[], line: number): readonly LookRow[] {
  if (rows.length <= maxRows - maxHeadRows) return rows;
  const starts = rows.flatMap(({ text }, at) => (text.startsWith("@@ ") ? [at] : []));
  const own = starts.findLast((at) => Number(/\+(\d+)/.exec(rows[at]?.text ?? "")?.[1] ?? Infinity) <= line);
  const first = starts[0];
  if (own === undefined || first === undefined || own === first) return rows;
  const next = starts[starts.indexOf(own) + 1] ?? rows.length;
  return [...rows.slice(0, first), ...rows.slice(own, next), ...rows.slice(first, own), ...rows.slice(next)];
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
  return text.split("\n", maxSeenLines).map((line) => ({ text: `│ ${line}`, tone: "plain" }));
}
