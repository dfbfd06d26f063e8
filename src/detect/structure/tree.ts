/** What a text is cut into: blocks that hold entries and other blocks. Offsets count in the text that was read. */

/**
 * `root`: the text; `map` and `item`: by indentation, as in YAML; `section`: `[name]` of INI and TOML, a document, a machine of netrc;
 * `bracket` and `call`: `{…}`, `[…]`, `f(…)`; `code`: the body of a function; `tag`: an element of markup.
 */
export type BlockKind = "root" | "map" | "item" | "section" | "bracket" | "call" | "code" | "tag";

export interface Block {
  readonly kind: BlockKind;
  readonly parent: Block | undefined;
  /** Its part of the key path, or several, joined by `labelJoint`; absent where it adds none. */
  label: string | undefined;
  /** Its place in a list; `unknown` where the list begins before the text. */
  index: number | "unknown" | undefined;
  /** Column of the line that opened it, for those told by indentation. */
  readonly indent: number;
  readonly entries: Entry[];
  readonly children: Block[];
  /** Strings that stand in it without a key: places of their contents, in pairs. */
  readonly strings: number[];
  /** Items so far. */
  items: number;
  /** The entry whose value is being read. */
  open: Entry | undefined;
  /** Name of the element, of a tag. */
  tag: string | undefined;
}

export interface Entry {
  readonly key: string;
  /** Where its key begins, and where its value ends. */
  readonly start: number;
  end: number;
  /** Where its value begins; -1 before that is known. */
  valueStart: number;
  /** The value, where it is a plain literal. */
  value: string | undefined;
  isQuoted: boolean;
  /** What joins key and value: `:`, `=` with blanks around it, `=` without, or a call. */
  readonly joint: ":" | " = " | "=" | "call";
}

/** Between the parts of a label. */
export const labelJoint = "\0";

/** The label of a block that is the value of an entry. Dots join names in source code; in a key of YAML or JSON they are a part of it. */
export function labelOf({ key, joint }: Pick<Entry, "key" | "joint">): string {
  return joint === ":" ? key : key.replaceAll(".", labelJoint);
}

/** A text is cut into so many blocks and entries at most: one that has more is no text. */
const maxParts = 4_000;
/** Blocks lie in each other this deep at most; what is deeper counts as a part of the deepest one. */
const maxDepth = 64;

/** Grows the tree of one text; what is over a limit is left out. */
export class TreeBuilder {
  readonly root: Block;
  top: Block;
  /** How many of the open blocks are in brackets: line starts mean nothing there. */
  brackets = 0;
  #parts = 0;
  #depth = 0;
  /** Openers that found no room, to be closed first. */
  #overflow = 0;

  constructor() {
    this.root = newBlock("root", undefined, undefined, -1);
    this.top = this.root;
  }

  /** Opens a block in the innermost one. */
  push(kind: BlockKind, label: string | undefined, indent: number): Block {
    if (this.#depth >= maxDepth || this.#parts >= maxParts) {
      if (isBracket(kind)) this.#overflow++;
      return this.top;
    }
    const block = newBlock(kind, this.top, label, indent);
    this.top.children.push(block);
    this.top = block;
    this.#depth++;
    this.#parts++;
    if (isBracket(kind)) this.brackets++;
    return block;
  }

  /** Closes the innermost block. */
  pop(): void {
    const { parent, kind } = this.top;
    if (parent === undefined) return;
    if (isBracket(kind)) this.brackets--;
    this.top = parent;
    this.#depth--;
  }

  /** Closes the innermost bracket with all that was left open in it. False where none is open. */
  closeBracket(): boolean {
    if (this.#overflow > 0) {
      this.#overflow--;
      return true;
    }
    if (this.brackets === 0) return false;
    while (!isBracket(this.top.kind)) this.pop();
    this.pop();
    return true;
  }

  /** Adds an entry to a block and leaves it open for its value. */
  enter(block: Block, key: string, start: number, joint: Entry["joint"]): Entry | undefined {
    if (this.#parts >= maxParts) return undefined;
    this.#parts++;
    const entry: Entry = { key, start, end: Infinity, valueStart: -1, value: undefined, isQuoted: false, joint };
    block.entries.push(entry);
    block.open = entry;
    return entry;
  }
}

export function isBracket(kind: BlockKind): boolean {
  return kind === "bracket" || kind === "call" || kind === "code";
}

function newBlock(kind: BlockKind, parent: Block | undefined, label: string | undefined, indent: number): Block {
  return {
    kind,
    parent,
    label,
    index: undefined,
    indent,
    entries: [],
    children: [],
    strings: [],
    items: 0,
    open: undefined,
    tag: undefined,
  };
}

/** The entry of a block whose value holds the offset. */
export function entryAt(block: Block, at: number): Entry | undefined {
  for (let i = block.entries.length - 1; i >= 0; i--) {
    const entry = block.entries[i]!;
    if (entry.valueStart >= 0 && entry.valueStart <= at && at < entry.end) return entry;
  }
  return undefined;
}
