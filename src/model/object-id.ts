/** Bytes of an object id: 20 in repositories that keep their objects by SHA-1, 32 in those that keep them by SHA-256 (gitformat-pack; `extensions.objectFormat`). */
export type IdBytes = 20 | 32;

/** Whether a text is an object id of either form: lower-case hex, whole. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Bytes of an id that is given as hex. */
export function idBytesOf(hex: string): IdBytes {
  return hex.length === 64 ? 32 : 20;
}
