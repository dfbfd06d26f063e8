import { ToolError } from "../model/problem.ts";

/** Reads fields of data that came from outside, one check each. `path` names the field in errors; values never stand in them. */
export interface CheckedFields {
  has(key: string): boolean;
  text(key: string): string;
  optionalText(key: string): string | undefined;
  number(key: string): number;
  flag(key: string): boolean;
  texts(key: string): readonly string[];
  oneOf<T extends string>(key: string, known: readonly T[]): T;
  /** A list of known words. */
  someOf<T extends string>(key: string, known: readonly T[]): readonly T[];
  fields(key: string): CheckedFields;
  optionalFields(key: string): CheckedFields | undefined;
  list<T>(key: string, read: (item: CheckedFields) => T): readonly T[];
  /** Whole numbers by known keys; unknown keys are refused. */
  counts<K extends string>(key: string, known: readonly K[]): Partial<Record<K, number>>;
}

/** Opens a value that should be an object. Throws ToolError `record-invalid` that names the field and what it should be. */
export function checkedFields(value: unknown, path: string): CheckedFields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(path, "an object");
  // A map: a key such as `__proto__` is then a key like any other.
  const entries = new Map<string, unknown>(Object.entries(value));
  const at = (key: string): string => `${path}.${key}`;
  const self: CheckedFields = {
    has: (key) => entries.has(key),
    text(key) {
      const found = entries.get(key);
      if (typeof found !== "string") throw refused(at(key), "a text");
      return found;
    },
    optionalText: (key) => (entries.has(key) ? self.text(key) : undefined),
    number(key) {
      const found = entries.get(key);
      if (typeof found !== "number" || !Number.isFinite(found) || found < 0) throw refused(at(key), "a number");
      return found;
    },
    flag(key) {
      const found = entries.get(key);
      if (typeof found !== "boolean") throw refused(at(key), "true or false");
      return found;
    },
    texts(key) {
      const found = entries.get(key);
      if (!Array.isArray(found)) throw refused(at(key), "a list of texts");
      return found.map((item: unknown) => {
        if (typeof item !== "string") throw refused(at(key), "a list of texts");
        return item;
      });
    },
    oneOf(key, known) {
      const found = known.find((word) => word === entries.get(key));
      if (found === undefined) throw refused(at(key), `one of ${known.join(", ")}`);
      return found;
    },
    someOf(key, known) {
      return self.texts(key).map((text) => {
        const found = known.find((word) => word === text);
        if (found === undefined) throw refused(at(key), `a list of ${known.join(", ")}`);
        return found;
      });
    },
    fields: (key) => checkedFields(entries.get(key), at(key)),
    optionalFields: (key) => (entries.has(key) ? self.fields(key) : undefined),
    list(key, read) {
      const found = entries.get(key);
      if (!Array.isArray(found)) throw refused(at(key), "a list");
      return found.map((item: unknown, i) => read(checkedFields(item, `${at(key)}[${i}]`)));
    },
    counts(key, known) {
      const inner = entries.get(key);
      const numbers = checkedFields(inner, at(key));
      const counts: Partial<Record<(typeof known)[number], number>> = {};
      for (const name of Object.keys(inner ?? {}).sort()) {
        const word = known.find((candidate) => candidate === name);
        if (word === undefined) throw refused(at(key), "counts by known names");
        counts[word] = numbers.number(word);
      }
      return counts;
    },
  };
  return self;
}

function refused(path: string, wanted: string): ToolError {
  return new ToolError("record-invalid", `${path} is not ${wanted}`);
}
