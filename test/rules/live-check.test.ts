import { readdirSync, readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import type { Rule } from "../../src/model/rule.ts";
import { compileRule } from "../../src/rules/compile.ts";
import { compileBuiltin, readPatternFile } from "../../src/rules/build.ts";
import { liveLines } from "../../src/rules/live-check.ts";
import { readRuleFile } from "../../src/rules/toml.ts";

const bearer = `headers = { Authorization = "Bearer {{value}}" }`;

/** The live check of a rule with this table, as compiled. */
function live(table: string): unknown {
  return compiled(`live = { ${table} }`).live;
}

function compiled(lines: string): Rule {
  const text = `[[rules]]\nid = "acme"\nregex = '''acme_([0-9a-f]{32})@([a-z.]{1,40})'''\nkeywords = ["acme_"]\n${lines}\n`;
  const [entry] = readRuleFile(parse, text, "acme.toml").rules;
  return compileRule(entry!, { policy: "user", file: "acme.toml" });
}

describe("a live check", () => {
  test("is one request and what its answers mean", () => {
    expect(
      live(
        `method = "POST", url = "https://api.acme.com/v1/me?x=1", headers = { Content-Type = "application/json" }, body = '{"t":"{{value}}"}', valid = [200],
        valid_body = '"ok":true', invalid = [200, 401], invalid_body = '"ok":false'`.replaceAll(/\n\s*/g, " "),
      ),
    ).toEqual({
      method: "POST",
      url: "https://api.acme.com/v1/me?x=1",
      headers: { "content-type": "application/json" },
      body: '{"t":"{{value}}"}',
      valid: [200],
      validBody: '"ok":true',
      invalid: [200, 401],
      invalidBody: '"ok":false',
    });
    const taken = `url = "https://{{host}}/me", ${bearer}, host = { capture = 2, under = ["acme.com"] }, valid = [200]`;
    expect(live(taken)).toMatchObject({ host: { capture: 2, under: ["acme.com"] } });
    const label = `url = "https://{{host}}/me", headers = { x-id = "{{capture.1}}" }, basic = "{{value}}:", host = { part = "acme-id", label = true, under = ["acme.com"] }, valid = [200]`;
    expect(live(label)).toMatchObject({
      host: { part: "acme-id", isLabel: true, under: ["acme.com"] },
    });
    const pair = `url = "https://acme.com/", basic = "{{part.acme-id}}:{{value}}", valid = [200]`;
    expect(live(pair)).toMatchObject({ basic: "{{part.acme-id}}:{{value}}" });
  });

  test.each([
    ["a plain connection", `url = "http://api.acme.com/", ${bearer}, valid = [200]`, /https:\/\//],
    ["no address", `${bearer}, valid = [200]`, /https:\/\//],
    ["a host taken from the value", `url = "https://{{value}}/me", ${bearer}, valid = [200]`, /never taken/],
    ["a part of the host", `url = "https://{{host}}.acme.com/", ${bearer}, valid = [200]`, /never taken/],
    ["credentials before the host", `url = "https://a:b@acme.com/", ${bearer}, valid = [200]`, /no host of the web/],
    ["a backslash for the host's end", `url = 'https://acme.com\\{{value}}', valid = [200]`, /https:\/\//],
    ["an inner address", `url = "https://127.0.0.1/", ${bearer}, valid = [200]`, /no host of the web/],
    ["a name of this machine", `url = "https://localhost/", ${bearer}, valid = [200]`, /no host of the web/],
    ["any host", `url = "https://{{host}}/", ${bearer}, host = { under = [] }, valid = [200]`, /under/],
    ["a whole top level", `url = "https://{{host}}/", ${bearer}, host = { under = ["com"] }, valid = [200]`, /under/],
    [
      "a host beside the one it takes",
      `url = "https://acme.com/", ${bearer}, host = { under = ["a.com"] }, valid = [200]`,
      /begins with/,
    ],
    [
      "a capture that is not there",
      `url = "https://{{host}}/", ${bearer}, host = { capture = 3, under = ["a.com"] }, valid = [200]`,
      /capture 3/,
    ],
    [
      "a label of two domains",
      `url = "https://{{host}}/", ${bearer}, host = { label = true, under = ["a.com", "b.com"] }, valid = [200]`,
      /before one domain/,
    ],
    ["a group that is not there", `url = "https://acme.com/{{capture.3}}", ${bearer}, valid = [200]`, /capture\.3/],
    ["a template that does not end", `url = "https://acme.com/{{value}}/{{id}", valid = [200]`, /not closed/],
    [
      "a body of no form",
      `method = "POST", url = "https://acme.com/", body = "k={{value}}", valid = [200]`,
      /content-type/,
    ],
    ["a name that nothing has", `url = "https://acme.com/{{secret}}", valid = [200]`, /\{\{secret\}\} is no name/],
    [
      "a part without a rule",
      `url = "https://acme.com/", basic = "{{part.}}:{{value}}", valid = [200]`,
      /\{\{part\.\}\}/,
    ],
    ["a broken condition", `when = "(", url = "https://acme.com/", ${bearer}, valid = [200]`, /when/],
    ["no value", `url = "https://acme.com/", valid = [200]`, /nothing in it is the value/],
    [
      "a header with a line end",
      `url = "https://acme.com/", headers = { a = "{{value}}\\r\\nb: c" }, valid = [200]`,
      /no header/,
    ],
    ["no answer", `url = "https://acme.com/", ${bearer}, valid = []`, /names no status/],
    [
      "a status that means both",
      `url = "https://acme.com/", ${bearer}, valid = [200], invalid = [200]`,
      /cannot mean both/,
    ],
    ["no status", `url = "https://acme.com/", ${bearer}, valid = [2000]`, /HTTP statuses/],
    ["a broken pattern", `url = "https://acme.com/", ${bearer}, valid = [200], valid_body = "("`, /valid_body/],
    ["another method", `method = "DELETE", url = "https://acme.com/", ${bearer}, valid = [200]`, /one of GET/],
  ])("is refused with %s", (_what, table, message) => {
    expect(() => live(table)).toThrow(message);
  });

  test("or the reason why there is none, from a list", () => {
    const rule = compiled('live_none = "offline"');
    expect(rule).toMatchObject({ liveNone: "offline" });
    expect([...liveLines(rule)]).toEqual(["offline: there is nobody to ask, or the value does not tell whom"]);
    expect(() => compiled('live_none = "too lazy"')).toThrow(/one of offline/);
    const both = `live_none = "offline"\nlive = { url = "https://acme.com/{{value}}", valid = [200] }`;
    expect(() => compiled(both)).toThrow(/cannot stand together/);
  });

  test("takes a part from a rule that there is", () => {
    const rule = (part: string): string =>
      `[[rules]]\nid = "acme"\nregex = '''\\b(acme_[0-9a-f]{32})\\b'''\nkeywords = ["acme_"]\nlive = { url = "https://acme.com/", basic = "{{part.${part}}}:{{value}}", valid = [200] }\n`;
    const built = (part: string): unknown => compileBuiltin([{ name: "acme.toml", text: rule(part) }]).notes;
    expect(built("acme")).toMatchObject({ acme: { live: { basic: "{{part.acme}}:{{value}}" } } });
    expect(() => built("acme-id")).toThrow(/rule acme: live: rule acme-id does not exist/);
  });
});

describe("the built-in rules", () => {
  const folder = new URL("../../patterns/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".toml"));
  const rules = names.flatMap((name) => readPatternFile(readFileSync(new URL(name, folder), "utf8"), name).rules);

  test("each say how a value can be checked, or why not", () => {
    const silent = rules.filter(({ live, liveNone }) => live === undefined && liveNone === undefined);
    expect(silent.map(({ id }) => id)).toEqual([]);
    expect(rules.filter(({ live }) => live !== undefined).length).toBeGreaterThanOrEqual(1_100);
  });

  test("say it in a form that people can read", () => {
    for (const rule of rules) {
      const lines = [...liveLines(rule)];
      if (rule.live === undefined) expect(lines, rule.id).toHaveLength(1);
      else {
        expect(lines[0], rule.id).toMatch(/^(?:GET|POST|PUT|HEAD) https:\/\//);
        expect(lines.at(-1), rule.id).toMatch(/^(?:in)?valid: [1-5][0-9][0-9]/);
      }
    }
  });
});
