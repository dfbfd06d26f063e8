import type { ProvedContents } from "../model/clean-index.ts";
import type { Ruleset } from "../model/rule.ts";
import type { ProvedLists, Unit } from "../model/unit.ts";
import { Known } from "./known.ts";
import { keyOf } from "./seal.ts";
import type { Store, StoredEntry } from "./store.ts";

/** Files that are remembered, 29 bytes each: those of some twenty large images. They are read as a whole. */
const mostFiles = 1 << 20;
/** Entries of the packs of one family. */
const mostEntries = 4 << 20;
/** Asking whether files are known begins with reading the list; fewer bytes are scanned before that is done. */
const leastFileBytes = 1 << 18;

/**
 * Clean contents that any target may profit from, because their keys were made of their own bytes, here and there: files by their git id, entries of packs by
 * what is stored of them. Entries are kept by families of repositories, so that a scan does not read what is known of all.
 */
export class Proved {
  readonly #store: Store;
  readonly #frame: Uint8Array;
  readonly #ruleset: Ruleset;
  readonly #marks: readonly Uint8Array[];
  #files: Known | undefined;
  #entries: Known | undefined;
  #family: Uint8Array | undefined;
  #learnt = false;

  /** `frame`: everything beside the rules that decides what is found. `marks`: what clones of a repository have in common, the most telling first; none: no repository. */
  constructor(store: Store, frame: Uint8Array, ruleset: Ruleset, marks: readonly Uint8Array[]) {
    this.#store = store;
    this.#frame = frame;
    this.#ruleset = ruleset;
    this.#marks = marks;
  }

  /** Lists in which contents of a unit can be, by the keys that they get when the unit is read. */
  knownFor(unit: Unit): readonly ProvedContents[] {
    if (unit.kind === "pack") return this.#entriesOf()?.clean ?? [];
    const areFiles = unit.kind === "layer" || unit.kind === "files";
    return areFiles && unit.weight >= leastFileBytes ? this.#filesOf().clean : [];
  }

  learn({ ids, entries }: ProvedLists): void {
    if (ids.sizes.length > 0) this.#filesOf().learn(ids);
    if (entries.sizes.length === 0) return;
    this.#entriesOf()?.learn(entries);
    this.#learnt = true;
  }

  /** Writes what was learnt. */
  keep(): void {
    this.#files?.keep();
    this.#entries?.keep();
    const family = this.#family;
    if (!this.#learnt || family === undefined) return;
    this.#store.write(
      this.#marks.map((mark): StoredEntry => ({
        kind: "family",
        scope: familyScope(mark),
        name: noName,
        value: family,
      })),
    );
  }

  #filesOf(): Known {
    return (this.#files ??= new Known(this.#store, keyOf("files", this.#frame), this.#ruleset, mostFiles));
  }

  #entriesOf(): Known | undefined {
    const [first] = this.#marks;
    if (first === undefined) return undefined;
    this.#family ??= familyOf(this.#store, this.#marks) ?? keyOf("new family", first);
    return (this.#entries ??= new Known(
      this.#store,
      keyOf("entries", this.#family, this.#frame),
      this.#ruleset,
      mostEntries,
    ));
  }
}

const noName = new Uint8Array();

/** The family of a repository that had one of these marks. Whoever makes up a mark reads a list that is of no use to him. */
function familyOf(store: Store, marks: readonly Uint8Array[]): Uint8Array | undefined {
  for (const mark of marks) {
    const [found] = store.read("family", familyScope(mark));
    if (found !== undefined) return found.value;
  }
  return undefined;
}

function familyScope(mark: Uint8Array): Uint8Array {
  return keyOf("family", mark);
}
