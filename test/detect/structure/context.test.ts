import { expect, test } from "vitest";
import { contextOf, type Context } from "../../../src/detect/structure/context.ts";
import { locate } from "../../../src/detect/structure/locate.ts";

/** What VALUE stands as, in the ways of many languages. */
const contexts: Readonly<Record<Context, readonly string[]>> = {
  assignment: [
    'a_key = "VALUE"',
    "export A_KEY=VALUE",
    'const char *a_key = "VALUE";',
    'a_key <- "VALUE"',
    'aKey := "VALUE"',
    'const A_KEY: &str = "VALUE";',
    'Dim aKey As String = "VALUE"',
    'NSString *aKey = @"VALUE";',
  ],
  "call argument": ['client.setKey("VALUE");', 'map.put("a.key", "VALUE");', "login(client, 'ApiKey', 'VALUE');"],
  "map entry": [
    '{"a_key": "VALUE", "b": 1}',
    "$a = ['a_key' => 'VALUE'];",
    '%{"a_key" => "VALUE"}',
    '{ ["AKey"] = "VALUE" }',
    '{{"a_key", "VALUE"}}',
    "a_key: VALUE",
  ],
  header: [
    'req.Header.Set("X-Api-Key", "VALUE")',
    'curl -H "X-Api-Key: VALUE" x',
    '[req setValue:@"VALUE" forHTTPHeaderField:@"X-Api-Key"];',
    "headers: {'X-Api-Key': 'VALUE'},",
  ],
  "part of a URL": ['fetch("https://a.io/v1?key=VALUE")', "git clone https://VALUE@a.io/b.git"],
  comment: [
    "# a key: VALUE",
    "// a key: VALUE",
    "/* key VALUE */",
    "-- key VALUE",
    "' key VALUE",
    'a = "#b"; // VALUE',
  ],
  "command-line option": ["login --api-key VALUE", 'Connect-X -ApiKey "VALUE"'],
  element: ["<key>VALUE</key>"],
  text: ["VALUE"],
};

for (const [context, lines] of Object.entries(contexts)) {
  test(context, () => {
    const wrong = lines
      .map((line) => `x\n${line}\ny\n`)
      .filter((text) => contextOf(text, text.indexOf("VALUE")) !== context);
    expect(wrong).toEqual([]);
  });
}

test("names that stand in brackets, beside their value, or before a type are keys", () => {
  const keyOf = (text: string): string | undefined => locate(text, text.indexOf("VALUE"), true).at(-1)?.key;
  expect(keyOf('t = {\n  ["a_key"] = "VALUE",\n}\n')).toBe("a_key");
  expect(keyOf("declare -A m=([a_key]=VALUE)\n")).toBe("a_key");
  expect(keyOf('m = {{"a_key", "VALUE"}};\n')).toBe("a_key");
  expect(keyOf('Dim aKey As String = "VALUE"\n')).toBe("aKey");
  expect(keyOf('a_key <- "VALUE"\n')).toBe("a_key");
  expect(keyOf('NSString *aKey = @"VALUE";\n')).toBe("aKey");
});
