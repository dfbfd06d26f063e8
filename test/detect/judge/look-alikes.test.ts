import { describe, expect, it } from "vitest";
import { judge } from "../../../src/detect/judge/index.ts";
import type { Rule } from "../../../src/model/rule.ts";
import { candidate, drawer } from "./candidates.ts";

const draw = drawer(7);
const isReported = (line: string, fields: Partial<Rule>): boolean =>
  judge(candidate(line, fields), { honourInlineAllow: true }).suppressed === undefined;

const account: Partial<Rule> = { kind: "context", tags: ["password", "account"] };
const password: Partial<Rule> = { tags: ["password"] };
const context: Partial<Rule> = { kind: "context" };

describe("words beside an account", () => {
  it("are believed where nothing follows", () => {
    expect(isReported("‹set password «marigold»", account)).toBe(true);
    expect(isReported("    'admin ‹password' => '«marigold»',", password)).toBe(true);
  });

  it.each([
    ["the middle of a sentence", "// ‹Set password «against» the spreadsheet file", account],
    ["the end of a sentence", "‹Use `htpasswd -nB NAME` to «generate.» ", account],
    ["a name of a kind", "  ‹user: password\nserviceType: «ClusterIP»", account],
    ["a message and its key", "    'This is a very common ‹password' => '«common»',", password],
    ["the name of a constant", '"‹forgotPassword":"«CONTROL_FORGOT_PASSWORD_API_V2_OFF»"', password],
    ["the name of a function", "‹generateKey($password, '«Argon2id»', 8192)", password],
  ])("are none in %s", (_name, line, fields) => {
    expect(isReported(line, fields)).toBe(false);
  });
});

describe("shapes near a telling word", () => {
  it("are cut out of a line of wrapped base64 where they touch its other letters", () => {
    const value = draw("base62", 31);
    expect(isReported(`‹wpe «${value}»\n`, context)).toBe(true);
    expect(isReported(` o/yw4Z${draw("base62", 5)}‹wPe+«${value}»`, context)).toBe(true);
    expect(isReported(`https://host.net/o/yw4Z/${draw("base62", 16)}/‹wpe/«${value}»`, context)).toBe(true);
    expect(isReported(` o/yw4Z${draw("base62", 19)}‹wPe+«${value}»`, context)).toBe(false);
  });

  it("are fingerprints where the match says so", () => {
    const value = draw("hex", 40).toUpperCase();
    expect(isReported(`- ‹name: BILLING_KEY\n  value: «${value}»\n`, context)).toBe(true);
    expect(isReported(`- ‹name: GPG_KEY\n  value: «${value}»\n`, context)).toBe(false);
  });
});

it("believes a UUID behind the text of a token", () => {
  expect(isReported('‹tokenString = "«0f8fad5b-d9cb-469f-a165-70867728950e»"', {})).toBe(true);
  expect(isReported('‹tokenSetting = "«0f8fad5b-d9cb-469f-a165-70867728950e»"', {})).toBe(false);
});
