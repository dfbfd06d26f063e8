import { ToolError } from "../model/problem.ts";

/** Bytes of one line. What is one finding, or one decision, has some kilobytes; a device without line ends would become one text that no memory holds. */
const longestLine = 1 << 27;

/** The lines of a stream, without their ends. `isStopped`: nobody wants more. Throws ToolError for a line that is longer than any report has. */
export async function* linesIn(
  input: AsyncIterable<Buffer>,
  name: string,
  isStopped: () => boolean = () => false,
  longest: number = longestLine,
): AsyncGenerator<string, void> {
  let begun: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of input) {
      let from = 0;
      for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
        const last = piece.subarray(from, end);
        yield textOf(begun.length === 0 ? last : Buffer.concat([...begun, last]));
        if (isStopped()) return;
        begun = [];
        size = 0;
        from = end + 1;
      }
      if (from === piece.length) continue;
      begun.push(piece.subarray(from));
      size += piece.length - from;
      if (size > longest)
        throw new ToolError("record-invalid", `a line of ${name} is longer than ${longest} bytes`, {
          hint: "Give a report that was written with -f jsonl.",
        });
    }
  } catch (error) {
    // A stream that is closed meanwhile says so.
    if (!isStopped()) throw error;
    return;
  }
  if (begun.length > 0) yield textOf(Buffer.concat(begun));
}

function textOf(line: Buffer): string {
  const end = line.length > 0 && line[line.length - 1] === 13 ? line.length - 1 : line.length;
  return line.toString("utf8", 0, end);
}
