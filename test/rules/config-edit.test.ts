import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { ruleBlock, withBlock, withKey, withRule } from "../../src/rules/config-edit.ts";

const text = `# ours
[extend]
useDefault = true

# about the first
[[rules]]
id = "first"
regex = '''
[[rules]]
id = "second"
'''
examples = [
  "[[rules]]",
]
  [[rules.allowlists]]
  paths = ["id = 'x'"]

# about the second

[[rules]]   # here
regex = "a\\"[b]"
id = 'second'

# the end
[[allowlists]]
paths = ["x"]
`;

describe("the text of a configuration", () => {
  test("knows where the block of a rule stands, whatever its texts hold", () => {
    const cut = (id: string): string | undefined => {
      const span = ruleBlock(text, id);
      return span === undefined ? undefined : text.slice(span.start, span.end);
    };
    expect(cut("first")).toMatch(/^\[\[rules\]\]\nid = "first"[^]*paths = \["id = 'x'"\]\n$/);
    expect(cut("second")).toBe(`[[rules]]   # here\nregex = "a\\"[b]"\nid = 'second'\n`);
    expect(cut("third")).toBeUndefined();
  });

  test("keeps all else of it, with its comments, when a rule is changed", () => {
    const changed = withRule(text, "second", `[[rules]]\nid = "second"\nregex = "new"`);
    expect(changed.replace(`[[rules]]\nid = "second"\nregex = "new"\n`, "")).toBe(
      text.replace(`[[rules]]   # here\nregex = "a\\"[b]"\nid = 'second'\n`, ""),
    );
    expect(parse(changed)).toMatchObject({ rules: [{ id: "first" }, { id: "second", regex: "new" }] });
  });

  test("grows at its end, with the line ends that it has", () => {
    expect(withBlock("a = 1", "[b]\nc = 1")).toBe("a = 1\n\n[b]\nc = 1\n");
    expect(withRule("a = 1\r\n", "x", "[[rules]]\nid = 'x'\n")).toBe("a = 1\r\n\r\n[[rules]]\r\nid = 'x'\r\n");
    expect(withBlock("", "[b]")).toBe("[b]\n");
  });
});

test.each([
  ['[[rules]]\nid = "a"\n', '[[rules]]\nid = "a"\nentropy = 3\n'],
  ['[[rules]] # one\nid = "a" # two\n', '[[rules]] # one\nid = "a" # two\nentropy = 3\n'],
  ['[[rules]]\nentropy = 4.5 # why\nid = "a"', '[[rules]]\nentropy = 3\nid = "a"'],
  [
    '[[rules]]\r\nid = "a"\r\nentropy = [\r\n 1,\r\n]\r\nx = 1\r\n',
    '[[rules]]\r\nid = "a"\r\nentropy = 3\r\nx = 1\r\n',
  ],
  [
    `[[rules]]\nid = "a"\nregex = '''\nentropy = 1\n'''\n[[rules.allowlists]]\nentropy = 2\n`,
    `[[rules]]\nid = "a"\nentropy = 3\nregex = '''\nentropy = 1\n'''\n[[rules.allowlists]]\nentropy = 2\n`,
  ],
])("a key of a rule is changed where it stands, else put behind the id: %j", (block, changed) => {
  expect(withKey(block, "entropy", "3")).toBe(changed);
});
