const STANDARD_OR_URL = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Base64 in either alphabet, padded or not. Undefined where another character occurs: `Buffer` would skip it in silence. */
export function decodeBase64(text: string): Buffer | undefined {
  return STANDARD_OR_URL.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** The JSON object that a base64 text holds; undefined when it holds something else. */
export function decodeBase64Json(text: string): Record<string, unknown> | undefined {
  const bytes = decodeBase64(text);
  if (bytes === undefined || bytes[0] !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
