/** A queue of commits: the newest comes out first, and of those of one moment the one that went in first. */
export class NewestFirst<T extends { readonly time: number }> {
  readonly #items: { readonly item: T; readonly turn: number }[] = [];
  #turn = 0;

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0]?.item;
  }

  push(item: T): void {
    const items = this.#items;
    items.push({ item, turn: this.#turn++ });
    for (let at = items.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) break;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first?.item;
    items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= items.length) break;
      const child = left + 1 < items.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, at)) break;
      this.#swap(child, at);
      at = child;
    }
    return first.item;
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#items[a]!, this.#items[b]!];
    return one.item.time > other.item.time || (one.item.time === other.item.time && one.turn < other.turn);
  }

  #swap(a: number, b: number): void {
    [this.#items[a], this.#items[b]] = [this.#items[b]!, this.#items[a]!];
  }
}
