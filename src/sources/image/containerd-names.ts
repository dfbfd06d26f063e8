import { readFile, stat } from "node:fs/promises";
import { bucketAt, entriesOf, openBolt } from "../../content/bolt.ts";
import { isDigest } from "../../content/digest.ts";
import { containerdDatabase } from "./containerd-database.ts";

/** A database is read whole; those of busy machines have some tens of megabytes. */
const MAX_DATABASE_BYTES = 256 << 20;

/**
 * What containerd calls the images of a content store, by the digests of their manifests or indexes: all namespaces, from the database beside the store (`meta.db`). Empty where there is
 * none, or none that can be read: names are all that is missing then.
 */
export async function containerdNames(contentStore: string): Promise<Map<string, Set<string>>> {
  const names = new Map<string, Set<string>>();
  const path = containerdDatabase(contentStore);
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true || facts.size > MAX_DATABASE_BYTES) return names;
  const file = openBolt(await readFile(path).catch(() => Buffer.alloc(0)));
  const spaces = file === undefined ? undefined : bucketAt(file, ["v1"]);
  if (file === undefined || spaces === undefined) return names;
  for (const { key: space } of entriesOf(file, spaces)) {
    const images = bucketAt(file, ["v1", space, "images"]);
    for (const { key: name, bucket } of images === undefined ? [] : entriesOf(file, images)) {
      const parts = bucket === undefined ? [] : [...entriesOf(file, bucket)];
      const target = parts.find(({ key }) => key === "target")?.bucket;
      const told = target === undefined ? [] : [...entriesOf(file, target)];
      const digest = told.find(({ key }) => key === "digest")?.value.toString("latin1");
      if (isDigest(digest)) names.set(digest, (names.get(digest) ?? new Set<string>()).add(name));
    }
  }
  return names;
}
