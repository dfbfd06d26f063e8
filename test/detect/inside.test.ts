import { expect, it } from "vitest";
import { createRandom } from "../../src/rules/random.ts";
import { builtinRuleset, detectorOf } from "./rules-for-tests.ts";

const detector = detectorOf(builtinRuleset(), { decodeDepth: 5 });
const value = createRandom("inside").chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 32);

function isFound(text: string): boolean {
  return detector.scan(Buffer.from(text.replace("VALUE", value))).detections.some(({ secret }) => secret === value);
}

it.each([
  'credentials: {\n  billing: "VALUE"\n}\n',
  "api_keys:\n  billing: VALUE\n",
  'const apiKeysList = ["VALUE"];\n',
  "'credentials_store' => [ 'billing' => 'VALUE' ],\n",
  '"clientSecret": {\n  "Value": "VALUE"\n}\n',
])("a value in a block of secrets is found: %j", (text) => {
  expect(isFound(text)).toBe(true);
});

it.each([
  "'credentialScope' => [ 'billing' => 'VALUE' ],\n",
  'SECRETS_REQUEST: {\n  billing: "VALUE"\n}\n',
  'const tokenTypes = ["VALUE"];\n',
  '"NextToken": {\n  "Value": "VALUE"\n}\n',
  "forbidden_passwords = [\n  'VALUE',\n]\n",
  "MAX_TOKENS = {\n  'VALUE': 128000,\n}\n",
])("and none in a block that says what else it holds: %j", (text) => {
  expect(isFound(text)).toBe(false);
});

it("a value in base64 ends with its padding", () => {
  const encoded = Buffer.from(`${value}.`).toString("base64");
  const text = `kind: Secret\ndata:\n  database: ZGI=\n  billing: ${encoded}\n`;
  const found = detector.scan(Buffer.from(text)).detections;
  expect(found.map(({ secret }) => secret)).toContain(encoded);
});
