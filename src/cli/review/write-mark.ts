import { constants } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { replaceFile } from "../../disk/index.ts";
import { allowMark, markedLine, maskIn } from "../../findings/index.ts";
import type { Finding } from "../../model/finding.ts";
import { ToolError } from "../../model/problem.ts";
import { codeBehind } from "../../model/thrown.ts";
import type { Proposal } from "../../review/index.ts";
import { lineSpan } from "../explain/explained.ts";
import { fileOf, workingTreeOf } from "./outside.ts";
import { secretAt, type PlaceReading } from "./reading.ts";

/** A larger file is not one that people write comments into. */
const maxBytes = 8 << 20;

/** Puts a mark into the line of a file of the working tree or of a folder, where the secret stands there still. A sentence where that is not possible. */
export async function proposeMark(finding: Finding, place: number, reading: PlaceReading): Promise<Proposal | string> {
  const sighting = finding.sightings[place];
  const named = sighting === undefined ? undefined : fileOf(sighting.origin);
  if (sighting === undefined || named === undefined)
    return "no file of it is here: a mark stands in a file of the working tree";
  if ((await lstat(named)).isSymbolicLink()) return `${named} is a link`;
  const path = await realpath(named);
  // A folder on the way to it can be a link that leads anywhere.
  if (sighting.origin.kind === "git" && !path.startsWith(`${await realpath(workingTreeOf(sighting.origin))}/`))
    return `${named} lies outside of the working tree`;
  const before = await readFile(path);
  const { detector } = await reading.rules();
  // What stands above it may have changed since the scan: then it is looked for in all of the file.
  const detection =
    secretAt(before, finding, sighting, detector) ??
    secretAt(before, finding, { startLine: 1, endLine: Number.MAX_SAFE_INTEGER }, detector);
  if (detection === undefined) return `${named} does not hold it any more`;
  if (detection.startLine !== detection.endLine) return "it goes over several lines: a comment would change it";
  const [from, end] = lineSpan(before, detection.startLine) ?? [0, 0];
  const to = end > from && before[end - 1] === 13 ? end - 1 : end;
  // Latin-1 gives every byte back as it was.
  const line = before.toString("latin1", from, to);
  const marked = markedLine(line, path);
  if ("refusal" in marked) return `${named}: ${marked.refusal}`;
  const after = Buffer.concat([before.subarray(0, from), Buffer.from(marked.line, "latin1"), before.subarray(to)]);
  if (secretAt(after, finding, detection, detector) !== undefined) return "marks in lines do not count in this scan";
  const others = detector.scan(before).detections.map(({ secret }) => secret);
  const shown = (text: string): string =>
    maskIn(Buffer.from(text, "latin1").toString("utf8"), detection.secret, others).slice(0, 400);
  const isOnly = finding.sightings.length === 1;
  return {
    rows: [
      { text: `${named}:${detection.startLine}`, tone: "strong" },
      { text: `- ${shown(line)}`, tone: "alert" },
      { text: `+ ${shown(marked.line)}`, tone: "good" },
      { text: "", tone: "plain" },
      {
        text: "Hides this line from now on, with whatever secret comes there later. If the line is inside of a longer text, the mark becomes a part of that.",
        tone: "plain",
      },
      ...(isOnly
        ? []
        : [{ text: `It has ${finding.sightings.length - 1} other places, which stay.`, tone: "alert" } as const]),
    ],
    async write() {
      try {
        await replaceFile(path, after, async () => {
          if (!(await readFile(path)).equals(before))
            throw new ToolError("unwritable", `${named} has changed meanwhile`);
        });
      } catch (error) {
        if (error instanceof ToolError) throw error;
        throw new ToolError("unwritable", `cannot write ${named}${codeBehind(error)}`, { cause: error });
      }
      const said = `${allowMark} written to ${named}:${detection.startLine}`;
      return { said, hidden: isOnly ? [finding.fingerprint] : [], by: named };
    },
  };
}

async function readFile(path: string): Promise<Buffer> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const facts = await file.stat();
  if (!facts.isFile() || facts.size > maxBytes)
    throw new ToolError("unwritable", `${path} is no file that can be marked`);
  return file.readFile();
}
