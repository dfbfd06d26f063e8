import { readOutline } from "./outline.ts";
import { entryAt, labelJoint, labelOf, type Block, type Entry } from "./tree.ts";

/** Where a value stands in one text. */
export interface Level {
  readonly text: string;
  readonly target: number;
  /** Its own key; empty where it has none. */
  readonly key: string;
  /** The block whose other entries stand beside it. */
  readonly block: Block;
  /** Where the pair stands that gives it its name, its entries are those of pairs: `{name, value}` beside others of its kind. */
  readonly isPair: boolean;
  readonly own: Entry | undefined;
  /** The key path, the outermost part first; a number is a place in a list. */
  readonly steps: readonly (string | number)[];
  /** False where the path begins further up. */
  readonly isWhole: boolean;
}

/** Texts inside of texts (JSON in a string in JSON) are read so deep. */
const maxTexts = 3;

/** Finds the value that begins at `target`: a level for the text, and one for each text inside of it that holds the value. */
export function locate(text: string, target: number, isWhole: boolean, depth = 0): readonly Level[] {
  const { here } = readOutline(text, target, isWhole);
  if (here === undefined) return [];
  const level = levelOf(text, target, isWhole, here.block);
  if (depth + 1 >= maxTexts) return [level];
  const { strings } = here.block;
  if (
    here.string !== undefined &&
    level.own === undefined &&
    strings.length > 2 &&
    strings.includes(here.string.from)
  ) {
    const lines = joinStrings(text, strings);
    const inner = locate(lines.text, target - lines.from, true, depth + 1);
    // What the strings say together has no place in the list.
    if (inner[0]?.own !== undefined) return [withoutIndex(level), ...inner];
  }
  const span = here.string ?? (level.own === undefined ? undefined : here.bare);
  if (span === undefined || span.from >= target) return [listed(level, here.block, here.string?.from)];
  const inner = locate(
    unescape(text.slice(span.from, span.to)) + ending(text, span.to),
    target - span.from,
    true,
    depth + 1,
  );
  const tells = inner.some(({ own, steps }) => own !== undefined || steps.length > 0);
  return tells ? [level, ...inner] : [listed(level, here.block, here.string?.from)];
}

/** Keys of the two halves of a pair. */
export const nameKey = /^(?:parameter_?|setting|variable|env|prop(?:erty)?)?(?:name|key)$/i;
export const valueKey = /^(?:parameter_?|setting|variable|env|prop(?:erty)?|default|string|secure)?value$/i;

function levelOf(text: string, target: number, isWhole: boolean, at: Block): Level {
  let block = at;
  let own = entryAt(block, target);
  if (own === undefined && block.kind === "call" && block.parent !== undefined) {
    // `define("NAME", "value")`, `setPassword("value")`
    own = entryAt(block.parent, target);
    if (own?.joint === "call") block = block.parent;
    else own = undefined;
  }
  const above = stepsTo(block);
  const reachesTop = isWhole || above.isCut;
  const base = { text, target, isWhole: reachesTop };
  if (own !== undefined) {
    const named = valueKey.test(own.key) ? block.entries.find(({ key }) => nameKey.test(key))?.value : undefined;
    if (named !== undefined && block.parent !== undefined) {
      const steps = [...(block.index === undefined ? above.steps : above.steps.slice(0, -1)), named];
      return { ...base, key: named, block, isPair: true, own, steps };
    }
    return { ...base, key: own.key, block, isPair: false, own, steps: [...above.steps, ...partsOf(labelOf(own))] };
  }
  // The block itself is the value: an element, a text in lines, a list of values.
  const { parent, label } = block;
  const key = label?.split(labelJoint).at(-1)?.replace(/\(\)$/, "") ?? "";
  return {
    ...base,
    key,
    block: parent !== undefined && key !== "" ? parent : block,
    isPair: false,
    own,
    steps: above.steps,
  };
}

function withoutIndex(level: Level): Level {
  return typeof level.steps.at(-1) === "number" ? { ...level, steps: level.steps.slice(0, -1) } : level;
}

/** A value without a key that is one of a list of strings: its place there. */
function listed(level: Level, list: Block, from: number | undefined): Level {
  const place = from === undefined || list.kind !== "bracket" ? -1 : list.strings.indexOf(from);
  return level.own !== undefined || place < 0 ? level : { ...level, steps: [...level.steps, place / 2] };
}

function stepsTo(from: Block): { readonly steps: readonly (string | number)[]; readonly isCut: boolean } {
  const steps: (string | number)[] = [];
  let block: Block | undefined = from;
  for (; block !== undefined && block.kind !== "code"; block = block.parent) {
    if (block.index !== undefined) steps.unshift(block.index === "unknown" ? -1 : block.index);
    if (block.label !== undefined) steps.unshift(...partsOf(block.label));
  }
  return { steps, isCut: block !== undefined };
}

function partsOf(label: string): readonly string[] {
  return label.split(labelJoint).filter((part) => part !== "");
}

/** Strings of a list as the lines of one text (cells of notebooks, environments of containers); offsets stay. */
function joinStrings(text: string, strings: readonly number[]): { readonly text: string; readonly from: number } {
  const from = strings[0]!;
  let joined = "";
  for (let i = 0; i < strings.length; i += 2) {
    const start = strings[i]!;
    if (joined !== "") joined += `\n${" ".repeat(Math.max(0, start - from - joined.length - 1))}`;
    joined += unescape(text.slice(start, strings[i + 1]));
  }
  return { text: joined + ending(text, strings.at(-1)!), from };
}

/** A text that ends where the one around it goes on ends with a line; where both end nobody knows what was cut. */
function ending(text: string, to: number): string {
  return to < text.length ? "\n" : "";
}

/** The content of a string without its escapes. What is gone is filled up with NUL behind it, so that offsets stay. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/(\\\0*)([^\0])/g, (_, before: string, sign: string) => {
    const plain = sign === "n" ? "\n" : sign === "t" || sign === "r" ? " " : sign;
    return plain + "\0".repeat(before.length);
  });
}
