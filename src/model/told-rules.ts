/** Ids of rules that find what all rules find in some contents; `all` where it has to be all of them. */
export type Told = readonly string[] | "all";

/** Puts together which rules have to be asked again of contents in which something was found. */
export class ToldRules {
  readonly #ids = new Set<string>();
  #needsAll = false;

  add(id: string): void {
    this.#ids.add(id);
  }

  addAll(ids: Iterable<string> | "all" = []): void {
    if (ids === "all") this.#needsAll = true;
    else for (const id of ids) this.#ids.add(id);
  }

  list(): Told {
    return this.#needsAll ? "all" : [...this.#ids];
  }
}
