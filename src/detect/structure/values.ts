import { readOutline } from "./outline.ts";
import type { Block } from "./tree.ts";

/** A value in a block, with its key where it has one. Offsets in the text. */
export interface InnerValue {
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

/** The values of a block, or of a column of a table. */
export interface Values {
  readonly values: readonly InnerValue[];
  /** Whether there are more: behind the end of the text, or than are told. */
  readonly goesOn: boolean;
}

/** A block with more values is a data set. */
const maxValues = 64;
/** `secrets: { production: { billing: … } }` */
const maxBelow = 2;
/** Any key counts, and none. */
const anyKey = "*";
/** Any key of the block itself, but none of blocks and lists in it. */
const anyKeyHere = ".";
/** What the regex finds is the name of a column of a table: the values below it count (columns.ts). */
export const belowKey = "|";

/** Keys of what stands beside secrets in blocks that are called so. */
const besideSecrets =
  /(?:^|[_.-])(?:id|name|type|kind|url|uri|host|user|username|email|region|algorithm|description|version|path|file|label|scopes?|audience|issuer|(?:created|updated|expires?)\w*)$|hash|salt|digest|checksum|fingerprint|public/i;

/**
 * The values in the block that is opened at `opener`: those of the keys (lower case), or with `anyKey` all of it, lists and two levels of blocks
 * inside of it as well. What the end of the text may have cut is left out.
 */
export function valuesInside(text: string, opener: number, keys: readonly string[]): Values {
  const { here } = readOutline(text, opener, false);
  if (here === undefined || here.block.parent === undefined) return { values: [], goesOn: false };
  const found: InnerValue[] = [];
  collect(text, here.block, opener, keys, keys.includes(anyKey) ? maxBelow : 0, found);
  const whole = found.filter(({ to }) => to < text.length).sort((a, b) => a.from - b.from);
  return { values: whole.slice(0, maxValues), goesOn: whole.length > maxValues };
}

function collect(
  text: string,
  { entries, strings, children }: Block,
  after: number,
  keys: readonly string[],
  below: number,
  found: InnerValue[],
): void {
  const isAny = takesAnyKey(keys);
  for (const { key, start, valueStart, value } of entries) {
    if (value === undefined || valueStart <= after) continue;
    if (
      isAny
        ? besideSecrets.test(key) || /[a-z](?:Id|Name|Type|Url|Uri|Path|Version)$/.test(key)
        : !keys.includes(key.toLowerCase())
    )
      continue;
    // Elements may have blanks around their text.
    const from = text.indexOf(value, valueStart);
    if (from >= 0 && value !== "") found.push({ start: keyBegin(text, start), from, to: from + value.length });
  }
  for (let i = 0; keys.includes(anyKey) && i < strings.length; i += 2) {
    if (strings[i]! > after && !isKey(text, strings[i + 1]!))
      found.push({ start: strings[i]!, from: strings[i]!, to: strings[i + 1]! });
  }
  if (below > 0) for (const child of children) collect(text, child, after, keys, below - 1, found);
}

/** Whether all keys of a block count, but for those that say of themselves that they do not. */
export function takesAnyKey(keys: readonly string[]): boolean {
  return keys.includes(anyKey) || keys.includes(anyKeyHere);
}

/** Whether a string is the name of what stands right of it, which is no literal: `'gpt-4o': 128000`. */
function isKey(text: string, end: number): boolean {
  return /^["'`]\s?(?::|=>)/.test(text.slice(end, end + 4));
}

/** The begin of a key without its quote. */
function keyBegin(text: string, start: number): number {
  return /["'`<]/.test(text[start] ?? "") ? start + 1 : start;
}
