/** What every text is thought to have before it ([MS-OXRTFCP] 2.1.2.1). */
const before = Buffer.from(
  "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx",
  "latin1",
);
const headBytes = 16;
const packed = 0x75465a4c;
const windowBytes = 4096;
/** A copy of two bytes makes up to seventeen. */
const mostRatio = 9;

/** The text of a mail as Outlook packs it ([MS-OXRTFCP] 2.2), as far as it can be read. Undefined where it is none. */
export function unrtf(stream: Buffer): Buffer | undefined {
  if (stream.length < headBytes || stream.readUInt32LE(8) !== packed) return undefined;
  const window = Buffer.alloc(windowBytes);
  let at = before.copy(window);
  const output = Buffer.allocUnsafe(mostRatio * stream.length);
  let size = 0;
  const put = (byte: number): void => {
    window[at] = byte;
    at = (at + 1) % windowBytes;
    output[size++] = byte;
  };
  for (let next = headBytes; next < stream.length;) {
    const flags = stream[next++]!;
    for (let bit = 0; bit < 8 && next < stream.length; bit++) {
      if (((flags >> bit) & 1) === 0) {
        put(stream[next++]!);
        continue;
      }
      if (next + 2 > stream.length) break;
      const token = stream.readUInt16BE(next);
      next += 2;
      let from = token >> 4;
      // Where it stands itself is the end.
      if (from === at) return output.subarray(0, size);
      for (let left = (token & 15) + 2; left > 0; left--, from = (from + 1) % windowBytes) put(window[from]!);
    }
  }
  return output.subarray(0, size);
}
