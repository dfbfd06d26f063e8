import { readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { buildFileKind } from "../build/names.ts";
import type { FileOrigin } from "../model/content.ts";
import type { Source } from "../model/source.ts";

/** A longer build file was not written by anybody. */
const maxFileBytes = 1 << 20;
/** Build files of one folder that are looked at. */
const maxFiles = 10_000;

/** The source of a folder, whose places also tell which Dockerfiles, Compose files and the like are about to take them into an image. */
export function withBuilds(source: Source, folder: string): Source {
  const files: string[] = [];
  return {
    target: source.target,
    kind: source.kind,
    async *units() {
      for await (const item of source.units()) {
        if (!("code" in item) && item.kind === "planned" && item.unit.kind === "files")
          for (const name of item.unit.names) {
            const path = relative(folder, name).split(sep).join("/");
            const last = path.slice(path.lastIndexOf("/") + 1);
            if (buildFileKind(last) !== undefined && files.length < maxFiles) files.push(path);
          }
        yield item;
      }
    },
    done: (unit, result) => source.done(unit, result),
    repositories: () => source.repositories?.() ?? [],
    async locate(contents, run) {
      const located = await source.locate(contents, run);
      if (located.sightings.length === 0 || files.length === 0) return located;
      const { planBuilds } = await import("../build/index.ts");
      const carriers = planBuilds({
        files,
        read: (path) => readText(join(folder, path)),
        has: (path) => statSync(join(folder, path), { throwIfNoEntry: false }) !== undefined,
      });
      const carried = (origin: FileOrigin): FileOrigin => {
        const found = carriers(relative(folder, origin.path).split(sep).join("/"));
        return found.length === 0 ? origin : { ...origin, carried: found };
      };
      const sightings = located.sightings.map((sighting) =>
        sighting.origin.kind === "file" ? { ...sighting, origin: carried(sighting.origin) } : sighting,
      );
      return { ...located, sightings };
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

function readText(path: string): string | undefined {
  try {
    const facts = statSync(path);
    return facts.isFile() && facts.size <= maxFileBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined; // It was there when the folder was gone through; its own scan tells.
  }
}
