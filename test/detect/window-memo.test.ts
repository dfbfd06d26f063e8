import { describe, expect, test } from "vitest";
import type { RegexEngine } from "../../src/detect/engine.ts";
import { WindowMemo } from "../../src/detect/window-memo.ts";
import { detectorOf, engine, rulesetOf } from "./rules-for-tests.ts";

function asking(): {
  memo: WindowMemo<string | undefined>;
  ask: (text: string, key?: string) => string;
  made: string[];
} {
  const memo = new WindowMemo<string | undefined>();
  const made: string[] = [];
  const ask = (text: string, key = ""): string =>
    memo.get(key, Buffer.from(text), () => {
      made.push(key + text);
      return text === "nothing" ? undefined : text.toUpperCase();
    }) ?? "none";
  return { memo, ask, made };
}

describe("windows seen before", () => {
  test("are made of once, also where nothing came of them", () => {
    const { ask, made } = asking();
    expect([ask("a"), ask("a"), ask("nothing"), ask("nothing"), ask("b"), ask("a")]).toEqual([
      ...["A", "A", "none", "none", "B", "A"],
    ]);
    expect(made).toEqual(["a", "nothing", "b"]);
  });

  test("are told apart by their key", () => {
    const { ask, made } = asking();
    ask("a", "1 ");
    ask("a", "2 ");
    expect(made).toEqual(["1 a", "2 a"]);
  });

  test("stay while they are asked for, and are forgotten later", () => {
    const { ask, made } = asking();
    for (let i = 0; i < 5_000; i++) {
      ask("often");
      ask(`${i}`);
    }
    expect(made.filter((text) => text === "often")).toHaveLength(1);
    const before = made.length;
    ask("0");
    expect(made).toHaveLength(before + 1);
  });

  test("are not kept where they are long", () => {
    const { ask, made } = asking();
    ask("x".repeat(5_000));
    ask("x".repeat(5_000));
    expect(made).toHaveLength(2);
  });

  test("cost a rule nothing: a line that stands a thousand times is matched a few times", () => {
    let matched = 0;
    const counting: RegexEngine = {
      ...engine,
      compile: (...given) => {
        const regex = engine.compile(...given);
        return { ...regex, exec: (...asked) => (matched++, regex.exec(...asked)) };
      },
    };
    const rules = rulesetOf([{ id: "line", regex: "key=([0-9a-f]{16})\\b", keywords: ["key="] }]);
    const text = Buffer.from("key=0123456789abcdef \n".repeat(1_000));
    const { detections } = detectorOf(rules, { engine: counting, decodeDepth: 0 }).scan(text);
    expect(detections).toHaveLength(1_000);
    expect(detections).toEqual(detectorOf(rules, { decodeDepth: 0 }).scan(text).detections);
    expect(detections.map(({ startLine }) => startLine)).toEqual(Array.from({ length: 1_000 }, (_, line) => line + 1));
    expect(matched).toBeLessThan(50);
  });
});
