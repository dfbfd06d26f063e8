import type { PlannedUnit } from "./source.ts";
import type { FilePath, FilesUnit } from "./unit.ts";

/** A unit ends at either: small files share one, a large file has its own. */
const unitBytes = 4 << 20;
const unitFiles = 128;

/** Gathers files into units. */
export class FileBatch {
  readonly #target: string;
  #paths: FilePath[] = [];
  #names: string[] = [];
  #weight = 0;

  constructor(target: string) {
    this.#target = target;
  }

  /** `path` opens the file, `name` is what it is called in the report. Yields a unit when there is one. */
  *add(path: FilePath, name: string, size: number): Generator<PlannedUnit> {
    this.#paths.push(path);
    this.#names.push(name);
    this.#weight += size;
    if (this.#weight >= unitBytes || this.#paths.length >= unitFiles) yield* this.rest();
  }

  /** A unit of the files that are in none yet, if there are any. */
  *rest(): Generator<PlannedUnit> {
    if (this.#paths.length === 0) return;
    const [paths, names, weight] = [this.#paths, this.#names, this.#weight];
    const unit: FilesUnit = { kind: "files", target: this.#target, weight, paths, names };
    [this.#paths, this.#names, this.#weight] = [[], [], 0];
    yield { kind: "planned", unit, planned: paths.length };
  }
}
