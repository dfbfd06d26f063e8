import { realpathSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { readFileIfThere } from "../whole-file.ts";
import { messageOf, type StoreFault } from "./pack-folder.ts";

/** Alternates may point at folders that have alternates; git stops at five. */
const maxAlternateDepth = 5;
/** A list of ten thousand folders, each with such a list, is not followed to its end. */
const maxFolders = 1000;
/** So many folders with the longest paths there are. */
const maxListBytes = 1 << 22;

/**
 * Object folders and those that they borrow from (gitrepository-layout, `objects/info/alternates`), each once however it is named, absolute, the
 * given ones first. Folders that are not there, or that are not looked at, are listed in `faults`.
 */
export function withAlternates(objects: readonly string[], faults: StoreFault[]): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  let queue = objects.map((folder) => resolve(folder));
  for (let depth = 0; queue.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of queue) {
      const real = realPath(folder);
      if (real === undefined) {
        faults.push({ subject: folder, message: "object folder is missing" });
        continue;
      }
      if (seen.has(real)) continue;
      seen.add(real);
      if (found.length === maxFolders || depth > maxAlternateDepth) {
        const why = depth > maxAlternateDepth ? `nested deeper than ${maxAlternateDepth}` : `more than ${maxFolders}`;
        faults.push({ subject: folder, message: `object folder is not read: alternates are ${why}` });
        // One line says it: a hostile list names a million.
        return found;
      }
      found.push(folder);
      for (const listed of listedIn(folder, faults)) next.push(listed);
    }
    queue = next;
  }
  return found;
}

/** One folder a line, relative to this one; `#` begins a comment, and a name in quotes is written as in C. */
function listedIn(folder: string, faults: StoreFault[]): string[] {
  const list = join(folder, "info", "alternates");
  let text: string;
  try {
    text = readFileIfThere(list, maxListBytes)?.toString("utf8") ?? "";
  } catch (error) {
    faults.push({ subject: list, message: `where objects are borrowed from is not known: ${messageOf(error)}` });
    return [];
  }
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => unquote(line))
    .map((line) => (isAbsolute(line) ? resolve(line) : resolve(folder, line)));
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, "\\": 92, '"': 34 };

/** A name as git quotes it: `"a\\tb"`; anything else is what it says. */
export function unquote(text: string): string {
  const inner = /^"((?:[^"\\]|\\(?:[abfnrtv"\\]|[0-3][0-7]{2}))*)"$/s.exec(text)?.[1];
  if (inner === undefined) return text;
  const bytes: Buffer[] = [];
  for (const [part] of inner.matchAll(/\\[0-3][0-7]{2}|\\.|[^\\]+/gs)) {
    const code = part.slice(1);
    if (!part.startsWith("\\")) bytes.push(Buffer.from(part));
    else bytes.push(Buffer.from([escapes[code] ?? Number.parseInt(code, 8)]));
  }
  return Buffer.concat(bytes).toString("utf8");
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync(folder);
  } catch {
    return undefined;
  }
}
