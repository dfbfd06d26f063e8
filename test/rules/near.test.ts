import { expect, test } from "vitest";
import { loadEngine } from "../../src/detect/index.ts";
import { nearKeywords, nearRegex } from "../../src/rules/near.ts";
import type { Near } from "../../src/model/near.ts";
import { keywordReach } from "../../src/rules/regex-reach.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { readPatternFile } from "../../src/rules/build.ts";
import { contexts } from "../../bench/recall-contexts.ts";

const engine = await loadEngine();
const value = "3f9a1c0b7e5d24688ab1";
const shape = "[0-9a-f]{20}";

function valueIn(near: Partial<Near>, text: string): string | undefined {
  const regex = engine.compile(nearRegex({ names: ["acme cloud"], roles: [], value: shape, ...near }));
  const bytes = Buffer.from(text);
  const match = regex.exec(bytes, 0);
  return match === undefined ? undefined : bytes.toString("utf8", match.groups[0], match.groups[1]);
}

test.each(Object.keys(contexts))("a value is seen in its usual places: %s", (name) => {
  const text = contexts[name]!({ name: ["acme", "cloud"], role: ["api", "key"] }, value);
  expect(valueIn({}, text)).toBe(value);
});

test.each([
  "acmecloud_key",
  "ACME_CLOUD_TOKEN",
  "acme-cloud-secret",
  "acme.cloud.password",
  "Acme Cloud Api Key",
  "AcmeCloudPwd",
])("a space in a name stands for any separator: %s", (name) => {
  expect(valueIn({}, `${name}: "${value}"`)).toBe(value);
});

test("a value that is longer or of another shape is none", () => {
  expect(valueIn({}, `ACME_CLOUD_KEY=${value}0`)).toBeUndefined();
  expect(valueIn({}, `ACME_CLOUD_KEY=${value.toUpperCase()}`)).toBeUndefined();
});

test("a value that nothing tells to be a secret is none", () => {
  expect(valueIn({}, `acme cloud was built from commit ${value} on Monday`)).toBeUndefined();
  expect(valueIn({}, `ACME_CLOUD_COMMIT=${value}`)).toBeUndefined();
});

test("an everyday word stands by itself, and the telling word is next to it", () => {
  const near = { names: ["=line"] };
  expect(valueIn(near, `LINE_CHANNEL_TOKEN=${value}`)).toBe(value);
  expect(valueIn(near, `line:\n  channel_token: ${value}\n`)).toBe(value);
  expect(valueIn(near, `headline_token=${value}`)).toBeUndefined();
  expect(valueIn(near, `the line before holds a session token = ${value}`)).toBeUndefined();
});

test("short names do not begin inside a word, but inside a name", () => {
  const near = { names: ["exa"] };
  expect(valueIn(near, `example_key=${value}`)).toBe(undefined);
  expect(valueIn(near, `flexa_key=${value}`)).toBe(undefined);
  expect(valueIn(near, `myExaKey = "${value}"`)).toBe(value);
});

test("roles narrow what takes the value", () => {
  const near = { roles: ["client secret"] };
  expect(valueIn(near, `acmecloud_client_secret=${value}`)).toBe(value);
  expect(valueIn(near, `acmecloud_client_id=${value}`)).toBeUndefined();
  expect(valueIn({ roles: ["*", "/v3"] }, `https://acmecloud.io/v3/${value}/blocks`)).toBe(value);
});

test("a bare name takes a value where only secrets have a role, and nothing else", () => {
  expect(valueIn({ roles: ["client secret"] }, `acmecloud = "${value}"`)).toBe(value);
  expect(valueIn({ roles: ["client id"] }, `acmecloud = "${value}"`)).toBeUndefined();
  expect(valueIn({ roles: ["client secret", "client number"] }, `acmecloud: ${value}`)).toBe(value);
  expect(valueIn({}, `acmecloud "${value}"`)).toBe(value);
});

test("an everyday word takes only what is assigned to it", () => {
  expect(valueIn({ names: ["=line"] }, `line = "${value}"`)).toBe(value);
  expect(valueIn({ names: ["=line"] }, `LINE_PROD=${value}`)).toBe(value);
  expect(valueIn({ names: ["=line"] }, `a line "${value}"`)).toBeUndefined();
  expect(valueIn({ names: ["=line"] }, `("line",\n "${value}")`)).toBeUndefined();
  expect(valueIn({ names: ["=line"] }, `headline = "${value}"`)).toBeUndefined();
});

test("an everyday word is a service where it is called an API", () => {
  expect(valueIn({ names: ["=line"] }, `asking the line API\n[DEBUG] Using Key=${value}`)).toBe(value);
  expect(valueIn({ names: ["=line"] }, `asking the line\n[DEBUG] Using Key=${value}`)).toBeUndefined();
});

test.each([
  "comet_api_key",
  "comet-api-key",
  "comet.api.key",
  "cometApiKey",
  "CometAPIKey",
  "myCometApiKey",
  "COMET_API_KEY",
])("`_` in a name is a separator that stands there, or a capital: %s", (name) => {
  expect(valueIn({ names: ["comet_api"] }, `${name} = "${value}"`)).toBe(value);
  expect(valueIn({ names: ["=comet_api"] }, `${name} = "${value}"`)).toBe(value);
});

test.each(["cometapi_key", "cometapikey", "arcometApiKey"])("without one it is another name: %s", (name) => {
  expect(valueIn({ names: ["comet_api"] }, `${name} = "${value}"`)).toBeUndefined();
});

test.each(["kite_api_key", "kite-token", "kiteApiKey", "kiteToken", "KiteSecret", "myKiteAccessToken", "KITE_KEY"])(
  "a name that begins others is told by what goes on with a capital: %s",
  (name) => {
    expect(valueIn({ names: ["kite_"] }, `${name} = "${value}"`)).toBe(value);
  },
);

test.each(["kitekey", "kite", "spikiteKey", "kiteColor", "kitesToken"])("and no word that begins so: %s", (name) => {
  expect(valueIn({ names: ["kite_"] }, `${name} = "${value}"`)).toBeUndefined();
});

test("every match holds a keyword", () => {
  const names = ["acme cloud", "=line", "fb_", "a.io", "comet_api", "=kit_api", "=here_", "leonardo_api"];
  for (const roles of [[], ["secret", "client secret"], ["*", "/v3"]]) {
    const near = { names, roles, value: shape };
    expect(keywordReach(parseRegex(nearRegex(near)).root, nearKeywords(near)).holds).toBe(true);
  }
});

test.each([
  ["near = { names = [], value = 'a' }", "names must be a list of words"],
  ["near = { names = ['  '], value = 'a' }", "names must be a list of words"],
  ["near = { names = ['acme'] }", "value is missing"],
  ["near = { names = ['acme'], value = 'a' }\nregex = 'b'", "near and regex cannot stand together"],
  ["near = { names = ['acme'], value = 'a', word = true }", "unknown key word"],
])("a wrong near is refused: %s", (text, message) => {
  expect(() => readPatternFile(`[[rules]]\nid = "one"\n${text}\n`, "one.toml")).toThrow(message);
});
