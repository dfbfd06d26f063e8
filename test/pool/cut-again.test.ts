import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository, versionsOf } from "../../fixtures/git/workshop.ts";
import { openObjectStore } from "../../src/content/git/object-store.ts";
import type { Detection } from "../../src/model/detection.ts";
import type { Ruleset } from "../../src/model/rule.ts";
import type { PackUnit, UnitResult } from "../../src/model/unit.ts";
import { cutAgain, placesOf } from "../../src/pool/cut-again.ts";
import { Pool } from "../../src/pool/index.ts";
import { createRandom } from "../../src/rules/random.ts";
import { fillTemplate } from "../../src/rules/templates.ts";
import { planPack } from "../../src/sources/git/plan.ts";
import { rulesOf } from "../../src/store/index.ts";
import { probe, scratch } from "../cli/scan-program.ts";
import { builtinRuleset, detectorOf, probes } from "../detect/rules-for-tests.ts";

const ruleset = builtinRuleset();
const builtin = detectorOf(ruleset);
// Written by our own build: templates by the ids of rules.
const examples = Object.values(
  JSON.parse(readFileSync(new URL("../../dist/examples.json", import.meta.url), "utf8")) as Record<string, string[]>,
).flat();

/** Some lines in which secrets of many kinds stand, and others that look like some. */
function content(seed: string): Buffer {
  const random = createRandom(seed);
  const lines = Array.from({ length: 12 }, () => fillTemplate(random.pick(examples), random));
  return Buffer.from(lines.map((line) => `${line}\n${"other text ".repeat(random.integer(20))}\n`).join(""));
}

const contents = Array.from({ length: 60 }, (_, i) => content(`cut ${i}`));

describe("the places of detections", () => {
  test("give the same detections, and hold none of their secrets", () => {
    let placed = 0;
    for (const bytes of contents) {
      const { detections } = builtin.scan(bytes);
      const places = placesOf(bytes, detections);
      if (places === undefined) continue;
      placed++;
      expect(cutAgain(bytes, structuredClone(places))).toEqual(detections);
      const kept = JSON.stringify(places);
      for (const { secret } of detections.filter((one) => one.secret.length > 5))
        expect(kept.includes(JSON.stringify(secret).slice(1, -1))).toBe(false);
    }
    expect(placed).toBeGreaterThan(contents.length / 4);
  });

  test("are those of one content alone", () => {
    const bytes = Buffer.from(`one ${probe("a")}\ntwo\n`);
    const { detections } = detectorOf(probes).scan(bytes);
    const places = placesOf(bytes, detections)!;
    expect(cutAgain(bytes, places)).toEqual(detections);
    expect(cutAgain(Buffer.from(`ONE ${probe("a")}\ntwo\n`), places)).toBeUndefined();
    expect(cutAgain(Buffer.concat([bytes, bytes]), places)).toBeUndefined();
  });

  test("are not there for what was decoded, is no UTF-8, or is said a second time beside it", () => {
    const [found] = detectorOf(probes).scan(Buffer.from(`one ${probe("a")}\n`)).detections as [Detection];
    const encoded = Buffer.from(`key = ${Buffer.from(`the secret ${probe("a")} is here`).toString("base64")}\n`);
    const { detections } = detectorOf(probes).scan(encoded);
    expect(detections).not.toEqual([]);
    expect(placesOf(encoded, detections)).toBeUndefined();
    const broken = Buffer.concat([Buffer.from("\xff\xfe ", "latin1"), Buffer.from(`${probe("a")}\n`)]);
    expect(placesOf(broken, detectorOf(probes).scan(broken).detections)).toBeUndefined();
    const bytes = Buffer.from(`one ${probe("a")}\n`);
    const named = (more: Partial<Detection>): unknown => placesOf(bytes, [{ ...found, ...more }]);
    expect(named({})).toBeDefined();
    expect(named({ key: `x.${probe("a")}` })).toBeUndefined();
    expect(named({ facts: [`of ${probe("a")}`] })).toBeUndefined();
    expect(named({ parts: [{ name: "user", value: probe("a") }] })).toBeUndefined();
    expect(named({ parts: [{ name: "user", value: probe("a"), isSecret: true }] })).toBeDefined();
    expect(named({ member: "a.txt" })).toBeUndefined();
  });
});

test("the rules of which something came find the same as all rules", () => {
  for (const bytes of contents.slice(0, 12)) {
    const { detections, told } = builtin.scan(bytes);
    const some = rulesOf(ruleset, [...told!])!;
    expect(some.rules.length).toBeLessThan(ruleset.rules.length / 10);
    expect(detectorOf(some).scan(bytes).detections).toEqual(detections);
  }
});

test("a pack is read for known places without a rule, and not where its bytes are others", async () => {
  const dist = new URL("../../dist/", import.meta.url);
  const shop = createRepository(join(scratch(), "repo"));
  for (const [i, text] of versionsOf("lines", 12).entries())
    shop.commit(`Version ${i}`, { "a.txt": `${text}${probe(`a ${i % 4}`)}\n` });
  shop.git("gc", "-q");
  const objects = join(shop.path, ".git/objects");
  const store = openObjectStore(objects);
  const [unit] = planPack("t", store.packs[0]!, (entry) => store.packs[0]!.types[entry] === 3);
  const scan = async (rules: Ruleset, asked: PackUnit): Promise<UnitResult> => {
    await using pool = new Pool({
      ...{ workers: 1, ruleset: rules, decodeDepth: 1, honourInlineAllow: true, listsClean: true },
      kernel: new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist))),
      entry: new URL("worker.js", dist),
    });
    return await pool.run(asked);
  };
  const first = await scan(probes, unit!);
  expect(first.placed?.size).toBe(12);
  const none = rulesOf(probes, [])!;
  const again = await scan(none, { ...unit!, placed: first.placed! });
  expect(again.hits).toEqual(first.hits);
  const others = new Map([...first.placed!].map(([id, places]) => [id, { ...places, sum: places.sum + 1 }]));
  expect((await scan(none, { ...unit!, placed: others })).hits).toEqual([]);
});
