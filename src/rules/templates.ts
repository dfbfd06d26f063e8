import { generateToken } from "./generators.ts";
import type { Random } from "./random.ts";
import { randomText, randomUuid } from "./random-text.ts";
import { base58 } from "./token-checksums.ts";

/**
 * The template language of examples in `patterns/*.toml` (patterns/README.md): text with `${…}` forms that a seeded generator fills, so that
 * no secret is ever stored.
 */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TemplateError";
  }
}

const alphabets: ReadonlyMap<string, string> = new Map([
  ["hex", "0123456789abcdef"],
  ["HEX", "0123456789ABCDEF"],
  ["alnum", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"],
  ["lower", "abcdefghijklmnopqrstuvwxyz"],
  ["upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ["digits", "0123456789"],
  ["lowernum", "0123456789abcdefghijklmnopqrstuvwxyz"],
  ["uppernum", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ["base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"],
  ["base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"],
  ["base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"],
  ["base58", base58],
]);

/** Forms that change the result of an inner template: `${b64(user:${alnum:20})}`. */
const wrappers: ReadonlyMap<string, (inner: string) => string> = new Map([
  ["b64", (inner: string) => Buffer.from(inner, "utf8").toString("base64")],
  ["b64url", (inner: string) => Buffer.from(inner, "utf8").toString("base64url")],
  ["json", (inner: string) => JSON.stringify(inner).slice(1, -1)],
  ["indent", (inner: string) => inner.replaceAll("\n", "\n    ")],
  ["url", (inner: string) => encodeURIComponent(inner)],
]);

const words =
  "anchor autumn basket bridge candle carpet castle cherry circle copper desert dinner dragon engine fabric feather forest garden ginger guitar hammer harbor island jacket jungle kettle ladder lantern marble meadow mirror mountain needle orange orchard paper pencil pepper planet pocket puzzle quarry rabbit river rocket saddle salmon silver summer sunset table temple thunder timber tunnel turtle valley velvet violet walnut window winter yellow".split(
    " ",
  );

/** More than any token needs; a template cannot ask for the machine's memory. */
const maxLength = 20_000;

/**
 * Fills a template. The same random stream gives the same text.
 * @throws TemplateError for an unknown form or wrong arguments; the message names the form.
 */
export function fillTemplate(template: string, random: Random): string {
  let out = "";
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf("${", at);
    if (open < 0) break;
    if (template[open - 1] === "$" && open > at) {
      out += `${template.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    out += template.slice(at, open);
    const close = findClose(template, open + 2);
    out += fillForm(template.slice(open + 2, close), random);
    at = close + 1;
  }
  return out + template.slice(at);
}

/** The index of the brace that closes the form whose inside starts at `from`; inner forms nest. */
function findClose(template: string, from: number): number {
  let depth = 1;
  for (let at = from; at < template.length; at++) {
    if (template.startsWith("$${", at)) at += 2;
    else if (template.startsWith("${", at)) {
      depth++;
      at++;
    } else if (template[at] === "}" && isFormEnd(template, from, at, depth) && --depth === 0) return at;
  }
  throw new TemplateError("a ${ is not closed");
}

/** In the text inside `b64(…)` a lone brace is text: the form ends at `)}`. */
function isFormEnd(template: string, from: number, at: number, depth: number): boolean {
  return depth > 1 || !/^[a-z0-9]+\(/.test(template.slice(from, from + 12)) || template[at - 1] === ")";
}

function fillForm(form: string, random: Random): string {
  const wrapped = /^([a-z0-9]+)\(([\s\S]*)\)$/.exec(form);
  if (wrapped !== null) {
    const wrap = wrappers.get(wrapped[1] ?? "");
    if (wrap === undefined) throw new TemplateError(`unknown form \${${wrapped[1]}(…)}`);
    return wrap(fillTemplate(wrapped[2] ?? "", random));
  }
  if (form === "uuid") return randomUuid(random);
  if (form === "word") return random.pick(words);
  const [name = "", ...rest] = form.split(":");
  if (name === "gen") return generate(rest, random, form);
  const [alphabet, length] =
    name === "chars" ? [rest.slice(0, -1).join(":"), rest.at(-1)] : [alphabets.get(name), rest.join(":")];
  if (alphabet === undefined || alphabet === "") throw new TemplateError(`unknown form \${${form}}`);
  if (length === undefined || !/^\d{1,5}$/.test(length) || Number(length) > maxLength)
    throw new TemplateError(`\${${form}} needs a length`);
  return randomText(alphabet, Number(length), random);
}

function generate([name = "", ...options]: readonly string[], random: Random, form: string): string {
  const token = generateToken(name, random, options);
  if (token === undefined) throw new TemplateError(`unknown generator in \${${form}}`);
  return token;
}
