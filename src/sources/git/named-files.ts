import type { ContentId } from "../../model/content.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { Unit, UnitResult } from "../../model/unit.ts";

/** Files asked for in one unit. */
const unitFiles = 2_000;

/** Where the objects of a repository lie. */
export interface ObjectPlaces {
  readonly target: string;
  readonly folders: readonly string[];
  readonly idBytes: IdBytes;
}

/** A content under one of its paths. */
export interface NamedFile {
  readonly content: ContentId;
  readonly path: string;
}

/** Has the rules on paths asked of files that hold no secret which another rule knows. Gives the contents that such a rule names. */
export async function askPathRules(
  files: Iterable<NamedFile>,
  { target, folders, idBytes }: ObjectPlaces,
  run: (unit: Unit) => Promise<UnitResult>,
): Promise<Set<ContentId>> {
  const named = new Set<ContentId>();
  let part: NamedFile[] = [];
  const ask = async (): Promise<void> => {
    if (part.length === 0) return;
    const { hits } = await run({ kind: "named", target, weight: part.length, folders, idBytes, files: part });
    for (const { content } of hits) named.add(content);
    part = [];
  };
  for (const file of files) if (part.push(file) === unitFiles) await ask();
  await ask();
  return named;
}
