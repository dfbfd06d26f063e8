import fc from "fast-check";
import type { Workshop } from "../../fixtures/git/workshop.ts";

/** A commit of a generated history: which earlier ones it follows, and what it writes. */
export interface MadeCommit {
  readonly parents: readonly number[];
  /** Path → body; null removes. */
  readonly changes: Readonly<Record<string, string | null>>;
  /** Seconds after the commit before it; below zero where a clock was wrong. */
  readonly seconds: number;
}

const paths = ["a", "b", "lib/a", "lib/b", "lib/deep/er/c", "docs/x", "docs/lib/a", "é.txt"];

/** Histories with merges, several roots, moved, removed and restored files. */
export const histories: fc.Arbitrary<readonly MadeCommit[]> = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      isRoot: fc.boolean(),
      changes: fc.dictionary(
        fc.constantFrom(...paths),
        fc.option(fc.constantFrom("1\n", "2\n", "3\n", "4\n", "5\n", "6\n")),
        { maxKeys: 3 },
      ),
      seconds: fc.integer({ min: -5, max: 600 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((raw) =>
    raw.map(({ picks, isRoot, changes, seconds }, i) => ({
      parents:
        i === 0 || (isRoot && i % 7 === 0)
          ? []
          : [...new Set(picks.length === 0 ? [i - 1] : picks.map((pick) => i - 1 - (pick % Math.min(i, 6))))],
      changes,
      seconds,
    })),
  );

/** Writes a history into a repository with one command. Gives the ids of its commits. */
export function makeHistory(shop: Workshop, history: readonly MadeCommit[]): string[] {
  let stream = "";
  let clock = 1_700_000_000;
  history.forEach(({ parents, changes, seconds }, i) => {
    clock += seconds;
    const message = `commit ${i}`;
    stream += `commit refs/made/${i}\nmark :${i + 1}\ncommitter Ada <ada@fixture.invalid> ${clock} +0000\ndata ${message.length}\n${message}\n`;
    parents.forEach((parent, at) => (stream += `${at === 0 ? "from" : "merge"} :${parent + 1}\n`));
    for (const [path, body] of Object.entries(changes)) {
      stream += body === null ? `D ${path}\n` : `M 100644 inline ${path}\ndata ${Buffer.byteLength(body)}\n${body}\n`;
    }
    stream += "\n";
  });
  shop.feed(Buffer.from(stream), "fast-import", "--quiet", "--force");
  return shop
    .git("for-each-ref", "--format=%(refname) %(objectname)", "refs/made")
    .split("\n")
    .reduce<string[]>((ids, line) => {
      const [name = "", id = ""] = line.split(" ");
      ids[Number(name.split("/")[2])] = id;
      return ids;
    }, []);
}
