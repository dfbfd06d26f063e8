import { match } from "./line-begin.ts";
import { fill, pass, separate, type Reading } from "./reading.ts";
import { isBracket, type Block } from "./tree.ts";

/** Elements of XML and its like. Outside of them `<` means something else, so a tag counts only where it is whole. */

/** Attributes of one tag, and their length in bytes, at most: a tag is tried at every `<`. */
const attribute = /\s+([\w:.-]{1,60})\s{0,4}=\s{0,4}(?:"([^"<]{0,400})"|'([^'<]{0,400})')/y;
const maxAttributes = 24;
const tagName = /<(\/?)([A-Za-z][\w:.-]{0,60})/y;
const tagEnd = /\s*(\/?)>/y;
/** Elements of HTML that nothing closes. */
const empty = /^(?:br|hr|img|input|meta|link|area|base|col|embed|source|track|wbr)$/i;
/** Elements of running text say nothing of a value. */
const prose =
  /^(?:p|a|b|i|u|em|strong|small|code|pre|kbd|samp|tt|span|div|li|ul|ol|dl|dt|dd|td|th|tr|table|tbody|thead|body|html|head|h[1-6]|blockquote|font|center|section|article|main|nav|button|label|sup|sub)$/i;
/** Attributes by which an element is named: `<add key="…" value="…"/>`, `<string name="…">`. */
const namingAttribute = /^(?:name|key|id)$/i;

interface Attribute {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly from: number;
}

/** Reads the tag at `at`; gives where it ends, or undefined where there is none. */
export function readTag(reading: Reading, at: number): number | undefined {
  const { text } = reading;
  const head = match(tagName, text, at);
  // `List<String>` is none.
  if (head === undefined || (head[1] === "" && /[\w)\]]/.test(text[at - 1] ?? ""))) return undefined;
  const name = head[2]!;
  let end = at + head[0].length;
  const attributes: Attribute[] = [];
  for (let found = match(attribute, text, end); found !== undefined; found = match(attribute, text, end)) {
    const value = found[2] ?? found[3]!;
    const from = end + found[0].length - 1 - value.length;
    attributes.push({ name: found[1]!, value, start: end, from });
    end += found[0].length;
    if (attributes.length >= maxAttributes) break;
  }
  const tail = match(tagEnd, text, end);
  if (tail === undefined) return undefined;
  end += tail[0].length;
  if (prose.test(name)) return end;
  if (head[1] === "/") closeTag(reading, name, at);
  else openTag(reading, name, attributes, { at, end, isEmpty: tail[1] === "/" || empty.test(name) });
  return end;
}

function openTag(
  reading: Reading,
  name: string,
  attributes: readonly Attribute[],
  { at, end, isEmpty }: { readonly at: number; readonly end: number; readonly isEmpty: boolean },
): void {
  const { text, tree } = reading;
  const parent = tree.top;
  separate(reading, at);
  const naming = attributes.find((one) => namingAttribute.test(one.name));
  const value = attributes.find((one) => /^value$/i.test(one.name));
  if (naming !== undefined && value !== undefined) {
    const entry = tree.enter(parent, naming.value, at, ":");
    if (entry !== undefined) fill(entry, value.from, value.from + value.value.length, value.value, true);
    parent.open = undefined;
    passAll(reading, attributes);
    return;
  }
  const key = /^(?:string|integer|data)$/.test(name) ? (propertyKey(parent) ?? naming?.value) : undefined;
  const stop = text.indexOf("<", end);
  const entry = isEmpty ? undefined : tree.enter(parent, key ?? name, at, ":");
  if (entry !== undefined) {
    const to = stop < 0 ? text.length : stop;
    fill(entry, end, to, text.slice(end, to).trim(), true);
    parent.open = undefined;
  }
  const block = tree.push("tag", key ?? naming?.value ?? name, -1);
  if (block !== parent) block.tag = name;
  for (const { name: key_, value: value_, start, from } of attributes) {
    const inner = block === parent ? undefined : tree.enter(block, key_, start, ":");
    if (inner !== undefined) fill(inner, from, from + value_.length, value_, true);
  }
  block.open = undefined;
  passAll(reading, attributes);
  if (isEmpty && block !== parent) tree.pop();
}

/** The text of the `<key>` before, as in property lists. */
function propertyKey({ entries }: Block): string | undefined {
  const last = entries.at(-1);
  return last?.key === "key" ? last.value : undefined;
}

function passAll(reading: Reading, attributes: readonly Attribute[]): void {
  for (const { from, value } of attributes) pass(reading, from, from + value.length, "string");
}

/** Closes the element of that name, and what was left open in it. */
function closeTag(reading: Reading, name: string, at: number): void {
  const { tree } = reading;
  separate(reading, at);
  let block: Block | undefined = tree.top;
  // Brackets that are open around it close it no more than they are closed by it.
  while (block !== undefined && !isBracket(block.kind)) {
    if (block.kind === "tag" && block.tag === name) {
      while (tree.top !== block) tree.pop();
      tree.pop();
      return;
    }
    block = block.parent;
  }
}
