import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/rules/random.ts";
import { fillTemplate, TemplateError } from "../../src/rules/templates.ts";

function fill(template: string, seed: number | string = 1): string {
  return fillTemplate(template, createRandom(seed));
}

describe("templates", () => {
  test.each([
    ["${hex:32}", /^[0-9a-f]{32}$/],
    ["${HEX:8}", /^[0-9A-F]{8}$/],
    ["${alnum:36}", /^[0-9A-Za-z]{36}$/],
    ["${lower:8}${upper:8}${digits:10}", /^[a-z]{8}[A-Z]{8}[0-9]{10}$/],
    ["${lowernum:20}-${uppernum:20}", /^[a-z0-9]{20}-[A-Z0-9]{20}$/],
    ["${base32:16}", /^[A-Z2-7]{16}$/],
    ["${base64:43}=", /^[0-9A-Za-z+/]{43}=$/],
    ["${base64url:43}", /^[\w-]{43}$/],
    ["${base58:44}", /^[1-9A-HJ-NP-Za-km-z]{44}$/],
    ["${chars:abc123:12}", /^[abc123]{12}$/],
    ["${chars:_-:3}", /^[_-]{3}$/],
    ["${uuid}", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["${word}", /^[a-z]{4,9}$/],
    ["a $${HOME} b", /^a \$\{HOME\} b$/],
    ["{} } { $x $", /^\{\} \} \{ \$x \$$/],
    ["key: '${gen:github-pat}'", /^key: 'ghp_[0-9A-Za-z]{36}'$/],
  ])("%s", (template, shape) => {
    for (let seed = 0; seed < 10; seed++) expect(fill(template, seed)).toMatch(shape);
  });

  test("forms inside b64 are filled first, and braces there are text", () => {
    expect(Buffer.from(fill('${b64({"user":"${word}","n":{"k":"${hex:8}"}})}'), "base64").toString()).toMatch(
      /^\{"user":"[a-z]+","n":\{"k":"[0-9a-f]{8}"\}\}$/,
    );
    expect(fill("${b64(a)}-${b64(b)}")).toBe("YQ==-Yg==");
    expect(fill("${b64(${b64(a)})}")).toBe("WVE9PQ==");
    expect(fill('${json(a\n"b")}')).toBe('a\\n\\"b\\"');
    expect(fill("${b64($${X})}")).toBe(Buffer.from("${X}").toString("base64"));
  });

  test.each([
    "${",
    "${hex}",
    "${hex:x}",
    "${hex:99999999}",
    "${nope:3}",
    "${gen:nope}",
    "${gen}",
    "${nope(a)}",
    "${}",
    "${b64(a}",
    "${chars::3}",
  ])("%s is an error that names the form", (template) => {
    expect(() => fill(template)).toThrow(TemplateError);
  });

  test("a seed decides everything", () => {
    const template = "${alnum:40} ${word} ${uuid} ${gen:jwt} ${gen:pem-ec}";
    fc.assert(
      fc.property(fc.integer(), (seed) => fill(template, seed) === fill(template, seed)),
      { numRuns: 20 },
    );
    expect(fill(template, 1)).not.toBe(fill(template, 2));
  });

  test("long values never look like placeholders", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom("hex", "alnum", "base64", "lowernum", "base32"),
        fc.integer({ min: 20, max: 64 }),
        (seed, name, length) => {
          const text = fill(`\${${name}:${length}}`, seed);
          return !/(.)\1\1/.test(text) && /[0-9]/.test(text) && /[A-Za-z]/.test(text);
        },
      ),
    );
  });
});
