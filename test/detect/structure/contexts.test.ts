import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src/rules/random.ts";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";
import { contexts } from "./contexts.ts";
import { unnamed } from "./unnamed.ts";

const detector = detectorOf(builtinRuleset(), { decodeDepth: 5 });
const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("a random value under a telling name is found in", () => {
  for (const [name, template] of Object.entries(contexts)) {
    test(name, () => {
      const value = createRandom(name).chars(alnum, 32);
      const missed = ["SERVICE_API_KEY", "clientSecret", "auth-token"].filter((key) => {
        const content = Buffer.from(template.replaceAll("NAME", key).replaceAll("VALUE", value));
        return !detector.scan(content).detections.some(({ secret }) => secret === value);
      });
      expect(missed).toEqual([]);
    });
  }
});

describe("a random value that no assignment names is found in", () => {
  for (const [name, template] of Object.entries(unnamed)) {
    test(name, () => {
      const value = createRandom(name).chars(alnum, 32);
      const { detections } = detector.scan(Buffer.from(template.replaceAll("VALUE", value)));
      expect(detections.map(({ secret }) => secret).filter((secret) => secret.includes(value))).not.toEqual([]);
    });
  }
});
