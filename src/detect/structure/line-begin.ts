import { fill, pass, separate, type Reading } from "./reading.ts";
import { labelJoint, type Block } from "./tree.ts";

/**
 * What stands at the begin of a line outside of brackets: the indentation that opens and closes blocks of YAML, sections of INI and TOML, borders
 * of documents.
 */

const lineFeed = 10;
/** `---` of YAML, and the fences of Markdown. */
const documentBorder = /(?:---|\.\.\.|```|~~~)[^\n]{0,40}(?=\n|$)/y;
const sectionLine =
  /(\[\[?)[ \t]*([^[\]\n={},]{1,120}|[\w.-]*"[^"\n]{1,100}")[ \t]*\]\]?[ \t]*(?:[#;][^\n]*)?(?=\r?\n|$)/y;
const yamlKey =
  /(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'|([^\s"'#{}[\],&*!|>%@`:=()<;\\-][^\s\n:#=(){}[\]"'<>;,]{0,100}(?: [^\s\n:#=(){}[\]"'<>;,]{1,40}){0,3}))[ \t]*:(?=[ \t\r\n]|$)/y;
/** A comment's sign is blank: settings that are commented out are settings. */
const commentSign = /(?:#+|\/\/+|;+|\*|--)[ \t]*/y;
/** A statement that gives a name its value without a sign between them. */
const statement = /(?:ENV|setenv|setx|set -g?x|#define)[ \t]{1,8}([A-Za-z_][\w.]{0,100})[ \t]{1,8}(?=[^\s=])/y;
/** One variable in a list: `- NAME=value`. */
const listedVariable = /["']?[A-Za-z_][\w.]{0,100}=/y;
const blockScalar = /(?:[!&][^\s]{1,60}[ \t]+)?(?:[|>][-+0-9]{0,3})?[ \t]*(?:#[^\n]*)?\r?(?=\n|$)/y;
/** A type between a name and its value: `password: str = "…"`. */
const typed = /[\w.[\]| ]{1,40}[ \t]*=[ \t]*(?![=\s]|$)/y;
/** What stands before a name that is declared with its type: `const NAME: &str`. */
const declared = /^(?:(?:pub|const|let|var|val|mut|static|final|export|public|private|readonly) )+/;
/** Words that end in a colon in source code. */
const codeWords =
  /^(?:(?:else|try|finally|except|default|do|public|private|protected|signals|then)$|(?:for|if|elif|while|with|class|def|async|except|case|when|return|lambda|on) )/;

/** Reads the begin of the line at `at`; gives where the rest of it begins. */
export function beginLine(reading: Reading, at: number): number {
  const { text, tree } = reading;
  reading.bracketsBefore = tree.brackets;
  if (tree.brackets > 0) return at;
  let from = skipBlanks(text, at);
  if (from >= text.length || text.charCodeAt(from) === lineFeed || text.charCodeAt(from) === 13) return from;
  const border = from === at ? match(documentBorder, text, from) : undefined;
  if (border !== undefined) {
    openSection(reading, undefined, -1);
    return from + border[0].length;
  }
  const first = text[from]!;
  const stated = "Es#".includes(first) ? match(statement, text, from) : undefined;
  if (stated !== undefined) {
    tree.enter(tree.top, stated[1]!, from, "=");
    return from + stated[0].length;
  }
  const sign = "#/;*-".includes(first) ? match(commentSign, text, from) : undefined;
  if (sign !== undefined && text[from + sign[0].length] !== "-") from += sign[0].length;
  const section = text[from] === "[" ? match(sectionLine, text, from) : undefined;
  if (section !== undefined) {
    openTable(reading, section[2]!.trim(), section[1] === "[[", from - at);
    return from + section[0].length;
  }
  const isItem = text[from] === "-";
  while (text[from] === "-" && /[ \t]/.test(text[from + 1] ?? "")) {
    const column = from - at;
    from = skipBlanks(text, from + 1);
    openItem(reading, column, match(listedVariable, text, from) !== undefined);
  }
  const key = hasColon(reading, from) ? match(yamlKey, text, from) : undefined;
  if (key === undefined) {
    if (isItem && /[^\s"'`{[(]/.test(text[from] ?? " ")) tree.top.strings.push(from, bareEnd(text, from));
    return from;
  }
  const name = key[1] ?? key[2] ?? key[3]!.replace(declared, "");
  return beginEntry(reading, name, from, from + key[0].length, from - at);
}

/** Whether a colon stands in the rest of the line: most lines of source code have none. */
function hasColon(reading: Reading, from: number): boolean {
  const { text } = reading;
  if (reading.colon < from) {
    const next = text.indexOf(":", from);
    reading.colon = next < 0 ? Infinity : next;
  }
  return reading.colon < lineEnd(text, from);
}

function beginEntry(reading: Reading, name: string, start: number, behind: number, column: number): number {
  const { text, tree } = reading;
  const scalar = match(blockScalar, text, behind + blanks(text, behind));
  if (scalar !== undefined) {
    if (codeWords.test(name)) return behind;
    closeTo(reading, column);
    tree.push("map", name, column);
    return behind + blanks(text, behind) + scalar[0].length;
  }
  closeTo(reading, column);
  const entry = tree.enter(tree.top, name, start, ":");
  if (entry === undefined) return behind;
  let from = skipBlanks(text, behind);
  const type = match(typed, text, from);
  if (type !== undefined) from += type[0].length;
  else if (!/["'`{[(!&]/.test(text[from] ?? "")) {
    const to = bareEnd(text, from);
    fill(entry, from, to, text.slice(from, to), false);
    pass(reading, start, from, "other");
    pass(reading, from, to, "bare");
    separate(reading, to);
    return lineEnd(text, to);
  }
  return from;
}

/** Closes what indentation opened at this column or further right. */
function closeTo({ tree }: Reading, column: number): void {
  while ((isIndented(tree.top) && tree.top.indent >= column) || (isSection(tree.top) && tree.top.indent > column))
    tree.pop();
}

function openItem({ tree, isWhole }: Reading, column: number, isVariable: boolean): void {
  while (isIndented(tree.top) && (tree.top.indent > column || (tree.top.kind === "item" && tree.top.indent === column)))
    tree.pop();
  const list = tree.top;
  const index = list.items++;
  if (isVariable) return;
  const item = tree.push("item", undefined, column);
  if (item !== list) item.index = list.parent === undefined && !isWhole ? "unknown" : index;
}

/** Opens a section: the ones before it end, as does all that is indented no less. */
export function openSection({ tree }: Reading, label: string | undefined, column: number): Block {
  while ((isIndented(tree.top) || isSection(tree.top)) && tree.top.indent >= column) tree.pop();
  return tree.push("section", label, column);
}

function openTable(reading: Reading, name: string, isList: boolean, column: number): void {
  const section = openSection(reading, undefined, column);
  section.label = Array.from(
    name.matchAll(/"([^"]*)"|'([^']*)'|[^\s."']+/g),
    (part) => part[1] ?? part[2] ?? part[0],
  ).join(labelJoint);
  if (!isList) return;
  const { parent } = section;
  const before = parent?.children.filter((other) => other !== section && other.label === section.label) ?? [];
  section.index = parent?.parent === undefined && !reading.isWhole ? "unknown" : before.length;
}

function isIndented({ kind }: Block): boolean {
  return kind === "map" || kind === "item";
}

function isSection({ kind }: Block): boolean {
  return kind === "section";
}

/** A bare value is cut here: nobody names a user or a host so long, and a line may have no end. */
const longestBare = 256;

/** Where a bare value ends: before a comment, blanks and the line's end. */
export function bareEnd(text: string, from: number): number {
  const end = Math.min(lineEnd(text, from), from + longestBare);
  const comment = text.slice(from, end).search(/[ \t]#/);
  let to = comment < 0 ? end : from + comment;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return to;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Where the blanks at `from` end. */
export function skipBlanks(text: string, from: number): number {
  return from + blanks(text, from);
}

function blanks(text: string, from: number): number {
  let to = from;
  while (isBlank(text.charCodeAt(to)) && text.charCodeAt(to) !== 13) to++;
  return to - from;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 0;
}

/** A match of a sticky regex at an offset. */
export function match(regex: RegExp, text: string, at: number): RegExpExecArray | undefined {
  regex.lastIndex = at;
  return regex.exec(text) ?? undefined;
}
