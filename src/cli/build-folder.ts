import { readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { buildFileKind } from "../build/names.ts";
import type { Carrier } from "../model/carrier.ts";
import type { FileOrigin } from "../model/content.ts";
import type { Problem } from "../model/problem.ts";
import type { KnownContents, PlannedUnit, Source } from "../model/source.ts";

/** A longer build file was not written by anybody. */
const maxFileBytes = 1 << 20;
/** Build files of one folder that are looked at. */
const maxFiles = 10_000;
/** Repositories of one folder of which it is told that they are taken along. */
const maxRepositories = 100;

/** What of a folder's names builds ask for. */
class BuildFiles {
  readonly #folder: string;
  readonly #files: string[] = [];
  /** Folders of git that are walked through. */
  readonly #repositories: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  note(item: PlannedUnit | Problem | KnownContents): void {
    if ("code" in item || item.kind !== "planned" || item.unit.kind !== "files") return;
    for (const name of item.unit.names) {
      const path = relative(this.#folder, name).split(sep).join("/");
      const last = path.slice(path.lastIndexOf("/") + 1);
      if (buildFileKind(last) !== undefined && this.#files.length < maxFiles) this.#files.push(path);
      if (last === "HEAD" && /(?:^|\/)\.git\/HEAD$/.test(path) && this.#repositories.length < maxRepositories)
        this.#repositories.push(path.slice(0, -"/HEAD".length));
    }
  }

  async plan(): Promise<(path: string) => readonly Carrier[]> {
    const { planBuilds } = await import("../build/index.ts");
    return planBuilds({
      files: this.#files,
      read: (path) => readText(join(this.#folder, path)),
      has: (path) => statSync(join(this.#folder, path), { throwIfNoEntry: false }) !== undefined,
    });
  }

  async carriedRepositories(): Promise<CarriedRepository[]> {
    if (this.isEmpty || this.#repositories.length === 0) return [];
    const carriers = await this.plan();
    return this.#repositories.flatMap((path) => {
      const taken = carriers(`${path}/HEAD`);
      const carrier = taken.find(({ stage }) => stage === undefined) ?? taken[0];
      return carrier === undefined ? [] : [{ path, carrier }];
    });
  }
}

/** A folder of git, from the root of what was scanned, and the instruction that takes it into an image; into a stage of it alone where no other does. */
export interface CarriedRepository {
  readonly path: string;
  readonly carrier: Carrier;
}

/** Folders of git that builds of a folder would take along. */
export async function carriedRepositories(source: Source, folder: string): Promise<readonly CarriedRepository[]> {
  const files = new BuildFiles(folder);
  for await (const item of source.units()) files.note(item);
  return files.carriedRepositories();
}

/** The source of a folder, whose places also tell which Dockerfiles, Compose files and the like are about to take them into an image. */
export function withBuilds(source: Source, folder: string): Source {
  const files = new BuildFiles(folder);
  return {
    target: source.target,
    kind: source.kind,
    async *units() {
      for await (const item of source.units()) {
        files.note(item);
        yield item;
      }
      for (const { path, carrier } of await files.carriedRepositories())
        yield carriedHistory(source.target, join(folder, path), carrier);
    },
    done: (unit, result) => source.done(unit, result),
    repositories: () => source.repositories?.() ?? [],
    async locate(contents, run) {
      const located = await source.locate(contents, run);
      if (located.sightings.length === 0 || files.isEmpty) return located;
      const carriers = await files.plan();
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

/** The history of a repository is not read as a part of a folder; whoever builds would take it along. */
function carriedHistory(target: string, subject: string, { file, line, stage }: Carrier): Problem {
  const where = stage === undefined ? "the image" : "a stage of its build";
  const message = `${file} line ${line} takes the repository with its history into ${where}: "leaktrace git" reads it, a line .git in .dockerignore keeps it out`;
  return { code: "unsupported", effect: "note", target, subject, message };
}

function readText(path: string): string | undefined {
  try {
    const facts = statSync(path);
    return facts.isFile() && facts.size <= maxFileBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined; // It was there when the folder was gone through; its own scan tells.
  }
}
