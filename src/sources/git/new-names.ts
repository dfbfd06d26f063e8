import { blobId } from "../../content/blob-id.ts";
import type { ContentId } from "../../model/content.ts";
import type { PlannedUnit } from "../../model/source.ts";
import type { InlineUnit } from "../../model/unit.ts";

/** Where a name was met first. */
export interface NamePlace<T> {
  readonly path: string;
  readonly commit: T;
}

/** Names in one unit: a first push can bring a hundred thousand. */
const unitNames = 10_000;

/** Names of files and folders that a part of a history brings in, each once. They can hold a secret as well as any file. `T`: what is kept of the commit. */
export class NewNames<T> {
  readonly #places = new Map<string, NamePlace<T>>();
  #byContent: Map<ContentId, NamePlace<T>> | undefined;

  add(name: string, path: string, commit: T): void {
    if (!this.#places.has(name)) this.#places.set(name, { path, commit });
  }

  /** What is to be looked at; names count as no contents. */
  *units(target: string): Generator<PlannedUnit> {
    const names = [...this.#places.keys()];
    for (let at = 0; at < names.length; at += unitNames) {
      const contents = names.slice(at, at + unitNames).map((name) => ({ place: "", bytes: bytesOf(name) }));
      const weight = contents.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const unit: InlineUnit = { kind: "inline", target, weight, contents, areNames: true };
      yield { kind: "planned", unit, planned: 0 };
    }
  }

  /** The place of the name whose bytes have this id. */
  placeOf(content: ContentId): NamePlace<T> | undefined {
    this.#byContent ??= new Map([...this.#places].map(([name, place]) => [blobId(bytesOf(name)), place]));
    return this.#byContent.get(content);
  }
}

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(name));
}
