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
