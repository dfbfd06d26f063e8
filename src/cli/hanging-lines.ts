import { loadWidths, wrap } from "../report/index.ts";
import { columnsOf, type OutputStream } from "./text-output.ts";

/** What goes on in the next line stands so far behind where its line began. */
const further = 2;

/** Lines broken between words to fit a terminal, each going on a little further in; unchanged elsewhere. `isKept`: lines that are copied as they are. */
export async function hangingLines(
  lines: Iterable<string>,
  stream: OutputStream,
  isKept: (line: string) => boolean = () => false,
): Promise<Iterable<string>> {
  const width = columnsOf(stream);
  if (!Number.isFinite(width)) return lines;
  await loadWidths();
  return broken(lines, width, isKept);
}

function* broken(lines: Iterable<string>, width: number, isKept: (line: string) => boolean): Iterable<string> {
  for (const line of lines) {
    if (isKept(line)) {
      yield line;
      continue;
    }
    const begin = " ".repeat(Math.min(line.length - line.trimStart().length, width >> 2));
    // The first piece may be longer than those that hang, by as much as they stand further in.
    const pieces = wrap(line.trimStart(), width - begin.length - further);
    for (const [i, piece] of pieces.entries()) yield `${begin}${i === 0 ? "" : " ".repeat(further)}${piece}`;
  }
}
