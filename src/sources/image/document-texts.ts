import { isDigest } from "../../content/digest.ts";
import { mayHoldSecret } from "../../content/entry-texts.ts";
import { hasHiddenMembers } from "../../content/json.ts";
import { leafTexts } from "./config.ts";
import type { ConfigContent } from "./plan.ts";

/** Members that only describe, at any depth: told where they could hold more than that. */
const descriptive: ReadonlySet<string> = new Set([
  ...["mediaType", "artifactType", "digest"],
  ...["architecture", "os", "os.version", "variant"],
]);
/** Tags: they name the image, and stand in its name already. */
const names: ReadonlySet<string> = new Set(["org.opencontainers.image.ref.name", "io.containerd.image.name"]);

/**
 * What somebody wrote into a manifest or an index: its annotations, those of what it names, addresses, data in place of blobs, and members that no
 * specification knows. Engines and registries pass all of that on.
 */
export function documentTexts(
  kind: "manifest" | "index",
  document: Readonly<Record<string, unknown>>,
): readonly ConfigContent[] {
  const isTold = (key: string, text: string): boolean =>
    !names.has(key) && !isDigest(text) && (text === "" || !descriptive.has(key) || mayHoldSecret(text));
  return Object.entries(document)
    .filter(([key, value]) => isTold(key, typeof value === "string" ? value : ""))
    .flatMap(([key, value]) => leafTexts(`${kind}!${key}`, value, isTold));
}

/**
 * Whether others may read another document in these bytes: members of one name (the first or the last counts), or one that differs from `names` in
 * its case alone, which Go's reader, and so every engine, takes for the same.
 */
export function isAmbiguous(bytes: Uint8Array, value: unknown, names: readonly string[]): boolean {
  const known = new Map(names.map((name) => [folded(name), name]));
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isDisguised = items.some(
    (item) =>
      typeof item === "object" &&
      item !== null &&
      Object.keys(item).some((key) => (known.get(folded(key)) ?? key) !== key),
  );
  return isDisguised || hasHiddenMembers(bytes, value);
}

/** Without case; there are letters outside of ASCII that are `k` and `s` then. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** What to say of such a document. */
export const ambiguityMessage =
  "names a member twice, or in other letters: engines may read another image than was scanned";
