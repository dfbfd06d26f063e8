import { constants, inflateRawSync } from "node:zlib";
import { isTooLarge, type Unpacked } from "./inflate.ts";

/** As for other compressed texts (inflate.ts): what grows more is there to fill memory. */
const mostGrowth = 64;
const leastLimit = 1 << 16;
/** An attachment has a few files; what has more is an archive for the readers of archives. */
const mostEntries = 200;

const entryMark = 0x04034b50;
const headBytes = 30;
const stored = 0;
const deflated = 8;
/** The sizes of an entry stand behind it. */
const sizesBehind = 8;
const encrypted = 1;

/**
 * The files of a ZIP archive (APPNOTE 4.3), a line end behind each, also where its end is missing: an attachment of a mail, an archive in a setting. Read from its beginning,
 * entry by entry. What is damaged, encrypted or grows more than sixty-four times ends it.
 */
export function unzipped(packed: Buffer): Unpacked {
  const files: Buffer[] = [];
  let isCut = false;
  let left = Math.max(leastLimit, packed.length * mostGrowth);
  let at = 0;
  while (files.length < 2 * mostEntries && at + headBytes <= packed.length && packed.readUInt32LE(at) === entryMark) {
    const flags = packed.readUInt16LE(at + 6);
    const method = packed.readUInt16LE(at + 8);
    const size = packed.readUInt32LE(at + 18);
    const from = at + headBytes + packed.readUInt16LE(at + 26) + packed.readUInt16LE(at + 28);
    const isOpen = (flags & sizesBehind) !== 0 && size === 0;
    if ((flags & encrypted) !== 0 || (method !== stored && method !== deflated) || (isOpen && method === stored)) break;
    const body = packed.subarray(from, isOpen ? packed.length : from + size);
    const file = method === stored ? { text: body, isCut: body.length > left } : inflatedRaw(body, left);
    isCut = file?.isCut === true;
    if (file === undefined || isCut) break;
    left -= file.text.length;
    files.push(file.text, lineEnd);
    at = isOpen ? nextEntry(packed, from) : from + size;
  }
  return { text: Buffer.concat(files), isCut: isCut || files.length === 2 * mostEntries };
}

const lineEnd = Buffer.from("\n");

/** Undefined for what is damaged. */
function inflatedRaw(body: Buffer, limit: number): Unpacked | undefined {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: Math.max(1, limit) };
    return { text: inflateRawSync(body, options), isCut: false };
  } catch (error) {
    return isTooLarge(error) ? { text: Buffer.alloc(0), isCut: true } : undefined;
  }
}

const markBytes = Buffer.from("504b0304", "hex");

function nextEntry(packed: Buffer, from: number): number {
  const next = packed.indexOf(markBytes, from);
  return next < 0 ? packed.length : next;
}
