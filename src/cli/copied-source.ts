import type { Problem } from "../model/problem.ts";
import type { Source } from "../model/source.ts";

/** What was brought here for one scan. */
export interface Copy extends Disposable {
  readonly folder: string;
}

/** The source, with the problems of fetching it before its own; disposing of it removes the copy. Where the copy lay is no one's concern. */
export function withCopy(source: Source, copy: Copy, problems: readonly Problem[]): Source {
  const placed = (problem: Problem): Problem => ({
    ...problem,
    subject: problem.subject.replace(`${copy.folder}/`, ""),
  });
  return {
    target: source.target,
    kind: source.kind,
    get selection() {
      return source.selection!;
    },
    async *units() {
      yield* problems;
      for await (const item of source.units()) yield "code" in item ? placed(item) : item;
    },
    done: (unit, result) => source.done(unit, result),
    async locate(contents, run) {
      const located = await source.locate(contents, run);
      return { ...located, problems: located.problems.map(placed) };
    },
    repositories: () => source.repositories?.() ?? [],
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      copy[Symbol.dispose]();
    },
  };
}
