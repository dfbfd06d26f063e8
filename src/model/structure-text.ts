import type { FindingSighting } from "./finding.ts";
import { sanitize } from "./sanitize.ts";

/** The key path of a place, and what belongs to the secret there, for people: `key db.password · with user app`. Escaped; empty where nothing is known. */
export function structureText({ key, parts = [] }: Pick<FindingSighting, "key" | "parts">): string {
  const partners = parts.map(({ name, value }) => `${sanitize(name)} ${sanitize(value)}`).join(", ");
  return [key === undefined ? "" : `key ${sanitize(key)}`, partners === "" ? "" : `with ${partners}`]
    .filter((text) => text !== "")
    .join(" · ");
}
