import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readPatternFile } from "../../../src/rules/build.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { fillTemplate } from "../../../src/rules/templates.ts";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";
import { encoders } from "./encoders.ts";

const folder = new URL("../../../patterns/", import.meta.url);
const detector = detectorOf(builtinRuleset(), { decodeDepth: 5 });

/** Tokens that are known by their own form, each of another rule, drawn from the rules' own examples. */
const tokens = readdirSync(folder)
  .filter((name) =>
    /^(github|gitlab|slack|stripe|npm|pypi|sendgrid|digitalocean|docker|doppler|postman|databricks|shopify|huggingface|grafana|linear|newrelic|planetscale|hashicorp|aws)\.toml$/.test(
      name,
    ),
  )
  .flatMap((name) => {
    const rules = readPatternFile(readFileSync(new URL(name, folder), "utf8"), name).rules;
    for (const rule of rules.filter(({ kind }) => kind === undefined || kind === "token")) {
      const text = fillTemplate(rule.examples[0] ?? "", createRandom(rule.id));
      const found = detector.scan(Buffer.from(text)).detections.find(({ ruleId }) => ruleId === rule.id);
      const isPlain = found !== undefined && /^[\w.-]{24,100}$/.test(found.secret);
      if (
        isPlain &&
        detector.scan(Buffer.from(` ${found.secret}\n`)).detections.some(({ ruleId }) => ruleId === rule.id)
      )
        return [{ ruleId: rule.id, secret: found.secret }];
    }
    return [];
  });

test("there are tokens of many rules", () => {
  expect(tokens.length).toBeGreaterThanOrEqual(15);
});

describe("tokens are found in", () => {
  for (const { name, kinds, encode } of encoders) {
    test(name, () => {
      const missed = tokens.filter(({ ruleId, secret }) => {
        const content = Buffer.from(encode(secret, createRandom(name)));
        const found = detector.scan(content).detections.filter((one) => one.ruleId === ruleId && one.secret === secret);
        const inClear = content.includes(secret);
        const hasKinds = kinds.every((kind) => found[0]?.tags.includes(`decoded:${kind}`));
        return found.length !== 1 || !(inClear || hasKinds);
      });
      expect(missed.map(({ ruleId }) => ruleId)).toEqual([]);
    });
  }
});

test.each([
  ["UTF-16", 2],
  ["UTF-32", 4],
])("a value that stands twice in text in %s is told at both places", (_, width) => {
  const { ruleId, secret } = tokens[0]!;
  const line = `token = "${secret}"\n`;
  const text = line + "nothing of interest\n".repeat(5) + line;
  const content = Buffer.concat(
    Array.from(text, (letter) => Buffer.from([letter.charCodeAt(0), ...Array.from({ length: width - 1 }, () => 0)])),
  );
  const found = detector.scan(content).detections.filter((one) => one.ruleId === ruleId && one.secret === secret);
  expect(found.map(({ start }) => start)).toEqual([text.indexOf(secret) * width, text.lastIndexOf(secret) * width]);
});

test("a token of an exact format is found where it is written backwards, and nothing else is", () => {
  const mirrored = builtinRuleset().rules.filter(({ mirror }) => mirror !== undefined);
  expect(mirrored.length).toBeGreaterThan(150);
  const ids = new Set(mirrored.map(({ id }) => id));
  const backwards = (text: string): string => text.split("").reverse().join("");
  const able = tokens.filter(({ ruleId }) => ids.has(ruleId));
  expect(able.length).toBeGreaterThan(10);
  for (const { ruleId, secret } of able) {
    const text = `const t = "${backwards(secret)}".split("").reverse().join("");\n`;
    const [found] = detector.scan(Buffer.from(text)).detections.filter((one) => one.ruleId === ruleId);
    expect(found, ruleId).toMatchObject({ secret, start: 11, end: 11 + secret.length, startLine: 1 });
    expect(found!.tags, ruleId).toEqual(expect.arrayContaining(["decoded:reversed", "decode-depth:1"]));
  }
  const { ruleId, secret } = able[0]!;
  const encoded = detector.scan(Buffer.from(`t = "${Buffer.from(` ${backwards(secret)} `).toString("base64")}"\n`));
  const tags = encoded.detections.find((one) => one.ruleId === ruleId)?.tags;
  expect(tags).toEqual(expect.arrayContaining(["decoded:base64", "decoded:reversed", "decode-depth:2"]));
  const plain = detectorOf(builtinRuleset(), { decodeDepth: 0 });
  expect(plain.scan(Buffer.from(` ${backwards(secret)} `)).detections).toEqual([]);
});

test("with a depth of 0 nothing is decoded", () => {
  const plain = detectorOf(builtinRuleset(), { decodeDepth: 0 });
  const { ruleId, secret } = tokens[0]!;
  for (const { encode } of encoders) {
    const found = plain.scan(Buffer.from(encode(secret, createRandom("0")))).detections;
    expect(
      found.filter(
        (one) => one.ruleId === ruleId && one.secret === secret && one.tags.some((tag) => tag.startsWith("decoded:")),
      ),
    ).toEqual([]);
  }
});

test("names that are no character references stand for nothing, whatever they are called", () => {
  const { ruleId, secret } = tokens[0]!;
  const escaped = Array.from(Buffer.from(secret), (byte) => `&#${byte};`).join("");
  const content = Buffer.from(`&valueOf; &toString; &unknown; token=${escaped} &valueOf;\n`);
  expect(detector.scan(content).detections.map((one) => [one.ruleId, one.secret])).toContainEqual([ruleId, secret]);
});

test("a value in parts is told whole, even where its first part looks like one by itself", () => {
  const random = createRandom("parts");
  const value = random.chars("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", 40);
  const [first, second] = [value.slice(0, 20), value.slice(20)];
  for (const joint of ['" + "', '" +\n    "', '" . "', '" & "', '"\n    "']) {
    const found = detector.scan(Buffer.from(`apiSecret = "${first}${joint}${second}"\n`)).detections;
    // More than one rule may know it.
    expect([...new Set(found.map(({ secret, startLine }) => `${startLine} ${secret}`))]).toEqual([`1 ${value}`]);
  }
  const alone = detector.scan(Buffer.from(`apiSecret = "${first}", "${second}"\n`)).detections;
  expect(alone.map(({ secret }) => secret)).toContain(first);
});

test("settings that stand below each other in quotes are no parts of one value", () => {
  const lines = (password: string): string =>
    `Strings = (\n  'User_Name=SYSDBA'\n  'Password=${password}'\n  'RoleName=Role'\n  'SQLDialect=3')\n`;
  const value = createRandom("list").chars("abcdefghkmnpqrstuvwxyz23456789", 12);
  const found = detector.scan(Buffer.from(lines(value))).detections;
  expect([...new Set(found.map(({ secret }) => secret))]).toEqual([value]);
  const joined = `Password="user=dana;"\n  "password=${value.slice(0, 6)}"\n  "${value.slice(6)}"\n`;
  expect(detector.scan(Buffer.from(joined)).detections.map(({ secret }) => secret)).toContain(value);
});
