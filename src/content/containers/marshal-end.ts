/** Bytes behind a type of one size. */
const sized = new Map(Object.entries({ 0: 0, N: 0, F: 0, T: 0, S: 0, ".": 0, i: 4, r: 4, I: 8, g: 8, y: 16 }));
/** Types with a length of so many bytes, and what it counts: bytes, or values that follow. */
const lengths = { s: 4, t: 4, u: 4, a: 4, A: 4, f: 1, z: 1, Z: 1 };
const counts = { "(": 4, ")": 1, "[": 4, "<": 4, ">": 4 };
const counted = new Map(Object.entries({ ...lengths, ...counts }));
const isList = new Set(Object.keys(counts));
/** A value in a dictionary stands behind its key; this type ends the list. */
const endOfPairs = "0";

/** What the code object of a version is made of: numbers of four bytes and values, as they follow each other. */
interface CodeParts {
  readonly numbers: number;
  /** Values before the line number, and behind it. */
  readonly before: number;
  readonly behind: number;
}

/** By the version in the file's first two bytes: Python 3.7; 3.8 to 3.10; from 3.11 on. */
function codeParts(version: number): CodeParts {
  if (version >= 3450) return { numbers: 5, before: 8, behind: 2 };
  return { numbers: version >= 3400 ? 6 : 5, before: 8, behind: 1 };
}

/** In place of a number of values: a line number, and what a dictionary holds up to its end. */
const [lineNumber, pairs] = [-1, -2];
/** So much that is open at once is made to be counted. */
const mostOpen = 10_000;

/** Whether a compiled Python module breaks off before its code ends; false as well where a type is unknown. @param from where its code begins */
export function isCutModule(file: Buffer, from: number): boolean {
  const { numbers, before, behind } = codeParts(file.readUInt16LE(0));
  /** How many values are still to come, of what lies around each other. */
  const open: number[] = [1];
  let at = from;
  while (open.length > 0 && open.length < mostOpen) {
    const left = open.pop()!;
    if (left === 0) continue;
    if (left === lineNumber) {
      at += 4;
      continue;
    }
    if (at >= file.length) return true;
    const type = String.fromCharCode(file[at++]! & 0x7f);
    if (left !== pairs) open.push(left - 1);
    else if (type !== endOfPairs) open.push(pairs);
    const size = sized.get(type);
    const lengthBytes = counted.get(type);
    if (size !== undefined) at += size;
    else if (lengthBytes !== undefined) {
      if (at + lengthBytes > file.length) return true;
      const length = file.readUIntLE(at, lengthBytes);
      at += lengthBytes;
      if (isList.has(type)) open.push(length);
      else at += length;
    } else if (type === "c") {
      at += 4 * numbers;
      open.push(behind, lineNumber, before);
    } else if (type === "{") open.push(pairs);
    else if (type === ":") open.push(3);
    else if (type === "x") {
      for (let part = 0; part < 2; part++) at += 1 + (file[at] ?? 0);
    } else if (type === "l") {
      if (at + 4 > file.length) return true;
      at += 4 + 2 * Math.abs(file.readInt32LE(at));
    } else return false;
  }
  return at > file.length;
}
