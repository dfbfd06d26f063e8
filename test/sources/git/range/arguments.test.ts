import { describe, expect, test } from "vitest";
import { readRangeRequest, type RangeRequest } from "../../../../src/sources/git/range/request.ts";
import { splitWords } from "../../../../src/sources/git/range/words.ts";
import { matchesWildcard } from "../../../../src/sources/git/range/wildcard.ts";

const now = 1_732_237_345;

function read(logOpts: string, more: Partial<RangeRequest> = {}) {
  return readRangeRequest({ branches: [], logOpts, ...more }, now);
}

describe("a line of options", () => {
  test("is cut into words as a shell does it", () => {
    expect(splitWords(`a  'b c' "d \\"e\\"" f\\ g --grep="x y" ''`, "--log-opts")).toEqual([
      "a",
      "b c",
      'd "e"',
      "f g",
      "--grep=x y",
      "",
    ]);
    expect(() => splitWords("a 'b", "--log-opts")).toThrow("--log-opts has a ' that is not closed");
    expect(() => splitWords("a\\", "--log-opts")).toThrow("ends with a backslash");
  });

  test.each([
    ["--follow a.txt", "--follow"],
    ["-S secret", "-S"],
    ["--cherry-pick a...b", "--cherry-pick"],
    ["--simplify-merges", "--simplify-merges"],
    ["--since=soon", "--since=soon is no date"],
    ["-n many", '"many" is none'],
    ["--max-count", "--max-count needs a value"],
    ["--skip=-1", "--skip"],
    ["--diff-filter=D", "--diff-filter=D"],
    ["--diff-merges=remerge", "remerge"],
    ["--exclude=x main", "--exclude=x stands before nothing"],
    ["--topo-order -n 3", "--topo-order"],
    ["--grep=\\\\(a*\\\\)*b", "is not understood"],
    ["-- ../other", "leads out of the repository"],
    ["-- :(attr:x)a", ":(attr:x)"],
    ["-- /etc/passwd", "is absolute"],
    ["--stdin", "--stdin"],
    ["--no-such-thing=1", "--no-such-thing=1 is not understood"],
  ])("%j is refused by its name", (line, message) => {
    expect(() => read(line)).toThrow(message);
  });

  test("takes what gitleaks gives to git log, and what only changes how it prints", () => {
    expect(() => read("-p -U0 --full-history --all --diff-filter=tuxdb")).not.toThrow();
    expect(() => read("--oneline --reverse --pretty=format:%H --no-color --stat --date-order")).not.toThrow();
  });

  test("is narrowed by options of its own; dates alone mean all refs", () => {
    expect(readRangeRequest({ branches: [], since: "2024-01-31T00:00:00Z" }, now)).toMatchObject({
      items: [{ kind: "refs", prefix: "" }],
      limits: { since: 1_706_659_200 },
    });
    const both = read("--since=2024-01-01T00:00:00Z", { since: "2024-01-31T00:00:00Z", until: "@1710000000" });
    expect(both.limits).toMatchObject({ since: 1_706_659_200, until: 1_710_000_000 });
    expect(both.items).toEqual([]);
    expect(() => readRangeRequest({ branches: [], until: "whenever" }, now)).toThrow('--until: "whenever" is no date');
  });
});

describe("wildcards", () => {
  test.each([
    ["*.txt", "lib/a.txt", true],
    ["lib/*/c", "lib/deep/er/c", true],
    ["a?c", "a/c", true],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[[:digit:]]", "7", true],
    ["[]x]", "]", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["[a", "a", false],
    ["a*b*c*d", "aXbXcX", false],
  ])("%s and %s: %j", (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });

  test.each([
    ["*.txt", "lib/a.txt", false],
    ["**/*.txt", "lib/deep/a.txt", true],
    ["**/a.txt", "a.txt", true],
    ["**/a.txt", "xa.txt", false],
    ["lib/**", "lib/deep/a.txt", true],
    ["lib/**/a", "lib/a", true],
    ["lib/**/a", "lib/xa", false],
    ["a?c", "a/c", false],
  ])("of paths: %s and %s: %j", (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text, { slashStops: true })).toBe(expected);
  });

  test("take time in proportion, whatever is matched", () => {
    expect(matchesWildcard("*a".repeat(40), `${"a".repeat(20_000)}b`)).toBe(false);
  });
});
