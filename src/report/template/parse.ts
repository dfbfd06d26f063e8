import { TemplateFault, type Value } from "./values.ts";

export type Expression =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "dot"; readonly fields: readonly string[] }
  | { readonly kind: "variable"; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: "function"; readonly name: string; readonly line: number }
  | { readonly kind: "pipe"; readonly pipe: Pipe; readonly fields: readonly string[] };

export interface Pipe {
  /** Variables that take the value: new ones (`:=`), or some that are there (`=`). */
  readonly names: readonly string[];
  readonly declares: boolean;
  readonly commands: readonly (readonly Expression[])[];
  readonly line: number;
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | { readonly kind: "if" | "with" | "range"; readonly pipe: Pipe; readonly body: Nodes; readonly otherwise: Nodes }
  | { readonly kind: "template"; readonly name: string; readonly pipe: Pipe | undefined; readonly line: number }
  | { readonly kind: "break" | "continue" };

export type Nodes = readonly Node[];

/** A template that was read. */
export interface Parsed {
  readonly body: Nodes;
  /** Those that `define` and `block` name. */
  readonly named: ReadonlyMap<string, Nodes>;
}

interface Piece {
  /** Undefined: the text before the next action. */
  readonly action: string | undefined;
  readonly text: string;
  readonly line: number;
}

interface Token {
  readonly kind: "string" | "number" | "field" | "variable" | "word" | "sign";
  readonly text: string;
  /** Nothing stands between it and the token before it. */
  readonly isGlued: boolean;
}

/** Deeper blocks and parentheses are nobody's. */
const maxDepth = 200;

const tokenPattern =
  /(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|(?<field>\.[A-Za-z_]\w*)|(?<variable>\$\w*)|(?<word>[A-Za-z_]\w*)|(?<sign>:=|[=|(),.])/y;

/** Reads a template in the language of Go's text/template. `isFunction`: which functions there are. Throws TemplateFault. */
export function parseTemplate(text: string, isFunction: (name: string) => boolean): Parsed {
  return new Reader(cut(text), isFunction).read();
}

/** Cuts a template into texts and actions, and takes blanks away beside `{{-` and `-}}`. */
function cut(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trims = false;
  for (;;) {
    const open = text.indexOf("{{", at);
    const before = text.slice(at, open < 0 ? text.length : open);
    const opensTrimmed = open >= 0 && /^-\s/.test(text.slice(open + 2, open + 4));
    const kept = trims ? before.trimStart() : before;
    pieces.push({ action: undefined, text: opensTrimmed ? kept.trimEnd() : kept, line: 0 });
    if (open < 0) return pieces;
    const line = text.slice(0, open).split("\n").length;
    const start = open + (opensTrimmed ? 3 : 2);
    const comment = /^\s*\/\*[^]*?\*\/(?:\s+-)?\}\}/.exec(text.slice(start));
    const end = comment === null ? endOfAction(text, start, line) : start + comment[0].length - 2;
    const inner = text.slice(start, end);
    trims = /\s-$/.test(inner);
    if (comment === null) pieces.push({ action: trims ? inner.slice(0, -1) : inner, text: "", line });
    at = end + 2;
  }
}

/** Where `}}` stands, outside of strings. */
function endOfAction(text: string, start: number, line: number): number {
  const pattern = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}\}/g;
  pattern.lastIndex = start;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text))
    if (found[0] === "}}") return found.index;
  throw new TemplateFault("an action is not closed by }}", line);
}

class Reader {
  readonly #pieces: readonly Piece[];
  readonly #isFunction: (name: string) => boolean;
  readonly #named = new Map<string, Nodes>();
  #at = 0;
  #depth = 0;
  /** Of the action that is being read. */
  #tokens: readonly Token[] = [];
  #next = 0;
  #line = 0;

  constructor(pieces: readonly Piece[], isFunction: (name: string) => boolean) {
    this.#pieces = pieces;
    this.#isFunction = isFunction;
  }

  read(): Parsed {
    const { nodes } = this.#block([]);
    return { body: nodes, named: this.#named };
  }

  /** Nodes up to one of the words that end the block; leaves the action of that word open. */
  #block(ends: readonly string[]): { readonly nodes: Nodes; readonly end: string } {
    if (++this.#depth > maxDepth) throw this.#fault("blocks are nested too deeply");
    const nodes: Node[] = [];
    while (this.#at < this.#pieces.length) {
      const { action, text, line } = this.#pieces[this.#at++]!;
      if (action === undefined) {
        if (text !== "") nodes.push({ kind: "text", text });
        continue;
      }
      this.#line = line;
      this.#tokens = this.#tokenise(action);
      this.#next = 0;
      const word = this.#peek()?.kind === "word" ? this.#peek()!.text : "";
      if (ends.includes(word)) {
        this.#next++;
        this.#depth--;
        return { nodes, end: word };
      }
      const node = this.#action(word);
      if (node !== undefined) nodes.push(node);
    }
    if (ends.length > 0) throw this.#fault("a block is not closed by {{end}}");
    this.#depth--;
    return { nodes, end: "" };
  }

  #action(word: string): Node | undefined {
    switch (word) {
      case "if":
      case "with":
      case "range":
        this.#next++;
        return this.#branch(word);
      case "break":
      case "continue":
        this.#next++;
        this.#done();
        return { kind: word };
      case "define":
      case "block":
      case "template": {
        this.#next++;
        const name = this.#take();
        if (name?.kind !== "string") throw this.#fault(`${word} wants a name in quotes`);
        const line = this.#line;
        const pipe = word !== "define" && this.#peek() !== undefined ? this.#pipe() : undefined;
        this.#done();
        if (word !== "template") this.#named.set(unquoted(name.text), this.#block(["end"]).nodes);
        return word === "define" ? undefined : { kind: "template", name: unquoted(name.text), pipe, line };
      }
      case "else":
      case "end":
        throw this.#fault(`{{${word}}} has no block to belong to`);
      default: {
        const pipe = this.#pipe();
        this.#done();
        return { kind: "action", pipe };
      }
    }
  }

  #branch(kind: "if" | "with" | "range"): Node {
    const pipe = this.#pipe();
    this.#done();
    const { nodes, end } = this.#block(["else", "end"]);
    if (end === "end") {
      this.#done();
      return { kind, pipe, body: nodes, otherwise: [] };
    }
    const next = this.#peek()?.text;
    // `else if` and `else with` are blocks of their own, which the same `end` closes.
    if (next === "if" || next === "with") {
      this.#next++;
      return { kind, pipe, body: nodes, otherwise: [this.#branch(next)] };
    }
    this.#done();
    const otherwise = this.#block(["end"]).nodes;
    this.#done();
    return { kind, pipe, body: nodes, otherwise };
  }

  #pipe(): Pipe {
    const line = this.#line;
    const names: string[] = [];
    let declares = false;
    const [first, second, third, fourth] = this.#tokens.slice(this.#next, this.#next + 4);
    if (first?.kind === "variable" && (second?.text === ":=" || second?.text === "=")) {
      names.push(first.text);
      declares = second.text === ":=";
      this.#next += 2;
    } else if (first?.kind === "variable" && second?.text === "," && third?.kind === "variable") {
      names.push(first.text, third.text);
      declares = fourth?.text === ":=";
      if (!declares && fourth?.text !== "=") throw this.#fault("two variables want := behind them");
      this.#next += 4;
    }
    const commands: (readonly Expression[])[] = [this.#command()];
    while (this.#peek()?.text === "|" && this.#peek()?.kind === "sign") {
      this.#next++;
      commands.push(this.#command());
    }
    return { names, declares, commands, line };
  }

  #command(): readonly Expression[] {
    const expressions: Expression[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === "sign" && (token.text === "|" || token.text === ")")) break;
      expressions.push(this.#expression());
    }
    if (expressions.length === 0) throw this.#fault("a command is missing");
    return expressions;
  }

  #expression(): Expression {
    const token = this.#take()!;
    switch (token.kind) {
      case "string":
        return { kind: "literal", value: unquoted(token.text) };
      case "number":
        return { kind: "literal", value: Number(token.text) };
      case "field":
        return { kind: "dot", fields: [token.text.slice(1), ...this.#fields()] };
      case "variable":
        return { kind: "variable", name: token.text, fields: this.#fields() };
      case "word":
        if (token.text === "true" || token.text === "false") return { kind: "literal", value: token.text === "true" };
        if (token.text === "nil") return { kind: "literal", value: null };
        if (!this.#isFunction(token.text)) throw this.#fault(`there is no function ${token.text}`);
        return { kind: "function", name: token.text, line: this.#line };
      case "sign": {
        if (token.text === ".") return { kind: "dot", fields: [] };
        if (token.text !== "(") throw this.#fault(`${token.text} stands where a value should`);
        if (++this.#depth > maxDepth) throw this.#fault("parentheses are nested too deeply");
        const pipe = this.#pipe();
        if (this.#take()?.text !== ")") throw this.#fault("a parenthesis is not closed");
        this.#depth--;
        return { kind: "pipe", pipe, fields: this.#fields() };
      }
    }
  }

  /** Fields that follow without a blank: `.A.B`, `$x.A`. */
  #fields(): readonly string[] {
    const fields: string[] = [];
    for (let token = this.#peek(); token?.kind === "field" && token.isGlued; token = this.#peek()) {
      fields.push(token.text.slice(1));
      this.#next++;
    }
    return fields;
  }

  #tokenise(action: string): readonly Token[] {
    const tokens: Token[] = [];
    let at = 0;
    let isGlued = false;
    while (at < action.length) {
      const blanks = /^\s+/.exec(action.slice(at))?.[0].length ?? 0;
      at += blanks;
      if (at >= action.length) break;
      tokenPattern.lastIndex = at;
      const found = tokenPattern.exec(action);
      if (found === null) throw this.#fault(`cannot read ${action.slice(at, at + 20).trimEnd()}`);
      const [kind] = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined)!;
      tokens.push({ kind: kind as Token["kind"], text: found[0], isGlued: isGlued && blanks === 0 });
      isGlued = true;
      at += found[0].length;
    }
    return tokens;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #take(): Token | undefined {
    return this.#tokens[this.#next++];
  }

  #done(): void {
    const token = this.#peek();
    if (token !== undefined) throw this.#fault(`${token.text} is one too many`);
  }

  #fault(message: string): TemplateFault {
    return new TemplateFault(message, this.#line);
  }
}

const escapes: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
};

function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  if (text.startsWith("`")) return inner;
  return inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (_all, byte?: string, short?: string, long?: string, one?: string) => {
      const code = byte ?? short ?? long;
      if (code === undefined) return escapes[one ?? ""] ?? one ?? "";
      const number = Number.parseInt(code, 16);
      return number > 0x10ffff ? "\ufffd" : String.fromCodePoint(number);
    },
  );
}
