import { behindPdf } from "./behind-document.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { inflate, type InflateOutcome } from "./inflate.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { plainFilters } from "./pdf-filters.ts";

/** How far before its data the dictionary of a stream is looked for. */
const longestDictionary = 4_096;
/** Bytes searched at once. */
const searchBytes = 1 << 20;
/** Texts beyond this are not put together: they are scanned as the stream has them. */
const mostText = 8 << 20;

const streamWord = Buffer.from("stream");
const endMark = Buffer.from("end");
/** Pictures, by what they are or by their filters: points of colour, a hundred times what is stored. */
const pictures = /\/(?:Subtype\s*\/Image|DCTDecode|JPXDecode|CCITTFaxDecode|JBIG2Decode)\b/;

/** Filters that lie around text, the outermost first (7.4.1); LZW is the one that is not taken off. */
const filters = /\/(FlateDecode|Fl|LZWDecode|LZW|ASCII85Decode|A85|ASCIIHexDecode|AHx|RunLengthDecode|RL)\b/g;
/** Filters around each other that are taken off. */
const mostLayers = 4;

/**
 * The packed streams of a PDF file (ISO 32000), each as it stands, and those that show text as that text: what is shown is often cut into single letters. Pictures hold none.
 * Streams that are not compressed were scanned with the file. Text in fonts of other codes than ASCII's is not read.
 */
export function* pdfMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const tail = bytes.read(Math.max(0, bytes.size - 2_048), 2_048).toString("latin1");
  if (/\/Encrypt\s+\d/.test(tail)) {
    report(lost("encrypted", "", "is an encrypted PDF file"));
    yield* behindPdf(bytes);
    return;
  }
  for (const word of streamWords(bytes)) {
    const from = Math.max(0, word - longestDictionary);
    const before = bytes.read(from, word - from).toString("latin1");
    const dictionary = before.slice(Math.max(0, before.lastIndexOf(" obj")));
    const number = objectNumber(before) ?? String(word);
    const at = word + streamWord.length;
    if (pictures.test(dictionary)) continue;
    const layers = Array.from(dictionary.matchAll(filters), ([, filter]) => filter!);
    const name = `object ${number}`;
    if (layers.some((filter) => filter.startsWith("LZW")) || layers.length > mostLayers) {
      report(lost("unsupported", name, "a stream of the PDF file has a filter that is not read"));
      continue;
    }
    if (layers.length === 0) continue;
    const start = at + (bytes.read(at, 1)[0] === 13 ? 1 : 0) + 1;
    const outcome: InflateOutcome = { isWhole: false };
    const isDeflated = isZlib(bytes.read(start, 2)) && !plainFilters.has(layers[0]!);
    let chunks: Iterable<Uint8Array> = chunksOf(bytes, start);
    layers.forEach((filter, layer) => {
      const plain = plainFilters.get(filter);
      chunks = plain?.(chunks) ?? inflate(new ChunkReader(chunks), "zlib", layer === 0 ? outcome : { isWhole: false });
    });
    yield { name, chunks: withText(chunks) };
    // What does not begin as such is no deflated stream: another filter lies around it.
    if (isDeflated && !outcome.isWhole && outcome.fault !== undefined)
      report(lost("archive-corrupt", name, `a stream of the PDF file is cut off or damaged (${outcome.fault})`));
  }
  yield* behindPdf(bytes);
  if (isCut(bytes)) report(lost("archive-corrupt", "", "the PDF file is cut off: its end is missing"));
}

/** What stands behind the last object: one of these at least (7.5.4 and 7.5.5; a table of references may be an object itself). */
const endWords = ["trailer", "startxref", "%%EOF"].map((word) => Buffer.from(word));
/** A file that is made to be shown page by page tells its length in its first object (Annex F). */
const toldLength = /\/Linearized\b[^>]*\/L\s+(\d{1,15})/;
const firstObject = 1_024;
/** Read at once, from the end on. */
const endBytes = 1 << 16;

/** Whether objects stand behind the last mark of an end, or there is none. A file without objects is none. */
function isCut(bytes: Bytes): boolean {
  if (Number(toldLength.exec(bytes.read(0, firstObject).toString("latin1"))?.[1] ?? 0) > bytes.size) return true;
  const object = /\d \d+ obj\b/;
  for (let from = bytes.size; from > 0;) {
    const to = from;
    from = Math.max(0, from - endBytes);
    // What a border cuts apart stands in the next part.
    const part = bytes.read(from, to - from + longestMark);
    const end = Math.max(...endWords.map((word) => part.lastIndexOf(word)));
    if (object.test(part.toString("latin1", Math.max(0, end)))) return true;
    if (end >= 0) return false;
  }
  return false;
}

/** One of the words, or the number of an object. */
const longestMark = 32;

/** The number of the object whose beginning is the last one in a text: `7 0 obj`. */
function objectNumber(text: string): string | undefined {
  const end = Math.max(0, text.lastIndexOf(" obj"));
  // Both numbers have ten digits at most.
  return /(\d+) \d+$/.exec(text.slice(Math.max(0, end - 21), end))?.[1];
}

/** Whether bytes begin as zlib's (RFC 1950, 2.2). */
function isZlib(head: Buffer): boolean {
  return head.length === 2 && (head[0]! & 15) === 8 && head.readUInt16BE(0) % 31 === 0;
}

/** Where the word `stream` stands, other than in `endstream`. */
function* streamWords(bytes: Bytes): Generator<number, void> {
  for (let at = 0; at < bytes.size; at += searchBytes) {
    // What a file is asked for is read: once for all words in it.
    const begin = Math.max(0, at - endMark.length);
    const part = bytes.read(begin, searchBytes + (at - begin) + streamWord.length);
    for (let found = part.indexOf(streamWord, at - begin); found >= 0; found = part.indexOf(streamWord, found + 1)) {
      if (begin + found >= at + searchBytes) break;
      const isEnd = found >= endMark.length && part.subarray(found - endMark.length, found).equals(endMark);
      const behind = part[found + streamWord.length];
      if (!isEnd && (behind === 10 || behind === 13)) yield begin + found;
    }
  }
}

/** A stream, and behind it the text that it shows. */
function* withText(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const parts: Buffer[] = [];
  let size = 0;
  for (const chunk of chunks) {
    size += chunk.length;
    if (size <= mostText) parts.push(Buffer.from(chunk));
    yield chunk;
  }
  if (size > mostText) return;
  const stream = Buffer.concat(parts).toString("latin1");
  if (/\bT[jJ]\b/.test(stream)) yield Buffer.from(`\n${shownText(stream)}\n`, "latin1");
}

/** Strings in the order in which they are shown (9.4.3); operators that move to another line begin one. */
function shownText(stream: string): string {
  const out: string[] = [];
  const token = /\(|<[0-9a-fA-F\s]*>|\b(?:T[dDm*]|ET)\b|T\*|['"]/g;
  for (let found = token.exec(stream); found !== null; found = token.exec(stream)) {
    const [text] = found;
    if (text === "(") {
      const end = stringEnd(stream, found.index);
      if (end < 0) break;
      out.push(unescape(stream.slice(found.index + 1, end)));
      token.lastIndex = end + 1;
    } else if (text.startsWith("<"))
      out.push(Buffer.from(text.slice(1, -1).replace(/\s/g, ""), "hex").toString("latin1"));
    else out.push("\n");
  }
  return out.join("");
}

/** Where the string that begins at `from` ends: parentheses nest, and `\\` takes the meaning of what follows (7.3.4.2). -1: it does not. */
function stringEnd(stream: string, from: number): number {
  let depth = 0;
  for (let i = from; i < stream.length; i++) {
    const code = stream.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x28) depth++;
    else if (code === 0x29 && --depth === 0) return i;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescape(text: string): string {
  return text.replace(/\\([0-7]{1,3}|\r?\n|[\s\S])/g, (_all, what: string) => {
    if (/^[0-7]/.test(what)) return String.fromCharCode(Number.parseInt(what, 8) & 0xff);
    return what.endsWith("\n") ? "" : (escapes[what] ?? what);
  });
}
