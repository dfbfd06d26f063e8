/** Documents of an image: manifests, indexes, configs. Registries allow 4 MiB for a manifest; real configs stay below 1 MiB. */
export const MAX_JSON_BYTES = 16 << 20;

/** Parses JSON from a scanned image; undefined for what is none. What comes back has any shape: use the readers below. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8").decode(bytes));
    return value;
  } catch {
    return undefined;
  }
}

/** An object's entries; undefined for everything else, arrays included. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The texts in an array; what is no text is left out. */
export function asTexts(value: unknown): readonly string[] {
  return asArray(value).filter((item) => typeof item === "string");
}

/** The entries of an object whose values are texts. */
export function asTextRecord(value: unknown): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  for (const [key, item] of Object.entries(asRecord(value) ?? {}))
    if (typeof item === "string") found.push([key, item]);
  return found;
}

/**
 * Whether a document says something that its parsed value does not hold, because two members of an object have the same name. Readers differ in which of them counts (RFC 8259, 4), so one can hide
 * from some of them.
 */
export function hasHiddenMembers(bytes: Uint8Array, value: unknown): boolean {
  return membersIn(bytes) !== membersOf(value);
}

/** Each member has one colon outside of strings. */
function membersIn(bytes: Uint8Array): number {
  let count = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) isInString = !isInString;
    else if (isInString && byte === 0x5c) at++;
    else if (!isInString && byte === 0x3a) count++;
  }
  return count;
}

function membersOf(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const inside: readonly unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += inside.length;
    for (const item of inside) if (typeof item === "object" && item !== null) left.push(item);
  }
  return count;
}

/** Whether lists and objects lie in each other deeper than that. */
export function nestsDeeper(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      const inside: readonly unknown[] = Object.values(item);
      for (const one of inside) if (typeof one === "object" && one !== null) below.push(one);
    }
    level = below;
  }
  return false;
}
