import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { progressText, showProgress } from "../../src/cli/progress.ts";
import { anyText } from "../findings/samples.ts";
import type { Progress } from "../../src/model/observer.ts";

const progress: Progress = {
  target: "/srv/repositories/shop",
  phase: "scan",
  bytesDone: 1_200_000_000,
  bytesPlanned: 2_700_000_000,
  contentsDone: 1000,
  findings: 3,
  elapsedMs: 4000,
};

function terminal(): { written: string[]; write: (text: string) => boolean; isTTY: true; columns: number } {
  const written: string[] = [];
  return { written, write: (text) => written.push(text) > 0, isTTY: true, columns: 80 };
}

describe("the progress line", () => {
  test("tells phase, share, amount, rate, time left, findings and target", () => {
    expect(progressText(progress, 0, 1, 120)).toBe(
      "scanning  44%  1.20 GB of 2.70 GB  300 MB/s  0:05 left  3 secrets  1 problem  /srv/repositories/shop",
    );
    expect(progressText(progress, 5, 0, 79)).toBe(
      "scanning  44%  1.20 GB of 2.70 GB  300 MB/s  0:05 left  5 secrets  ...ries/shop",
    );
    expect(progressText({ ...progress, bytesPlanned: 0, elapsedMs: 10 }, 0, 0, 79)).toBe(
      "scanning  1.20 GB  3 secrets  /srv/repositories/shop",
    );
    expect(progressText({ ...progress, bytesPlanned: 900_000_000 }, 0, 0, 79)).toBe(
      "scanning  1.20 GB  300 MB/s  3 secrets  /srv/repositories/shop",
    );
    expect(progressText({ ...progress, phase: "locate", findings: 0 }, 0, 0, 60)).toBe(
      "looking for where it was brought in  /srv/repositories/shop",
    );
    const fetching: Progress = {
      ...progress,
      phase: "fetch",
      bytesPlanned: 0,
      findings: 0,
      target: "https://host.example/a",
    };
    expect(progressText(fetching, 0, 0, 79)).toBe("fetching  1.20 GB  1,000 objects  https://host.example/a");
    const layers: Progress = { ...fetching, bytesPlanned: 2_700_000_000, contentsDone: 0, target: "host.example/a:1" };
    expect(progressText(layers, 0, 0, 79)).toBe(
      "fetching  44%  1.20 GB of 2.70 GB  300 MB/s  0:05 left  host.example/a:1",
    );
    expect(progressText({ ...progress, bytesDone: 1_000_000 }, 0, 0, 79)).toContain("2:59:56 left");
  });

  test("of several targets which one it is, and time by their number", () => {
    const several = { done: 11, before: 1, of: 200, elapsedMs: 60_000 };
    expect(progressText(progress, 0, 0, 79, several)).toBe(
      "12/200  scanning  1.20 GB  300 MB/s  18:54 left  3 secrets  ...epositories/shop",
    );
    expect(progressText(progress, 0, 0, 79, { ...several, before: 9 })).not.toContain("left");
    expect(progressText({ ...progress, phase: "locate" }, 0, 0, 79, { ...several, done: 200 })).toMatch(
      /^200\/200 {2}locating {2}/,
    );
  });

  test("where there is no line, a target that has ended is one, if that was asked for", () => {
    const ended = { target: "a\u001b[2Jb", status: "found", findings: 2 } as const;
    const lines = [true, false].map((tellsTargets) => {
      const stream = terminal();
      {
        using line = showProgress({ stream: { ...stream, isTTY: false }, env: {}, tellsTargets });
        line.targets?.({ done: 2, before: 0, of: 9 });
        line.targets?.({ done: 3, before: 0, of: 9, ended });
      }
      return stream.written;
    });
    expect(lines).toEqual([["leaktrace: 3/9  found 2 secrets  a\\x1b[2Jb\n"], []]);
  });

  test("always fits, and obeys no name", () => {
    fc.assert(
      fc.property(
        fc.record({
          target: anyText(100),
          done: fc.nat(),
          planned: fc.nat(),
          ms: fc.nat(),
          columns: fc.integer({ min: 10, max: 79 }),
        }),
        (any) => {
          const text = progressText(
            { ...progress, target: any.target, bytesDone: any.done, bytesPlanned: any.planned, elapsedMs: any.ms },
            12_345,
            678,
            any.columns,
          );
          expect(text.length).toBeLessThanOrEqual(any.columns);
          expect(text).toMatch(/^[\x20-\x7e]*$/);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("begins at once, and leaves a clean line", () => {
    const stream = terminal();
    {
      using line = showProgress({ stream, env: {} });
      expect(stream.written).toEqual(["\rlooking at what is there\x1b[K"]);
      line.progress(progress);
    }
    expect(stream.written.at(-1)).toBe("\r\x1b[K");
    expect(stream.written.join("")).not.toContain("\n");
  });

  test.each([
    ["no terminal", { isTTY: false }, {}],
    ["CI", {}, { CI: "true" }],
    ["a dumb terminal", {}, { TERM: "dumb" }],
  ])("%s: nothing is written", (_name, stream, env) => {
    const written = terminal();
    {
      using line = showProgress({ stream: { ...written, ...stream } as ReturnType<typeof terminal>, env });
      line.progress(progress);
    }
    expect(written.written).toEqual([]);
  });
});
