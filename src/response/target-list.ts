import { createHash } from "node:crypto";
import { resolve } from "node:path";

/** A target of a sweep. `id`: the same for two spellings of one path; says nothing of the name to a reader. */
export type Listed<T extends { readonly name: string }> = T & { readonly id: string };

/** Explicit kinds of images (`oci:DIR`, `docker-archive:FILE`), references with a scheme and `user@host:path` are no plain paths. */
const prefixed = /^(?:[a-z][a-z0-9+-]*|[\w.+-]+@[^/:]+):/;

/** Reads a list of targets: one a line, blanks around it cut off; blank lines and lines that begin with `#` are left out. */
export function parseTargetList(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Targets in the order given, each once: of several spellings of one path (`a`, `./a`) the first. Relative paths start at `cwd`. */
export function distinctTargets<T extends { readonly name: string }>(named: readonly T[], cwd: string): Listed<T>[] {
  const targets = new Map<string, Listed<T>>();
  for (const target of named) {
    const { name } = target;
    const place = name === "-" || prefixed.test(name) ? name : resolve(cwd, name);
    const id = createHash("sha256").update(place).digest("hex").slice(0, 32);
    if (!targets.has(id)) targets.set(id, { ...target, id });
  }
  return [...targets.values()];
}
