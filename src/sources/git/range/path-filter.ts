import { usageError } from "./usage.ts";
import { fixedPart, hasWildcard, matchesWildcard } from "./wildcard.ts";

/** Which paths count. Paths are those of trees: from the top of the repository, with slashes. */
export interface PathFilter {
  /** Whether a file counts. */
  readonly takes: (path: string) => boolean;
  /** Whether something in a folder can count; `folder` ends with a slash, empty is the top. */
  readonly canHold: (folder: string) => boolean;
}

interface Pattern {
  readonly text: string;
  readonly isExcluded: boolean;
  readonly ignoreCase: boolean;
  readonly kind: "plain" | "wildcard" | "glob";
}

const shortMagic: Readonly<Record<string, string>> = { "/": "top", "!": "exclude", "^": "exclude" };

/**
 * Reads paths as git's pathspecs: names of files and folders, wildcards, `:(exclude)` and `:!`, `:(icase)`, `:(glob)`, `:(literal)`, `:(top)`.
 * Gives undefined for none: then every path counts. Throws ToolError `usage` for other kinds.
 */
export function readPathFilter(words: readonly string[]): PathFilter | undefined {
  if (words.length === 0) return undefined;
  const patterns = words.map(readPattern);
  const excluded = patterns.filter(({ isExcluded }) => isExcluded);
  const wanted = patterns.filter(({ isExcluded }) => !isExcluded);
  const isWanted = (path: string): boolean => wanted.length === 0 || wanted.some((pattern) => matches(pattern, path));
  return {
    takes: (path) => isWanted(path) && !excluded.some((pattern) => matches(pattern, path)),
    canHold: (folder) => folder === "" || wanted.length === 0 || wanted.some((pattern) => canMatchIn(pattern, folder)),
  };
}

function readPattern(word: string): Pattern {
  const magic: string[] = [];
  let text = word;
  const long = /^:\(([^)]*)\)/.exec(word);
  if (long !== null) {
    magic.push(...long[1]!.split(",").filter((name) => name !== ""));
    text = word.slice(long[0].length);
  } else if (word.startsWith(":") && word !== ":") {
    let at = 1;
    for (; shortMagic[word[at] ?? ""] !== undefined; at++) magic.push(shortMagic[word[at]!]!);
    // A second colon ends the marks.
    text = word.slice(word[at] === ":" ? at + 1 : at);
    if (at === 1 && text !== "" && word[1] !== ":" && /^[^\w.]/.test(text))
      throw usageError(
        `the path ${word} has a mark that is not known`,
        "Write :(literal) before a name that begins with a colon.",
      );
  } else if (word === ":") text = "";
  for (const name of magic) {
    if (!["top", "exclude", "icase", "glob", "literal"].includes(name))
      throw usageError(`:(${name}) in the path ${word} is not known`, "Known are top, exclude, icase, glob, literal.");
  }
  const path = normalised(text, word);
  const isGlob = magic.includes("glob");
  return {
    text: path,
    isExcluded: magic.includes("exclude"),
    ignoreCase: magic.includes("icase"),
    kind: magic.includes("literal") || !hasWildcard(path) ? "plain" : isGlob ? "glob" : "wildcard",
  };
}

/** Without `./`, `//` and what `..` takes back. */
function normalised(path: string, word: string): string {
  if (path.startsWith("/"))
    throw usageError(`the path ${word} is absolute`, "Paths begin at the top of the repository.");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined)
      throw usageError(`the path ${word} leads out of the repository`, "Paths begin at the top of the repository.");
  }
  return parts.join("/") + (path.endsWith("/") && parts.length > 0 ? "/" : "");
}

function matches({ text, ignoreCase, kind }: Pattern, path: string): boolean {
  const fold = (one: string): string => (ignoreCase ? one.toLowerCase() : one);
  // What is named matches itself and, where it is a folder, all that is in it; also when it looks like a pattern.
  const name = fold(text.endsWith("/") ? text.slice(0, -1) : text);
  const subject = fold(path);
  if (name === "" || (subject === name && !text.endsWith("/")) || subject.startsWith(`${name}/`)) return true;
  return kind !== "plain" && matchesWildcard(text, path, { ignoreCase, slashStops: kind === "glob" });
}

function canMatchIn({ text, ignoreCase, kind }: Pattern, folder: string): boolean {
  const fixed = kind === "plain" ? text : fixedPart(text);
  const [a, b] = ignoreCase ? [fixed.toLowerCase(), folder.toLowerCase()] : [fixed, folder];
  return a.startsWith(b) || b.startsWith(kind === "plain" && !a.endsWith("/") && a !== "" ? `${a}/` : a);
}
