/** Changes are kept beside the whole up to this many; then both are made one. Of fifty thousand entries a change costs some microseconds then. */
const maxChanges = 256;

/** A map that is replaced, never changed. What a replacement costs depends on the change, not on all that is held. */
export interface LayeredMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<V>;
  entries(): Iterable<readonly [string, V]>;
  /** The map with other values for some keys; `undefined` takes a key out. */
  with(changes: Iterable<readonly [key: string, value: V | undefined]>): LayeredMap<V>;
}

/** A map of the entries given. */
export function layeredMap<V>(entries: Iterable<readonly [string, V]> = []): LayeredMap<V> {
  const base = new Map(entries);
  return layered(base, new Map(), base.size);
}

function layered<V>(
  base: ReadonlyMap<string, V>,
  over: ReadonlyMap<string, V | undefined>,
  size: number,
): LayeredMap<V> {
  const get = (key: string): V | undefined => (over.size > 0 && over.has(key) ? over.get(key) : base.get(key));
  function* entries(): Iterable<readonly [string, V]> {
    for (const entry of base) if (!over.has(entry[0])) yield entry;
    for (const [key, value] of over) if (value !== undefined) yield [key, value];
  }
  function* keys(): Iterable<string> {
    for (const [key] of entries()) yield key;
  }
  function* values(): Iterable<V> {
    for (const [, value] of entries()) yield value;
  }
  return {
    size,
    get,
    has: (key) => get(key) !== undefined,
    keys,
    values,
    entries,
    with(changes) {
      const next = new Map(over);
      let count = size;
      for (const [key, value] of changes) {
        const before = next.has(key) ? next.get(key) : base.get(key);
        count += Number(value !== undefined) - Number(before !== undefined);
        next.set(key, value);
      }
      return next.size > maxChanges ? layeredMap(layered(base, next, count).entries()) : layered(base, next, count);
    },
  };
}
