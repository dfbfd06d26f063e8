import { ToolError } from "../model/problem.ts";

/**
 * Reads typed values out of a parsed TOML table. Keys are asked for in lower case and found in any case. What was never asked for is
 * an unknown key, which `finish` reports as a warning.
 */
export interface TableReader {
  /** For messages: file, and rule where there is one. */
  readonly where: string;
  named(part: string): TableReader;
  has(key: string): boolean;
  text(key: string): string | undefined;
  number(key: string): number | undefined;
  /** A whole number, not negative. */
  count(key: string): number | undefined;
  flag(key: string): boolean | undefined;
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined;
  /** A list of texts; empty when absent. One text with commas counts as a list, as in gitleaks. */
  texts(key: string): string[];
  table(key: string): TableReader | undefined;
  /** Every key, in lower case, with its text. */
  all(): Readonly<Record<string, string>>;
  tables(key: string): TableReader[];
  /** Keys that are known and of no use here. */
  skip(...keys: readonly string[]): void;
  warn(message: string): void;
  finish(): void;
}

/** `value` is what a TOML parser gave. @throws ToolError (also from the reader's methods) for a wrong type. */
export function createReader(value: unknown, where: string, warn: (line: string) => void): TableReader {
  if (!isTable(value)) throw wrong(where, "must be a table");
  const entries = new Map<string, unknown>();
  for (const [key, one] of Object.entries(value)) {
    const lower = key.toLowerCase();
    if (entries.has(lower)) warn(`${where}: ${key} is given twice; the last counts`);
    entries.set(lower, one);
  }
  return readerOf(entries, new Set(), where, warn);
}

function readerOf(
  entries: ReadonlyMap<string, unknown>,
  asked: Set<string>,
  where: string,
  warn: (line: string) => void,
): TableReader {
  const ask = (key: string): unknown => {
    asked.add(key);
    return entries.get(key);
  };
  const optional = <T>(key: string, read: (value: unknown) => T | undefined, expected: string): T | undefined => {
    const value = ask(key);
    if (value === undefined) return undefined;
    const result = read(value);
    if (result === undefined) throw wrong(where, `${key} must be ${expected}`);
    return result;
  };
  const child = (key: string, value: unknown): TableReader => createReader(value, `${where}: ${key}`, warn);
  return {
    where,
    named: (part) => readerOf(entries, asked, `${where}: ${part}`, warn),
    has: (key) => ask(key) !== undefined,
    text: (key) => optional(key, asText, "a text"),
    number: (key) => optional(key, asNumber, "a number"),
    count: (key) => optional(key, asCount, "a whole number, 0 or more"),
    flag: (key) => optional(key, asFlag, "true or false"),
    choice: (key, choices) =>
      optional(key, (value) => choices.find((one) => one === value), `one of ${choices.join(", ")}`),
    texts: (key) => optional(key, asTexts, "a list of texts") ?? [],
    table: (key) => {
      const value = ask(key);
      return value === undefined ? undefined : child(key, value);
    },
    all: () => {
      const texts = [...entries.keys()].map((key) => {
        const text = asText(ask(key));
        if (text === undefined) throw wrong(where, `${key} must be a text`);
        return [key, text] as const;
      });
      return Object.fromEntries(texts);
    },
    tables: (key) => {
      const value = ask(key) ?? [];
      if (!Array.isArray(value)) throw wrong(where, `${key} must be a list of tables: [[${key}]]`);
      return value.map((one) => child(key, one));
    },
    skip: (...keys) => keys.forEach((key) => asked.add(key)),
    warn: (message) => warn(`${where}: ${message}`),
    finish: () => {
      for (const key of entries.keys()) if (!asked.has(key)) warn(`${where}: unknown key ${key}`);
    },
  };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function wrong(where: string, message: string): ToolError {
  return new ToolError("rules-invalid", `${where}: ${message}`);
}

function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** gitleaks reads numbers and truth values from texts too. */
function asNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function asCount(value: unknown): number | undefined {
  const number = asNumber(value);
  return number !== undefined && Number.isInteger(number) && number >= 0 ? number : undefined;
}

function asFlag(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

function asTexts(value: unknown): string[] | undefined {
  if (typeof value === "string") return value === "" ? [] : value.split(",");
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((one) => asText(one));
  return texts.every((one) => one !== undefined) ? texts : undefined;
}
