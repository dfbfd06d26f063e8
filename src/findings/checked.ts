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
  return opened(value, () => path);
}

/** A case of fifty thousand findings opens half a million objects: paths are put together for errors alone. */
function opened(value: unknown, path: () => string): CheckedFields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(path(), "an object");
  return new Fields(value as Readonly<Record<string, unknown>>, path);
}

class Fields implements CheckedFields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: () => string;

  constructor(value: Readonly<Record<string, unknown>>, path: () => string) {
    this.#value = value;
    this.#path = path;
  }

  /** Own keys alone: a key such as `__proto__` is then a key like any other. */
  has(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  text(key: string): string {
    const found = this.#get(key);
    if (typeof found !== "string") throw this.#refused(key, "a text");
    return found;
  }

  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  number(key: string): number {
    const found = this.#get(key);
    if (typeof found !== "number" || !Number.isFinite(found) || found < 0) throw this.#refused(key, "a number");
    return found;
  }

  flag(key: string): boolean {
    const found = this.#get(key);
    if (typeof found !== "boolean") throw this.#refused(key, "true or false");
    return found;
  }

  texts(key: string): readonly string[] {
    const found = this.#get(key);
    if (!Array.isArray(found)) throw this.#refused(key, "a list of texts");
    return found.map((item: unknown) => {
      if (typeof item !== "string") throw this.#refused(key, "a list of texts");
      return item;
    });
  }

  oneOf<T extends string>(key: string, known: readonly T[]): T {
    const value = this.#get(key);
    const found = known.find((word) => word === value);
    if (found === undefined) throw this.#refused(key, `one of ${known.join(", ")}`);
    return found;
  }

  someOf<T extends string>(key: string, known: readonly T[]): readonly T[] {
    return this.texts(key).map((text) => {
      const found = known.find((word) => word === text);
      if (found === undefined) throw this.#refused(key, `a list of ${known.join(", ")}`);
      return found;
    });
  }

  fields(key: string): CheckedFields {
    return opened(this.#get(key), () => `${this.#path()}.${key}`);
  }

  optionalFields(key: string): CheckedFields | undefined {
    return this.has(key) ? this.fields(key) : undefined;
  }

  list<T>(key: string, read: (item: CheckedFields) => T): readonly T[] {
    const found = this.#get(key);
    if (!Array.isArray(found)) throw this.#refused(key, "a list");
    return found.map((item: unknown, i) => read(opened(item, () => `${this.#path()}.${key}[${i}]`)));
  }

  counts<K extends string>(key: string, known: readonly K[]): Partial<Record<K, number>> {
    const numbers = this.fields(key);
    const counts: Partial<Record<K, number>> = {};
    for (const name of Object.keys(this.#get(key) ?? {}).sort()) {
      const word = known.find((candidate) => candidate === name);
      if (word === undefined) throw this.#refused(key, "counts by known names");
      counts[word] = numbers.number(word);
    }
    return counts;
  }

  #get(key: string): unknown {
    return this.has(key) ? this.#value[key] : undefined;
  }

  #refused(key: string, wanted: string): ToolError {
    return refused(`${this.#path()}.${key}`, wanted);
  }
}

function refused(path: string, wanted: string): ToolError {
  return new ToolError("record-invalid", `${path} is not ${wanted}`);
}
