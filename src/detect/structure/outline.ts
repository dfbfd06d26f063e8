import { bareEnd, beginLine, match, openSection, skipBlanks } from "./line-begin.ts";
import { readTag } from "./markup.ts";
import { closeEntry, fill, pass, separate, startReading, type Reading, type Token } from "./reading.ts";
import { isBracket, labelJoint, labelOf, type Block, type Entry } from "./tree.ts";

/**
 * Cuts a text into blocks and entries, in one pass and without knowing its format: strings end at line ends at the latest, brackets that
 * nothing closes are forgotten at the end of their line, so that no byte upsets more than a few lines.
 */
export function readOutline(text: string, target: number, isWhole: boolean): Reading {
  const reading = startReading(text, target, isWhole);
  let at = beginLine(reading, 0);
  pass(reading, 0, at, "other");
  while (at < text.length) {
    const next = text[at] === "\n" ? endLine(reading, at) : readToken(reading, at);
    pass(reading, at, next, "other");
    at = next;
  }
  closeEntry(reading, text.length);
  return reading;
}

const [dash, dot, slash, colon, angle] = [0x2d, 0x2e, 0x2f, 0x3a, 0x3e];
/** 1: bytes that a word begins with; 2: those that it goes on with. */
const wordBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[\w$@]/.test(String.fromCharCode(byte)) ? 1 : byte === dot || byte === slash ? 2 : 0,
);
const template = /\{\{(?!["'])[^\n]{0,200}?\}\}|[$#]\{[^\n{}]{0,200}\}|%\{[^\n{}"'=:,]{0,200}\}/y;
const operatorSign = /(?:===?|=>|=|:=|::+|:)/y;
const netrcValue = /[ \t]+([^\s=:]\S*)/y;
const stringPrefixes = /^(?:[bBrRuUfFLNE@$]|[bBuU][rR]|[rR][bB]|u8)$/;
const indexed = /\[[ \t]*(["'])([^"'\n]{1,100})\1[ \t]*\]/y;
/** What opens a bracket at the end of a line leaves it open on purpose. */
const opensOn = /[{[(,|+&:=>][ \t\r]*$/;

function endLine(reading: Reading, at: number): number {
  const { tree, text } = reading;
  if (tree.brackets > reading.bracketsBefore) {
    const line = text.slice(Math.max(0, text.lastIndexOf("\n", at - 1) + 1), at);
    if (!opensOn.test(line.slice(-400))) while (tree.brackets > reading.bracketsBefore) tree.closeBracket();
  }
  const { open } = tree.top;
  // A value may begin on the next line.
  if (open === undefined || open.valueStart >= 0) separate(reading, at);
  return beginLine(reading, at + 1);
}

function readToken(reading: Reading, at: number): number {
  const { text } = reading;
  switch (text[at]) {
    case " ":
    case "\t":
      return skipBlanks(text, at);
    case '"':
    case "'":
    case "`":
      return readString(reading, at);
    case "{":
    case "[":
    case "(":
      return open(reading, at);
    case "}":
    case "]":
    case ")":
      return close(reading, at);
    case ",":
    case ";":
      separate(reading, at);
      return at + 1;
    case "=":
    case ":":
      return readOperator(reading, at);
    case "<":
      if (text[at + 1] === "-" && reading.tokens.length > 0) {
        // An assignment of R, a send of Go.
        enterKey(reading, at, "=", true);
        return at + 2;
      }
      return readTag(reading, at) ?? at + 1;
    case "$":
    case "#":
    case "%": {
      const found = match(template, text, at);
      if (found !== undefined) return bare(reading, at, at + found[0].length);
      break;
    }
    default:
  }
  const end = wordEnd(text, at);
  return end === at ? at + 1 : readWord(reading, at, end);
}

/** Where the word at `at` ends, `at` where there is none: names with dots, slashes, dashes, `->` and `::` in them, options with dashes in front. */
function wordEnd(text: string, at: number): number {
  let to = at;
  // A string of Objective-C.
  if (text[at] === "@" && text[at + 1] === '"') return at;
  while (to < at + 2 && text.charCodeAt(to) === dash) to++;
  if (wordBytes[text.charCodeAt(to)] !== 1) return at;
  for (;;) {
    const byte = text.charCodeAt(to);
    if (wordBytes[byte]! > 0) to++;
    else if (byte === dash) to += text.charCodeAt(to + 1) === angle ? 2 : 1;
    else if (byte === colon && text.charCodeAt(to + 1) === colon) to += 2;
    else return to;
  }
}

function readString(reading: Reading, at: number): number {
  const { text } = reading;
  const quote = text[at]!;
  const before = reading.tokens.at(-1);
  const touches = before?.kind === "word" && before.end === at;
  if (touches && stringPrefixes.test(before.text)) reading.tokens.pop();
  else if (touches && quote !== '"') return at + 1;
  // A lifetime of Rust.
  if (quote === "'" && text[at - 1] === "&") return at + 1;
  if (text.startsWith(quote.repeat(3), at)) return at + 3;
  let to = at + 1;
  while (to < text.length && text[to] !== quote && text[to] !== "\n") to += text[to] === "\\" ? 2 : 1;
  to = Math.min(to, text.length);
  const end = text[to] === quote ? to + 1 : to;
  pass(reading, at + 1, to, "string");
  take(reading, {
    kind: "string",
    start: at,
    end,
    from: at + 1,
    to,
    text: text.slice(at + 1, to).replaceAll("\0", ""),
  });
  return end;
}

function readWord(reading: Reading, at: number, end: number): number {
  const { text } = reading;
  let to = end;
  while (isTrailing(text.charCodeAt(to - 1))) to--;
  const name = text.slice(at, to);
  let full = name;
  for (let index = indexAt(text, to); index !== undefined; index = indexAt(text, to)) {
    full += `.${index[2]}`;
    to += index[0].length;
  }
  if (isNetrcWord(reading, name, at, to)) return to;
  if (name.startsWith("-") && reading.tree.brackets === 0 && /^--?[a-zA-Z]/.test(name)) {
    closeEntry(reading, at);
    reading.tokens = [{ kind: "word", start: at, end: to, from: at, to, text: full.replace(/^-+/, "") }];
    reading.option = reading.tokens[0];
    return to;
  }
  pass(reading, at, to, "bare");
  take(reading, { kind: "word", start: at, end: to, from: at, to, text: full });
  return Math.max(to, at + 1);
}

/** What ends a sentence or a path, and no name. */
function isTrailing(byte: number): boolean {
  return byte === dot || byte === slash || byte === dash;
}

function indexAt(text: string, at: number): RegExpExecArray | undefined {
  return text[at] === "[" ? match(indexed, text, at) : undefined;
}

const netrcWords = new Set(["machine", "default", "login", "account", "password"]);

/** `machine host login name password value`, on one line or on several. */
function isNetrcWord(reading: Reading, name: string, at: number, end: number): boolean {
  const { text, tree } = reading;
  if (tree.brackets > 0 || !netrcWords.has(name)) return false;
  const value = match(netrcValue, text, end);
  const isFirst = /(?:^|\n)[ \t]*$/.test(text.slice(Math.max(0, at - 40), at));
  if (name === "machine" ? !(isFirst && value !== undefined) : name === "default" && !reading.isNetrc) return false;
  if (name !== "machine" && name !== "default" && !reading.isNetrc) return false;
  reading.isNetrc = true;
  if (name === "default") {
    openSection(reading, name, -1);
    return true;
  }
  if (value === undefined) return false;
  const from = end + value[0].length - value[1]!.length;
  if (name === "machine") openSection(reading, value[1]!, -1);
  const entry = tree.enter(tree.top, name, at, " = ");
  if (entry !== undefined) fill(entry, from, from + value[1]!.length, value[1]!, false);
  tree.top.open = undefined;
  return true;
}

/** A token that is a value, or the next key. */
function take(reading: Reading, token: Token): void {
  const { text, tree } = reading;
  const { top } = tree;
  const entry = top.open;
  if (entry !== undefined && entry.valueStart < 0) {
    if (token.kind === "string") fill(entry, token.from, Infinity, token.text, true);
    else fillBare(reading, entry, token);
  } else if (reading.option !== undefined && token.start > reading.option.end) {
    const option = tree.enter(top, reading.option.text, reading.option.start, "=");
    const to = token.kind === "string" ? token.to : token.from + text.slice(token.from).search(/[\s"']|$/);
    if (option !== undefined) fill(option, token.from, to, text.slice(token.from, to), token.kind === "string");
    top.open = undefined;
    reading.option = undefined;
  } else if (entry === undefined && token.kind === "string") {
    if (top.strings.length === 2) enterNamedArgument(reading, top, token);
    top.strings.push(token.from, token.to);
  }
  reading.tokens.push(token);
  if (reading.tokens.length > 8) reading.tokens.shift();
}

/** A bare value: to the next blank where `=` stands close (`A=1 B=2`), else to the end of the line or to a separator. */
function fillBare({ text, tree }: Reading, entry: Entry, { from, end }: Token): void {
  if (tree.brackets > 0 || entry.joint === "call") return fill(entry, from, Infinity, text.slice(from, end), false);
  const all = text.slice(from, bareEnd(text, from));
  const length = all.search(entry.joint === "=" ? /[\s;&"'<]/ : /[;<"']/);
  const to = from + (length < 0 ? all.length : length);
  fill(entry, from, Math.max(to, end), text.slice(from, to), false);
}

/** Calls that give a name its value: `define("NAME", "value")`, `setProperty`, `getenv` with a default. */
const naming =
  /(?:put|set|define|prop|env|add|header|insert|append|const|config|param|attr|option|store|write|secret|default|get|field)[A-Za-z]{0,12}\(\)$/i;

/** Names that say of what stands beside them that it is a secret: in pairs, wherever these stand. */
const telling = /key|token|secret|passw|pwd|auth|cookie|credential/i;

/** A string behind another one that names it: the second argument of a call, the second half of a pair. */
function enterNamedArgument({ text, tree }: Reading, call: Block, token: Token): void {
  const name = text.slice(call.strings[0], call.strings[1]);
  if (!/^[\w.-]{1,80}$/.test(name)) return;
  if (call.kind === "bracket" && call.entries.length === 0 && telling.test(name)) {
    const entry = tree.enter(call, name, call.strings[0]!, "call");
    if (entry !== undefined) fill(entry, token.from, token.end, token.text, true);
    call.open = undefined;
    return;
  }
  const isNaming = naming.test(call.label ?? "") || telling.test(name);
  if (call.kind !== "call" || call.parent === undefined || !isNaming) return;
  const outer = call.parent.open;
  const entry = tree.enter(call.parent, name, call.strings[0]!, "call");
  if (entry !== undefined) fill(entry, token.from, token.end, token.text, true);
  call.parent.open = outer;
}

function readOperator(reading: Reading, at: number): number {
  const { text } = reading;
  const operator = match(operatorSign, text, at)?.[0] ?? text[at]!;
  const end = at + operator.length;
  if (operator.startsWith("::") || (operator === ":" && text.startsWith("//", end))) return end;
  const before = text[at - 1] ?? " ";
  const next = text[end] ?? "\n";
  // `<=`, and the padding of base64.
  if (operator === "=" && (/[<>~]/.test(before) || (/[\s=]/.test(next) && !/\s/.test(before)))) return end;
  if (operator === ":" && reading.tree.brackets === 0 && !/[\s"'{[]/.test(next)) return end;
  // A symbol of Ruby: `:login => "…"`.
  if (operator === ":" && /[\s{(,]/.test(before) && /\w/.test(next)) return end;
  enterKey(reading, at, operator, /\s/.test(before) || /\s/.test(next));
  return end;
}

/** Names of types that stand between a name and its value: `var password string = "…"`. */
const typeName = /^(?:str|string|String|char|NSString|const|auto|any|object|Text|varchar|text|bytes?|u8|&?'?static)$/;

function enterKey(reading: Reading, at: number, operator: string, isWide: boolean): void {
  const { tree, tokens } = reading;
  const { top } = tree;
  let key = tokens.at(-1);
  if (key === undefined) return;
  const { open } = top;
  if (open !== undefined && open.joint === ":" && operator === "=" && open.valueStart === key.from) {
    open.valueStart = -1;
    open.end = Infinity;
    return;
  }
  // In `a = b = c` the first name counts.
  if (open !== undefined && open.valueStart < 0) return;
  const name = tokens.at(-2);
  if (operator === "=" && name?.kind === "word" && typeName.test(key.text)) {
    // `Dim name As String = "…"`
    const before = tokens.at(-3);
    key = name.text.toLowerCase() === "as" && before?.kind === "word" ? before : name;
  }
  const full = isWordPair(reading, name, key) ? `${name!.text} ${key.text}` : key.text;
  closeEntry(reading, at);
  if (operator.startsWith("=") && key.kind === "word" && !/^[\w$@.:>\x80-\xff-]{1,100}$/.test(key.text)) return;
  tree.enter(top, full, key.start, operator.startsWith(":") ? ":" : isWide ? " = " : "=");
  reading.tokens = [];
  reading.option = undefined;
}

/** `User Id=…;` of connection strings. */
function isWordPair({ text, tokens, tree }: Reading, name: Token | undefined, key: Token): boolean {
  return (
    tree.brackets === 0 &&
    tokens.length === 2 &&
    name?.kind === "word" &&
    name.end + 1 === key.start &&
    /(?:^|;)[ ]?$/.test(text.slice(Math.max(0, name.start - 2), name.start)) &&
    /^[A-Z][a-z]+ [A-Z][a-z]+$/.test(`${name.text} ${key.text}`)
  );
}

const functionWords =
  /^(?:if|else|for|foreach|while|switch|match|try|catch|do|function|func|fn|fun|def|return|sub|loop|unless|when|with|using|lock)$/;
const namingWords =
  /^(?:class|struct|enum|object|interface|namespace|module|trait|impl|record|package|union|extension)$/;
/** Words before a parenthesis that are no functions: `const (`. */
const notCalled = /^(?:const|var|type|import|if|elif|for|while|switch|match|return|and|or|not|in|catch|new)$/;
const statementWords =
  /^(?:return|export|default|module\.exports|const|let|var|val|new|static|public|private|final|yield|await)$/;

function open(reading: Reading, at: number): number {
  const { text, tree, tokens } = reading;
  const bracket = text[at]!;
  const found = match(template, text, at);
  if (found !== undefined && found[0].startsWith("{{")) return bare(reading, at, at + found[0].length);
  const list = tree.top;
  const entry = list.open;
  const last = tokens.at(-1);
  const isCalled = bracket === "(" && last?.kind === "word" && !notCalled.test(last.text);
  // `f() {`, `() => {`: what stands in it is code.
  const isBody =
    bracket === "{" &&
    (entry === undefined || entry.valueStart >= 0) &&
    /\)(?:\s*=>\s*|[^"'\n;{}=,]{0,60})$/.test(text.slice(Math.max(0, at - 64), at));
  const kind =
    isBody || (bracket === "{" && functionWords.test(tokens[0]?.text ?? "")) ? "code" : isCalled ? "call" : "bracket";
  const block = tree.push(kind, undefined, -1);
  if (block === list) return at + 1;
  if (entry !== undefined && kind !== "code") {
    block.label = labelOf(entry);
    if (entry.valueStart < 0) entry.valueStart = at;
    if (!entry.isQuoted) entry.value = undefined;
  } else if (isCalled) block.label = `${last.text.replaceAll(".", labelJoint)}()`;
  else if (kind === "bracket") nameBracket(reading, at, block, list);
  reading.tokens = [];
  return at + 1;
}

/** A bracket without a key: an item of a list, or what the words before it say (`provider "aws" {`). */
function nameBracket({ tokens }: Reading, at: number, block: Block, list: Block): void {
  const telling = tokens.filter(({ text }) => !statementWords.test(text));
  // `Config{…}` among others of its kind is an item as `{…}` is.
  if (telling.length === 0 || (list.kind === "bracket" && telling.at(-1)!.end === at)) {
    if (list.kind === "bracket") block.index = list.items++;
    return;
  }
  const naming = telling.findIndex(({ text }) => namingWords.test(text));
  const words = naming >= 0 ? telling.slice(naming + 1, naming + 2) : telling.slice(0, 4);
  block.label = words.map(({ text }) => text).join(labelJoint);
}

function close(reading: Reading, at: number): number {
  const { tree } = reading;
  closeEntry(reading, at);
  let block: Block | undefined = tree.top;
  while (block !== undefined && !isBracket(block.kind)) block = block.parent;
  const { parent } = block ?? {};
  if (!tree.closeBracket()) {
    // It closes what was opened before the text: what comes has nothing to do with what was.
    if (reading.text[at] !== ")") openSection(reading, undefined, -1);
    return at + 1;
  }
  reading.tokens = [];
  if (block?.kind === "call" && parent !== undefined) enterCall(reading, block, parent, at);
  else if (reading.text[at] === "]") keepIndex(reading, at);
  return at + 1;
}

const index = /\[[ \t]*(["']?)([\w.-]{1,80})\1[ \t]*\]$/;
const assigned = /[ \t]{0,8}=(?!=)/y;

/** `["name"] = …` in a table or a map: what stands in the brackets is the name. */
function keepIndex(reading: Reading, at: number): void {
  const { text } = reading;
  if (match(assigned, text, at + 1) === undefined) return;
  const found = index.exec(text.slice(Math.max(0, at - 90), at + 1));
  if (found === null) return;
  const from = at + 1 - found[0].length;
  reading.tokens = [{ kind: "word", start: from, end: at + 1, from, to: at + 1, text: found[2]! }];
}

/** `config.setUser("alice")` gives its parent an entry. */
function enterCall({ tree, text }: Reading, call: Block, parent: Block, at: number): void {
  const { label, strings, entries, children } = call;
  if (label?.endsWith("()") !== true || strings.length !== 2 || entries.length > 0 || children.length > 0) return;
  if (parent.open !== undefined) return;
  const entry = tree.enter(parent, label.slice(0, -2).replaceAll(labelJoint, "."), strings[0]!, "call");
  if (entry !== undefined) fill(entry, strings[0]!, at, text.slice(strings[0], strings[1]), true);
  // It is told by the call itself.
  parent.open = undefined;
}

function bare(reading: Reading, at: number, end: number): number {
  const entry = reading.tree.top.open;
  pass(reading, at, end, "bare");
  if (entry !== undefined && entry.valueStart < 0) fill(entry, at, Infinity, reading.text.slice(at, end), false);
  return end;
}
