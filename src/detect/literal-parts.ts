/**
 * Values that code puts together from literals: `["…", "…"].join("")`, `token = "…"; token += "…"`, `key.append("…"); key.append("…")`. The rules with the tag `parts` find the
 * whole expression, from the first literal's text to the last one's; here it becomes the value that the program will have.
 */

/** Rules whose secret is such an expression. */
export const partsTag = "parts";

/** Calls and words between two literals that are no name of what is put together. */
const verbs = new Set(["append", "concat", "push", "push_str", "add", "write", "put", "plus", "new", "this", "self"]);

const name = /[A-Za-z_]\w*/g;
/** A literal that goes on with what the variable holds: `TOKEN="${TOKEN}…"`. */
const selfReference = /^\$\{?([A-Za-z_]\w*)\}?/;

/**
 * The text of all literals of an expression, without what stands between them.
 * @param expression begins behind the first literal's opening quote, and ends before the last one's closing quote
 * @param quote the first literal's quote
 * @param variable what the first literal is assigned to, or the end of its name
 * @returns undefined where it is none: a literal does not end, something else is assigned in between, or a separator stands between the parts.
 */
export function joinLiterals(expression: string, quote: string, variable: string): string | undefined {
  const parts: string[] = [];
  let at = 0;
  let open = quote;
  for (;;) {
    const close = expression.indexOf(open, at);
    const literal = withoutSelf(expression.slice(at, close < 0 ? undefined : close), variable);
    if (literal === undefined) return undefined;
    parts.push(literal);
    if (close < 0) break;
    const next = nextQuote(expression, close + 1);
    if (next < 0 || !isBetween(expression.slice(close + 1, next), variable)) return undefined;
    open = expression[next]!;
    at = next + 1;
  }
  // `join(",", "read", "write")`, `"user" + "," + "admin"`: parts of a list.
  return parts.length < 2 || parts.some((part) => /^[,;:|/\\ ]+$/.test(part)) ? undefined : parts.join("");
}

function nextQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === '"' || text[at] === "'") return at;
  return -1;
}

/** Whether what stands between two literals names nothing but the variable. */
function isBetween(text: string, variable: string): boolean {
  return [...text.matchAll(name)].every(([word]) => verbs.has(word.toLowerCase()) || word.endsWith(variable));
}

/** A literal without the look-up of the variable itself; undefined where it looks up another one. */
function withoutSelf(literal: string, variable: string): string | undefined {
  const found = selfReference.exec(literal);
  if (found === null) return literal;
  return found[1]!.endsWith(variable) ? literal.slice(found[0].length) : undefined;
}
