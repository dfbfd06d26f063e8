/** What was thrown, in words and codes: anything can be. */

/** The code of an error of the system or of a library (`ENOENT`); empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The same behind a sentence: ` (ENOENT)`; empty where there is none. */
export function codeBehind(error: unknown): string {
  const code = codeOf(error);
  return code === "" ? "" : ` (${code})`;
}

/** What an error says. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
