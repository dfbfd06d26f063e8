import { createHash } from "node:crypto";
import { resolve } from "node:path";

/** A target of a sweep. */
export interface ListedTarget {
  /** As it was written. */
  readonly name: string;
  /** The same for two spellings of one path; says nothing of the name to a reader. */
  readonly id: string;
}

/** Explicit kinds of images (`oci:DIR`, `docker-archive:FILE`) and references with a scheme are no plain paths. */
const prefixed = /^[a-z][a-z0-9+-]*:/;

/** Reads a list of targets: one a line, blanks around it cut off; blank lines and lines that begin with `#` are left out. */
export function parseTargetList(text: string): string[] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Targets in the order given, each once: of several spellings of one path (`a`, `./a`) the first. Relative paths start at `cwd`. */
export function distinctTargets(names: readonly string[], cwd: string): ListedTarget[] {
  const targets = new Map<string, ListedTarget>();
  for (const name of names) {
    const place = name === "-" || prefixed.test(name) ? name : resolve(cwd, name);
    const id = createHash("sha256").update(place).digest("hex").slice(0, 32);
    if (!targets.has(id)) targets.set(id, { name, id });
  }
  return [...targets.values()];
}
