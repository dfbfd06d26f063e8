/** Changes the text of a configuration and leaves all else in it as it is: comments, order, line ends. What comes out is to be loaded before it is written. */

/** Where a part of a text stands. In UTF-16 units. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** The `[[rules]]` block of a rule, with its tables, up to the next block; comments before the next one, or at the end, are no part of it. Undefined where there is none; of several the last, which counts. */
export function ruleBlock(text: string, id: string): TextSpan | undefined {
  const headers = headersOf(text);
  for (let at = headers.length - 1; at >= 0; at--) {
    const header = headers[at]!;
    if (!/^\[\[\s*rules\s*\]\]/i.test(header.text)) continue;
    const next = headers.slice(at + 1).find((one) => !/^\[\[?\s*rules\s*\./i.test(one.text));
    const end = withoutComments(text, next?.start ?? text.length);
    // Keys of its own stand before the first table inside of it.
    const keysEnd = headers[at + 1]?.start ?? text.length;
    if (idIn(text.slice(header.start, keysEnd)) === id) return { start: header.start, end };
  }
  return undefined;
}

/** The text with `block` in place of the block of the rule, or at its end where there is none. */
export function withRule(text: string, id: string, block: string): string {
  const span = ruleBlock(text, id);
  if (span === undefined) return withBlock(text, block);
  return text.slice(0, span.start) + written(block, lineEndOf(text)) + text.slice(span.end);
}

/** The block of a rule with another value of one of its own keys, or with the key behind its id. `value`: TOML. */
export function withKey(block: string, key: string, value: string): string {
  const statements = statementsOf(block);
  const tables = statements.filter((one) => one.text.startsWith("["));
  const own = statements.filter(({ start }) => start < (tables[1]?.start ?? block.length));
  const isKey = (name: string) => (one: Statement) =>
    new RegExp(`^(?:${name}|"${name}"|'${name}')\\s*=`, "i").test(one.text);
  const before = own.find(isKey(key));
  const line = `${key} = ${value}`;
  if (before !== undefined)
    return block.slice(0, before.start) + line + block.slice(before.start + before.text.trimEnd().length);
  const id = own.find(isKey("id")) ?? tables[0];
  const at = id === undefined ? 0 : id.start + id.text.trimEnd().length;
  return `${block.slice(0, at)}${lineEndOf(block)}${line}${block.slice(at)}`;
}

/** The text with a block more at its end. */
export function withBlock(text: string, block: string): string {
  const end = lineEndOf(text);
  const before = text === "" || text.endsWith("\n") ? text : text + end;
  return before + (before === "" ? "" : end) + written(block, end);
}

function written(block: string, end: string): string {
  return block.trimEnd().split(/\r?\n/).join(end) + end;
}

function lineEndOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function idIn(block: string): string | undefined {
  const [, basic, literal] = /^\s*(?:id|"id"|'id')\s*=\s*(?:"([^"\\\n]*)"|'([^'\n]*)')/im.exec(block) ?? [];
  return (basic ?? literal)?.trim();
}

/** Where the comments begin that stand right before a place, with blank lines between them. */
function withoutComments(text: string, place: number): number {
  let at = place;
  for (;;) {
    const start = text.lastIndexOf("\n", at - 2) + 1;
    if (at <= 0 || !/^\s*(?:#.*)?\r?\n?$/.test(text.slice(start, at))) return at;
    at = start;
  }
}

interface Statement {
  readonly start: number;
  readonly text: string;
}

/** Lines that begin a table. */
function headersOf(text: string): readonly Statement[] {
  return statementsOf(text).filter((one) => one.text.startsWith("["));
}

/** Lines that begin a table, and keys with all of their value: not the lines inside of texts of several lines, or of lists. Comments behind them are part of them. */
function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let at = 0;
  let depth = 0;
  let start = -1;
  const ended = (end: number): void => {
    if (start >= 0) statements.push({ start, text: text.slice(start, end) });
    start = -1;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 3);
    const [character = ""] = rest;
    if (character === "\n" && depth === 0) {
      ended(at);
      at += 1;
    } else if (character === "#") at = lineEnd(text, at);
    else if (start < 0 && depth === 0 && character === "[") {
      start = at;
      at = lineEnd(text, at);
    } else {
      if (start < 0 && depth === 0 && !/\s/.test(character)) start = at;
      if (rest === '"""' || rest === "'''") at = closing(text, at + 3, rest);
      else if (character === '"' || character === "'") at = closing(text, at + 1, character);
      else {
        if (character === "[" || character === "{") depth += 1;
        if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
        at += 1;
      }
    }
  }
  ended(text.length);
  return statements;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Behind the quotes that end a text. One of a line ends with it, whatever is wrong with it. */
function closing(text: string, from: number, quotes: string): number {
  const isLong = quotes.length === 3;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\" && quotes.startsWith('"')) at += 1;
    else if (!isLong && text[at] === "\n") return at;
    else if (text.startsWith(quotes, at)) return at + quotes.length;
  }
  return text.length;
}
