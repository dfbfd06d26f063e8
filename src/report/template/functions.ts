import { createHash } from "node:crypto";
import { printf, quoted } from "./printf.ts";
import { isList, isTrue, plainOf, sizeOf, sortedKeys, textOf, type Value } from "./values.ts";

type Function = (...args: readonly Value[]) => Value;

/** What one template may make of texts by repeating and filling, in UTF-16 units. */
const maxText = 1 << 20;

const text = (value: Value | undefined): string => (value === undefined ? "" : textOf(value));

function number(value: Value | undefined): number {
  const found =
    typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  if (Number.isFinite(found)) return found;
  if (typeof value === "boolean") return Number(value);
  throw new Error(`${text(value).slice(0, 40)} is no number`);
}

const whole = (value: Value | undefined): number => Math.trunc(number(value));

function list(value: Value | undefined): readonly Value[] {
  if (value !== undefined && isList(value)) return value;
  throw new Error(`${text(value).slice(0, 40)} is no list`);
}

function map(value: Value | undefined): ReadonlyMap<string, Value> {
  if (value instanceof Map) return value as ReadonlyMap<string, Value>;
  throw new Error(`${text(value).slice(0, 40)} is no map`);
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a === "object" || typeof b === "object")
    return a !== undefined && b !== undefined && textOf(a) === textOf(b);
  if (typeof a !== typeof b) throw new Error("the values are of different kinds");
  return a === b;
}

function order(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "number" && typeof b === "number") return a - b;
  throw new Error("the values cannot be compared");
}

/** As fmt.Sprint: blanks between values of which neither is a text. */
function print(args: readonly Value[]): string {
  return args
    .map((value, i) => {
      const before = args[i - 1];
      const isApart = i > 0 && typeof value !== "string" && typeof before !== "string";
      return `${isApart ? " " : ""}${textOf(value)}`;
    })
    .join("");
}

function index(value: Value | undefined, ...keys: readonly Value[]): Value {
  let current: Value = value ?? null;
  for (const key of keys) {
    if (isList(current)) {
      const at = whole(key);
      if (at < 0 || at >= current.length) throw new Error(`there is no item ${at}`);
      current = current[at]!;
    } else current = map(current).get(text(key)) ?? null;
  }
  return current;
}

function slice(value: Value | undefined, from?: Value, to?: Value): Value {
  const [start, end] = [from === undefined ? 0 : whole(from), to === undefined ? undefined : whole(to)];
  if (typeof value === "string") return Buffer.from(value, "utf8").subarray(start, end).toString("utf8");
  return list(value).slice(start, end);
}

function length(value: Value | undefined): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value !== undefined && isList(value)) return value.length;
  return sizeOf(map(value));
}

function repeated(count: number, value: string): string {
  if (count * value.length > maxText) throw new Error("that would be too long");
  return value.repeat(Math.max(0, count));
}

function indent(count: number, value: string): string {
  return value.replace(/^/gm, repeated(count, " "));
}

function trunc(count: number, value: string): string {
  const letters = Array.from(value);
  return (count < 0 ? letters.slice(count) : letters.slice(0, count)).join("");
}

function escapedHtml(value: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return value.replace(/[&<>"']/g, (character) => names[character]!);
}

function escapedJs(value: string): string {
  return value.replace(/[\\'"<>&=\n\r\t]/g, (character) => {
    if ("\\'\"".includes(character)) return `\\${character}`;
    return character === "\n"
      ? "\\n"
      : character === "\r"
        ? "\\r"
        : character === "\t"
          ? "\\t"
          : unicodeEscape(character);
  });
}

function unicodeEscape(character: string): string {
  return `\\u00${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** JSON with the escapes that Go adds for HTML. */
function json(value: Value, space?: string): string {
  return JSON.stringify(plainOf(value), undefined, space).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

function dict(args: readonly Value[]): Value {
  const made = new Map<string, Value>();
  for (let i = 0; i < args.length; i += 2) made.set(text(args[i]), args[i + 1] ?? "");
  return made;
}

function hash(kind: string): Function {
  return (value) => createHash(kind).update(text(value)).digest("hex");
}

/** The functions of Go's text/template, and those of sprig that work on texts, numbers, lists and maps. None of them reads a file, the clock or the environment. */
export const functions: ReadonlyMap<string, Function> = new Map<string, Function>([
  // Evaluated by who calls them, because they look at no more than they need.
  ["and", (...args) => args.at(-1) ?? null],
  ["or", (...args) => args.at(-1) ?? null],
  ["not", (value) => !isTrue(value ?? null)],
  ["eq", (first, ...rest) => rest.some((one) => isSame(first, one))],
  ["ne", (a, b) => !isSame(a, b)],
  ["lt", (a, b) => order(a, b) < 0],
  ["le", (a, b) => order(a, b) <= 0],
  ["gt", (a, b) => order(a, b) > 0],
  ["ge", (a, b) => order(a, b) >= 0],
  ["len", length],
  ["index", index],
  ["slice", slice],
  ["print", (...args) => print(args)],
  ["println", (...args) => `${args.map(textOf).join(" ")}\n`],
  ["printf", (format, ...args) => printf(text(format), args)],
  ["html", (...args) => escapedHtml(print(args))],
  ["js", (...args) => escapedJs(print(args))],
  [
    "urlquery",
    (...args) =>
      encodeURIComponent(print(args))
        .replaceAll("%20", "+")
        .replace(/[!'()*]/g, percent),
  ],

  [
    "quote",
    (...args) =>
      args
        .filter((value) => value !== null)
        .map((value) => quoted(textOf(value)))
        .join(" "),
  ],
  [
    "squote",
    (...args) =>
      args
        .filter((value) => value !== null)
        .map((value) => `'${textOf(value)}'`)
        .join(" "),
  ],
  ["upper", (value) => text(value).toUpperCase()],
  ["lower", (value) => text(value).toLowerCase()],
  ["title", (value) => text(value).replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase())],
  ["untitle", (value) => text(value).replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toLowerCase())],
  ["trim", (value) => text(value).trim()],
  ["trimAll", (cut, value) => trimmed(text(value), text(cut))],
  [
    "trimPrefix",
    (cut, value) => (text(value).startsWith(text(cut)) ? text(value).slice(text(cut).length) : text(value)),
  ],
  [
    "trimSuffix",
    (cut, value) =>
      text(cut) !== "" && text(value).endsWith(text(cut)) ? text(value).slice(0, -text(cut).length) : text(value),
  ],
  ["nospace", (value) => text(value).replace(/\s/g, "")],
  ["replace", (old, fresh, value) => text(value).replaceAll(text(old), () => text(fresh))],
  ["repeat", (count, value) => repeated(whole(count), text(value))],
  ["substr", (from, to, value) => substr(whole(from), whole(to), text(value))],
  ["trunc", (count, value) => trunc(whole(count), text(value))],
  [
    "abbrev",
    (width, value) =>
      whole(width) < 4 || text(value).length <= whole(width)
        ? text(value)
        : `${text(value).slice(0, whole(width) - 3)}...`,
  ],
  ["contains", (part, value) => text(value).includes(text(part))],
  ["hasPrefix", (part, value) => text(value).startsWith(text(part))],
  ["hasSuffix", (part, value) => text(value).endsWith(text(part))],
  [
    "cat",
    (...args) =>
      args
        .filter((value) => value !== null && value !== "")
        .map(textOf)
        .join(" "),
  ],
  ["indent", (count, value) => indent(whole(count), text(value))],
  ["nindent", (count, value) => `\n${indent(whole(count), text(value))}`],
  ["toString", (value) => text(value)],
  ["toJson", (value) => json(value ?? null)],
  ["toPrettyJson", (value) => json(value ?? null, "  ")],
  ["toRawJson", (value) => JSON.stringify(plainOf(value ?? null))],
  ["b64enc", (value) => Buffer.from(text(value), "utf8").toString("base64")],
  ["b64dec", (value) => Buffer.from(text(value), "base64").toString("utf8")],
  ["sha1sum", hash("sha1")],
  ["sha256sum", hash("sha256")],
  ["base", (value) => text(value).replace(/\/+$/, "").split("/").at(-1) ?? ""],
  ["dir", (value) => text(value).replace(/\/?[^/]*$/, "") || "."],
  ["ext", (value) => /\.[^./]*$/.exec(text(value))?.[0] ?? ""],

  ["default", (fallback, value) => (value !== undefined && isTrue(value) ? value : (fallback ?? null))],
  ["empty", (value) => !isTrue(value ?? null)],
  ["coalesce", (...args) => args.find(isTrue) ?? null],
  ["ternary", (yes, no, which) => (isTrue(which ?? null) ? (yes ?? null) : (no ?? null))],

  ["int", (value) => whole(value)],
  ["int64", (value) => whole(value)],
  ["float64", (value) => number(value)],
  ["add", (...args) => args.reduce<number>((sum, value) => sum + whole(value), 0)],
  ["add1", (value) => whole(value) + 1],
  ["sub", (a, b) => whole(a) - whole(b)],
  ["mul", (...args) => args.reduce<number>((product, value) => product * whole(value), 1)],
  ["div", (a, b) => divided(whole(a), whole(b))],
  ["mod", (a, b) => whole(a) - divided(whole(a), whole(b)) * whole(b)],
  ["max", (...args) => Math.max(...args.map(whole))],
  ["min", (...args) => Math.min(...args.map(whole))],
  ["round", (value, digits) => Number(number(value).toFixed(Math.min(20, whole(digits))))],
  ["ceil", (value) => Math.ceil(number(value))],
  ["floor", (value) => Math.floor(number(value))],

  ["list", (...args) => args],
  ["tuple", (...args) => args],
  ["first", (value) => list(value)[0] ?? null],
  ["last", (value) => list(value).at(-1) ?? null],
  ["rest", (value) => list(value).slice(1)],
  ["initial", (value) => list(value).slice(0, -1)],
  ["reverse", (value) => list(value).toReversed()],
  ["append", (value, item) => [...list(value), item ?? null]],
  ["prepend", (value, item) => [item ?? null, ...list(value)]],
  ["concat", (...args) => args.flatMap((value) => list(value))],
  ["has", (item, value) => list(value).some((one) => typeof one === typeof item && isSame(one, item))],
  ["without", (value, ...items) => list(value).filter((one) => !items.some((item) => textOf(item) === textOf(one)))],
  ["compact", (value) => list(value).filter(isTrue)],
  ["uniq", (value) => [...new Map(list(value).map((one) => [textOf(one), one])).values()]],
  [
    "join",
    (between, value) => (value !== undefined && isList(value) ? value.map(textOf).join(text(between)) : text(value)),
  ],
  ["splitList", (between, value) => text(value).split(text(between))],
  [
    "split",
    (between, value) =>
      new Map(
        text(value)
          .split(text(between))
          .map((part, i) => [`_${i}`, part]),
      ),
  ],
  ["sortAlpha", (value) => list(value).map(textOf).sort()],
  ["until", (count) => Array.from({ length: Math.min(maxText, Math.max(0, whole(count))) }, (_one, i) => i)],

  ["dict", (...args) => dict(args)],
  ["get", (value, key) => map(value).get(text(key)) ?? ""],
  ["hasKey", (value, key) => map(value).has(text(key))],
  ["keys", (value) => sortedKeys(map(value))],
  ["values", (value) => sortedKeys(map(value)).map((key) => map(value).get(key) ?? null)],
  ["set", (value, key, item) => (map(value) as Map<string, Value>).set(text(key), item ?? null) as Value],
  ["unset", (value, key) => ((map(value) as Map<string, Value>).delete(text(key)), value ?? null)],
]);

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function trimmed(value: string, cut: string): string {
  let [from, to] = [0, value.length];
  while (from < to && cut.includes(value[from]!)) from++;
  while (to > from && cut.includes(value[to - 1]!)) to--;
  return value.slice(from, to);
}

function substr(from: number, to: number, value: string): string {
  if (from < 0) return value.slice(0, Math.max(0, to));
  return to < 0 || to > value.length ? value.slice(from) : value.slice(from, to);
}

function divided(a: number, b: number): number {
  if (b === 0) throw new Error("division by zero");
  return Math.trunc(a / b);
}
