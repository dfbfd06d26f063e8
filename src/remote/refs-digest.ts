import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Tells whether a repository elsewhere offers what it offered before. `lines`: `<id> <name>`, of all refs but HEAD; in any order. */
export function refsDigest(lines: readonly string[]): Uint8Array {
  const hash = createHash("sha256");
  for (const line of [...lines].sort()) hash.update(`${line}\n`);
  return hash.digest();
}

/** The refs of a repository that was fetched (gitrepository-layout, `packed-refs`); undefined where they stand elsewhere, or there are none. */
export function fetchedRefs(folder: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, "packed-refs"), "utf8");
  } catch {
    return undefined;
  }
  const lines = text.split("\n").filter((line) => /^[0-9a-f]/.test(line));
  return lines.length === 0 ? undefined : refsDigest(lines);
}

/** What `git ls-remote` lists (`<id> TAB <name>`), without HEAD and what tags stand for. */
export function listedRefs(text: string): Uint8Array | undefined {
  const lines = text.split("\n").filter((line) => /\trefs\//.test(line) && !line.endsWith("^{}"));
  return lines.length === 0 ? undefined : refsDigest(lines.map((line) => line.replace("\t", " ")));
}
