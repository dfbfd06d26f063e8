/** One write for each line would be slow, one for all of them would fill the memory. */
const pieceChars = 1 << 16;

/** Joins lines to pieces of 64 Ki characters or a line more, each line with its end. */
export function* linePieces(lines: Iterable<string>): Iterable<string> {
  let piece = "";
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
