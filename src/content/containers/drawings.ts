import { constants, inflateRawSync, inflateSync } from "node:zlib";
import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** A drawing beyond this is a picture that somebody put into it. */
const mostBytes = 32 << 20;
/** One page of a drawing, or one text of a picture, expanded. */
const mostExpanded = 16 << 20;
/** What all of them may come to, for each byte of the file. */
const mostRatio = 100;
/** Pages of one drawing. */
const mostPages = 10_000;

const pageTag = "diagram";
/** What a page's tag says of it, at most. */
const longestTag = 4096;
/** Where a tag ends, in XML or in XML that is written in an attribute, and base64 behind it. */
const tagEnd = />|&gt;/;
const packedPage = /\s{0,100}([A-Za-z0-9+/]{16,}={0,2})/y;
/** PNG's signature, and what a chunk has around its data (PNG specification, 5.3). */
const pngMagic = Buffer.from("89504e470d0a1a0a", "hex");
const chunkBytes = 12;
/** Pictures of some hundred megabytes have thirty thousand. */
const mostChunks = 1 << 20;
/** A keyword has 79 letters at most (11.3.3). */
const mostKeyword = 80;
/** The keyword of a drawing in a picture of itself. */
const drawingKey = "mxfile";

/** Whether XML begins as a drawing of diagrams.net does, or a picture that holds one. */
export function isDrawing(head: Buffer): boolean {
  return /(?:<|&lt;)mxfile\b/.test(head.toString("latin1"));
}

/** Whether a picture may have packed texts: they stand before its pixels, and the begin shows them or the pixels. */
export function isPngWithText(head: Buffer): boolean {
  if (!head.subarray(0, pngMagic.length).equals(pngMagic)) return false;
  return ["zTXt", "iTXt", `tEXt${drawingKey}`].some((type) => head.includes(type)) || !head.includes("IDAT");
}

/** The pages of a drawing: each is packed by deflate and written in base64, under its percent signs the XML. */
export function* drawingMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  yield* pagesOf(bytes.read(0, Math.min(bytes.size, mostBytes)).toString("latin1"), report);
}

function* pagesOf(xml: string, report: ReportFault): Generator<Member, void> {
  let left = Math.max(mostExpanded, mostRatio * xml.length);
  let count = 0;
  for (let at = xml.indexOf(pageTag); at >= 0; at = xml.indexOf(pageTag, at)) {
    const end = tagEnd.exec(xml.slice(at, at + longestTag));
    at += end === null ? longestTag : end.index + end[0].length;
    packedPage.lastIndex = at;
    const packed = packedPage.exec(xml)?.[1];
    if (packed === undefined) continue;
    at += packed.length;
    if (++count > mostPages || left <= 0) return report(lost("bomb", "", "has more pages than are read"));
    const text = expanded(Buffer.from(packed, "base64"), inflateRawSync);
    if (text === undefined) continue;
    left -= text.length;
    yield { name: "", chunks: [unescaped(text)] };
  }
}

/** Packed texts of a picture (zTXt, iTXt), and the drawing that it is a picture of. Chunks of which the length leads outside end it. */
export function* pngMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  let left = Math.max(mostExpanded, mostRatio * bytes.size);
  let chunks = 0;
  for (let at = pngMagic.length; at + chunkBytes <= bytes.size;) {
    if (++chunks > mostChunks) return report(lost("bomb", "", "has more chunks than are read"));
    const head = bytes.read(at, 8);
    const length = head.readUInt32BE(0);
    const type = head.toString("latin1", 4);
    if (type === "zTXt" || type === "iTXt" || type === "tEXt") {
      if (left <= 0) return report(lost("bomb", "", "has more packed texts than are read"));
      const data = bytes.read(at + 8, Math.min(length, mostBytes));
      const text = textOf(type, data);
      left -= (text?.data.length ?? 0) + chunkBytes;
      if (text === undefined) report(lost("archive-corrupt", "", "has a packed text that is damaged"));
      else if (text.key === drawingKey) yield* pagesOf(unescaped(text.data).toString("latin1"), report);
      else if (text.isPacked) yield { name: "", chunks: [text.data] };
    }
    at += chunkBytes + length;
  }
}

interface Text {
  readonly key: string;
  readonly data: Buffer;
  readonly isPacked: boolean;
}

/** A keyword, then how the text is packed, then the text (11.3.3). Undefined where it cannot be expanded. */
function textOf(type: string, data: Buffer): Text | undefined {
  const end = data.subarray(0, mostKeyword).indexOf(0);
  if (end < 0) return undefined;
  const key = data.toString("latin1", 0, end);
  if (type === "tEXt") return { key, data: data.subarray(end + 1), isPacked: false };
  // zTXt names its method alone, iTXt first says whether there is one, and has two more texts before its own: language and keyword.
  const isPacked = type === "zTXt" || data[end + 1] === 1;
  let from = end + 2;
  if (type === "iTXt") {
    const language = data.indexOf(0, end + 3);
    const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
    if (translated < 0) return undefined;
    from = translated + 1;
  }
  const stored = data.subarray(from);
  const text = isPacked ? expanded(stored, inflateSync) : stored;
  return text && { key, data: text, isPacked };
}

function expanded(packed: Buffer, inflate: typeof inflateSync): Buffer | undefined {
  try {
    return inflate(packed, { maxOutputLength: mostExpanded, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/** Without percent signs; one that is none stays. */
function unescaped(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let size = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text[at] === 0x25 ? Number.parseInt(text.toString("latin1", at + 1, at + 3), 16) : Number.NaN;
    const isCode = code >= 0 && /^[0-9a-f]{2}$/i.test(text.toString("latin1", at + 1, at + 3));
    out[size++] = isCode ? code : text[at]!;
    if (isCode) at += 2;
  }
  return out.subarray(0, size);
}
