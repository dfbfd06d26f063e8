/** A value of a template, as Go's text/template knows it: text, number, truth, list, map, a finding, or nothing. */
export type Value = string | number | boolean | null | readonly Value[] | ReadonlyMap<string, Value> | FindingValue;

/** A finding: its fields are fixed, and asking for another one is an error. */
export class FindingValue {
  readonly fields: ReadonlyMap<string, Value>;

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }
}

/** What is wrong with a template, or with how it uses its data. `line`: from 1. */
export class TemplateFault extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** Whether a value counts as true: it is not the empty one of its kind. */
export function isTrue(value: Value): boolean {
  if (value === null || typeof value === "boolean") return value === true;
  if (typeof value === "string" || typeof value === "number") return value !== "" && value !== 0;
  return value instanceof FindingValue || sizeOf(value) > 0;
}

/** How many items a list or map has. */
export function sizeOf(value: readonly Value[] | ReadonlyMap<string, Value>): number {
  return isList(value) ? value.length : value.size;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A value as `%v` prints it. */
export function textOf(value: Value): string {
  if (value === null) return "<no value>";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(textOf).join(" ")}]`;
  if (value instanceof FindingValue) return `{${[...value.fields.values()].map(textOf).join(" ")}}`;
  return `map[${sortedKeys(value)
    .map((key) => `${key}:${textOf(value.get(key) ?? null)}`)
    .join(" ")}]`;
}

/** A value as JSON has it. */
export function plainOf(value: Value): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map(plainOf);
  const map = value instanceof FindingValue ? value.fields : value;
  const keys = value instanceof FindingValue ? [...map.keys()] : sortedKeys(map);
  return Object.fromEntries(keys.map((key) => [key, plainOf(map.get(key) ?? null)]));
}

/** Keys of a map, in the order in which Go visits them in templates. */
export function sortedKeys(map: ReadonlyMap<string, Value>): string[] {
  return [...map.keys()].sort();
}
