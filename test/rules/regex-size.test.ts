import { expect, test } from "vitest";
import { oversize } from "../../src/rules/regex-size.ts";

test("regexes that people write are looked at, those made to be large are not", () => {
  for (const pattern of [
    "(?i)(?:api|secret)[_-]?key\\s*[:=]\\s*['\"]?([a-z0-9]{32,64})",
    `(?:${Array.from({ length: 5000 }, (_, i) => `word${i}`).join("|")})`,
    "[()]".repeat(3000),
    "\\(".repeat(3000),
    "[^]()]".repeat(2000),
  ])
    expect(oversize(pattern)).toBeUndefined();
  expect(oversize("a".repeat(200_000))).toContain("characters");
  expect(oversize(`${"(?:".repeat(600)}a${")".repeat(600)}`)).toContain("deep");
  expect(oversize("(a)".repeat(1500))).toContain("capture");
  expect(oversize("(?P<a>b)".repeat(1500))).toContain("capture");
  expect(oversize("a?".repeat(6000))).toContain("repetitions");
  expect(oversize("\\pL".repeat(6000))).toContain("repetitions");
});
