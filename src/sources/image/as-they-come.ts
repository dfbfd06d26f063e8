/** What `work` gives for each item, as soon as it is there; so many are under way at once. */
export async function* asTheyCome<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay = new Set<Promise<R>>();
  const done: R[] = [];
  const begin = (item: T): void => {
    const promise: Promise<R> = work(item).then((result) => {
      underWay.delete(promise);
      done.push(result);
      return result;
    });
    underWay.add(promise);
  };
  for (const item of items) {
    begin(item);
    if (underWay.size < atOnce) continue;
    await Promise.race(underWay);
    yield* done.splice(0);
  }
  while (underWay.size > 0) {
    await Promise.race(underWay);
    yield* done.splice(0);
  }
  yield* done;
}
