import { textOf, type Value } from "./values.ts";

/** Wider fields are nobody's: a template must not fill the memory with blanks. */
const maxWidth = 1000;

/** Go's Sprintf, as far as templates of findings need it: `%v %s %q %d %f %e %g %t %x %X %c %%` with flags, width and precision. */
export function printf(format: string, args: readonly Value[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/g,
    (_all, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      if (next >= args.length) return `%!${verb}(MISSING)`;
      const digits = precision === undefined ? undefined : Math.min(maxWidth, Number(precision));
      const body = formatted(verb, args[next++] ?? null, flags, digits);
      return padded(body, flags, Math.min(maxWidth, Number(width)));
    },
  );
  const extra = args.slice(next).map((value) => `${typeOf(value)}=${textOf(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

/** A text in double quotes, as Go writes it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, "\\x$1");
}

function formatted(verb: string, value: Value, flags: string, digits: number | undefined): string {
  if (typeof value === "number") return numberText(verb, value, flags, digits);
  const text = textOf(value);
  switch (verb) {
    case "s":
    case "v":
      if (typeof value === "string" && digits !== undefined) return Array.from(text).slice(0, digits).join("");
      return verb === "s" && typeof value === "boolean" ? `%!s(bool=${text})` : text;
    case "q":
      return quoted(text);
    case "t":
      if (typeof value === "boolean") return text;
      break;
    case "x":
    case "X": {
      const hex = Buffer.from(text, "utf8").toString("hex");
      return verb === "x" ? hex : hex.toUpperCase();
    }
  }
  return `%!${verb}(${typeOf(value)}=${text})`;
}

function numberText(verb: string, value: number, flags: string, digits: number | undefined): string {
  const sign = value >= 0 && flags.includes("+") ? "+" : "";
  const isWhole = Number.isInteger(value);
  const size = Math.min(100, digits ?? 6);
  switch (verb) {
    case "v":
    case "g":
      return `${sign}${value}`;
    case "d":
      return isWhole ? `${sign}${value}` : `%!d(float32=${value})`;
    case "f":
      return `${sign}${value.toFixed(size)}`;
    case "e":
      return `${sign}${value.toExponential(size).replace(/e([+-])(\d)$/, "e$10$2")}`;
    case "x":
    case "X": {
      const hex = Math.trunc(value).toString(16);
      return verb === "x" ? hex : hex.toUpperCase();
    }
    case "c":
      return String.fromCodePoint(Math.min(0x10ffff, Math.max(0, Math.trunc(value))));
    default:
      return `%!${verb}(${typeOf(value)}=${value})`;
  }
}

function padded(body: string, flags: string, width: number): string {
  const missing = width - Array.from(body).length;
  if (missing <= 0) return body;
  if (flags.includes("-")) return body + " ".repeat(missing);
  if (!flags.includes("0")) return " ".repeat(missing) + body;
  return /^[+-]/.test(body) ? body[0] + "0".repeat(missing) + body.slice(1) : "0".repeat(missing) + body;
}

function typeOf(value: Value): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  return typeof value === "number" ? (Number.isInteger(value) ? "int" : "float32") : "value";
}
