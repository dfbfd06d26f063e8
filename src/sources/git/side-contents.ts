import type { ContentId, GitOrigin, Reach } from "../../model/content.ts";
import type { PlannedUnit, Sighting } from "../../model/source.ts";
import { FileBatch } from "../../model/file-batch.ts";
import { append } from "../../model/multimap.ts";
import type { InlineUnit, LfsPointer, UnitResult } from "../../model/unit.ts";
import type { SideFile, SideProblem } from "./side-file.ts";

type Place = Pick<GitOrigin, "reachedBy" | "form">;

/** Contents of a repository that are no objects: plans them, and tells afterwards where those with detections lie. */
export class SideContents {
  readonly #repository: string;
  readonly #places = new Map<string, Place>();
  readonly #found: { content: ContentId; name: string }[] = [];

  constructor(repository: string) {
    this.#repository = repository;
  }

  /** Files, and links as their targets. Problems are passed on. */
  *files(files: Iterable<SideFile | SideProblem>): Generator<PlannedUnit | SideProblem> {
    const batch = new FileBatch(this.#repository);
    for (const file of files) {
      if ("code" in file) {
        yield file;
        continue;
      }
      const { name, reach, form } = file;
      this.#places.set(name, { reachedBy: reach, ...(form === undefined ? {} : { form }) });
      if (file.target !== undefined) {
        yield this.#inline(name, Buffer.from(file.target));
        continue;
      }
      yield* batch.add(file.path, name, file.size);
    }
    yield* batch.rest();
  }

  /** A list of names, a line each, as one content; nothing where there are none. */
  *lines(name: string, lines: readonly string[], reach: Reach): Generator<PlannedUnit> {
    if (lines.length === 0) return;
    this.#places.set(name, { reachedBy: [reach] });
    yield this.#inline(name, Buffer.from(`${lines.join("\n")}\n`));
  }

  #inline(place: string, bytes: Buffer): PlannedUnit {
    const contents = [{ place, bytes: new Uint8Array(bytes) }];
    const unit: InlineUnit = { kind: "inline", target: this.#repository, weight: bytes.length, contents };
    return { kind: "planned", unit, planned: 1 };
  }

  /** Hears what came of a unit of these contents. */
  done(result: UnitResult): void {
    for (const { content, place } of result.hits)
      if (this.#places.has(place)) this.#found.push({ content, name: place });
  }

  /** Hears what came of loose objects: those that are none were scanned as files of the git folder, whose names begin with `prefix`. */
  noObjects({ hits }: UnitResult, prefix: string): void {
    for (const { content, place } of hits) {
      if (place === "") continue;
      const name = prefix + place;
      this.#places.set(name, { reachedBy: ["local"] });
      this.#found.push({ content, name });
    }
  }

  /** Places of the contents that have detections; a file of Git LFS is seen where its pointers are. */
  sightings(pointers: readonly LfsPointer[], inHistory: readonly Sighting[]): Sighting[] {
    const pointersOf = grouped(pointers, ({ sha256 }) => sha256);
    const seen = grouped(inHistory, ({ content }) => content);
    return this.#found.flatMap(({ content, name }) => {
      const place = this.#places.get(name) ?? {};
      const origin: GitOrigin = {
        kind: "git",
        repository: this.#repository,
        object: content,
        objectType: "file",
        path: name,
        inHead: false,
        refs: [],
        ...place,
      };
      const sha256 = name.slice(name.lastIndexOf("/") + 1);
      const atPointers =
        place.form !== "lfs"
          ? []
          : (pointersOf.get(sha256) ?? []).flatMap((pointer) => seen.get(pointer.content) ?? []);
      return [{ content, origin }, ...atPointers.map((at) => ({ content, origin: ofPointer(at, content) }))];
    });
  }

  /** Names of files of the working tree that are not `tracked`. */
  workingNames(tracked: ReadonlySet<string>): string[] {
    return [...this.#places]
      .filter(([name, { reachedBy }]) => reachedBy?.includes("worktree") === true && !tracked.has(name))
      .map(([name]) => name);
  }

  /** SHA-256 ids of the files that Git LFS keeps here. */
  lfsFiles(): Set<string> {
    return new Set(
      [...this.#places].filter(([, { form }]) => form === "lfs").map(([name]) => name.slice(name.lastIndexOf("/") + 1)),
    );
  }

  /** Whether a file of Git LFS has a detection: then its pointers are looked for in history. */
  hasFound(sha256: string): boolean {
    return this.#found.some(({ name }) => name.endsWith(`/${sha256}`));
  }
}

function ofPointer({ origin }: Sighting, content: ContentId): GitOrigin {
  if (origin.kind !== "git") throw new Error("a pointer is an object of the repository");
  return { ...origin, object: content, objectType: "file", form: "lfs" };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) append(groups, keyOf(item), item);
  return groups;
}
