import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { RegexEngine } from "../../src/detect/engine.ts";
import type { ScanResult } from "../../src/detect/index.ts";
import { traceLimits } from "../../src/detect/trace.ts";
import { createRandom } from "../../src/rules/random.ts";
import { seed } from "../property-seed.ts";
import { builtinRuleset, detectorOf, engine, plants, rulesetOf } from "./rules-for-tests.ts";

const random = createRandom(`work ${seed}`);
const canary = plants["token"]!(random);
const token = { id: "probe-token", regex: "\\b(prb_[0-9A-Za-z]{30})\\b", keywords: ["prb_"] };
/** A dozen of its matches lie before each of its keywords, and none of them is told. */
const listed = {
  id: "listed",
  regex: "([a-h]{24})\\s{0,370}zz;",
  keywords: ["zz"],
  window: 400,
  allowlists: [
    {
      description: "",
      condition: "OR" as const,
      regexTarget: "secret" as const,
      regexes: ["^[a-h]"],
      stopwords: [],
      paths: [],
      commits: [],
      targetRules: [],
    },
  ],
};
/** Reads a block. */
const block = { id: "block", regex: "blocks: \\{", keywords: ["blocks: {"], window: 2048, inside: ["*"] };

/** A scan, and how often regexes were asked for a match. */
function asks(rules: Parameters<typeof rulesetOf>[0], text: string): ScanResult & { questions: number } {
  let questions = 0;
  const asked: RegexEngine = {
    ...engine,
    compile(...given) {
      const regex = engine.compile(...given);
      return {
        exec: (bytes, from) => {
          questions++;
          return regex.exec(bytes, from);
        },
        test: (line) => regex.test(line),
      };
    },
  };
  const detector = detectorOf(rulesetOf(rules), { engine: asked });
  return { ...detector.scan(Buffer.from(text)), questions };
}

const secrets = ({ detections }: ScanResult): readonly string[] => detections.map(({ secret }) => secret);

describe("text that is dear for one rule", () => {
  test("is read until that rule has spent its part, which is told, and other rules read on", () => {
    const lines = Array.from({ length: 20_000 }, () => `${random.chars("abcdefgh", 24)}zz;`);
    const result = asks([listed, token], lines.join("") + canary);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
    expect(result.questions).toBeLessThan(3 * traceLimits.maxWork);
  });

  test("openers of blocks that nothing closes: no more blocks are read than it may spend", () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `blocks: {\n${i.toString(36)}`);
    const result = asks([block, token], `${lines.join("")}\n${canary}\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
    expect(result.questions).toBeLessThan(traceLimits.maxWork / 2);
  });

  test("and a text with as many as people write is read whole", () => {
    const lines = Array.from({ length: 2_000 }, (_, i) => `blocks: {\n  name: "${i.toString(36)}"\n}\n`);
    const result = asks([block, token], lines.join("") + canary);
    expect([secrets(result), result.isCut]).toEqual([[canary], undefined]);
  });
});

describe("encoded text that is dear in thousands of small pieces", () => {
  const packed = (text: string): string => `x = "${deflateSync(text).toString("base64")}"\n`;

  test("is read up to what all of it may cost, which is told, and what stands in clear is read on", () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => packed(`blocks: {\n  name${i}: x\n`.repeat(4)));
    const result = asks([block, token], `${lines.join("")}${canary}\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
    expect(result.questions).toBeLessThan(3 * traceLimits.maxDecoded);
  });

  test("the same where few bytes become many, and none of them is asked about", () => {
    const lines = Array.from({ length: 2_000 }, (_, i) => packed(`${"block: [\n".repeat(1_500)}${i}`));
    const result = asks([block, token], `${lines.join("")}${canary}\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
  });

  test("and where it is not dear all of it is read", () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => packed(`name${i}: ${random.chars("abcdefgh", 30)}\n`));
    const result = asks([block, token], `${lines.join("")}${packed(canary)}`);
    expect([secrets(result), result.isCut]).toEqual([[canary], undefined]);
  });
});

describe("packed text that is dear", () => {
  const packed = (text: string): string => gzipSync(text).toString("base64");

  test("may cost as much as its packed bytes do, and what was left is told", () => {
    const pieces = Array.from({ length: 40 }, (_, i) => `x = ${packed("blocks: {\n".repeat(5_000) + i)}\n`);
    const text = pieces.join("\n");
    const result = asks([block, token], `${text}\n${canary}\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
    expect(result.questions).toBeLessThan(text.length);
  });

  test("and what grows more than any text does is left, and that is told", () => {
    const result = asks([token], `x = ${packed(`${" ".repeat(1 << 22)}${plants["token"]!(random)}`)}\n${canary}\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], true]);
  });

  test("and a table of two kilobytes that grows two hundred times is read, with what stands behind it", () => {
    const table = gzipSync(`${"\0".repeat(419_000)}${canary}\n`).toString("base64");
    expect(table.length).toBeLessThan(2_800);
    const result = asks([token], `exports.default = gunzipSync(Buffer.from('${table}', 'base64'));\n`);
    expect([secrets(result), result.isCut]).toEqual([[canary], undefined]);
  });

  test("and text that is not is read whole", () => {
    const lines = Array.from({ length: 400 }, (_, i) => `  name${i}: ${random.chars("abcdefgh", 30)}\n`);
    const result = asks([block, token], `x = ${packed(`blocks: {\n${lines.join("")}}\n${canary}\n`)}\n`);
    expect(secrets(result)).toContain(canary);
    expect(result.isCut).toBe(undefined);
  });
});

test("the program's own rules, of which one is asked by every line, cut nothing where lines are those of people", () => {
  const detector = detectorOf(builtinRuleset());
  const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const lines = Array.from({ length: 4_000 }, () => `    "session_token": "${random.chars(alnum, 24)}", "user": "x"\n`);
  expect(detector.scan(Buffer.from(lines.join(""))).isCut).toBe(undefined);
});

test("settings that are nothing but secrets are read whole where they are packed, as Helm keeps them", () => {
  const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const lines = Array.from(
    { length: 60 },
    (_, i) =>
      `"service${i}":{"user":"u${i}","password":"${random.chars(alnum, 14)}","client_secret":"${random.chars(alnum, 32)}"}`,
  );
  const text = `  conf.json: ${gzipSync(`{${lines.join(",\n")}}`).toString("base64")}\n`;
  const result = detectorOf(builtinRuleset()).scan(Buffer.from(text));
  expect([new Set(result.detections.map(({ secret }) => secret)).size >= 120, result.isCut]).toEqual([true, undefined]);
});
