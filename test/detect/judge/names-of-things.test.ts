import { describe, expect, it } from "vitest";
import { judge } from "../../../src/detect/judge/index.ts";
import type { Rule } from "../../../src/model/rule.ts";
import { candidate, drawer } from "./candidates.ts";

const draw = drawer(11);
const isReported = (line: string, fields: Partial<Rule>): boolean =>
  judge(candidate(line, fields), { honourInlineAllow: true }).suppressed === undefined;

const context: Partial<Rule> = { kind: "context" };
const manifest: Partial<Rule> = { kind: "context", tags: ["manifest"] };
const password: Partial<Rule> = { tags: ["password"] };
const users: Partial<Rule> = { tags: ["password", "users"] };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

it("the time of a commit is no secret of the service that its author's mail is at", () => {
  expect(isReported("author anna <anna@‹naver.com> «1685580076» +0900", context)).toBe(false);
  expect(isReported(`author anna <anna@‹naver.com> «${draw("base62", 10)}» +0900`, context)).toBe(true);
});

describe("what an entry of a manifest says in clear, and its name, tell whether it is a secret", () => {
  it.each([
    ["a password", "password", base64(draw("base62", 12))],
    ["a word as a password", "db-password", base64("marigold")],
    ["a drawn value under any name", "billing", base64(draw("base62", 24))],
    ["bytes", "keystore", Buffer.from(`${draw("hex", 60)}`, "hex").toString("base64")],
  ])("%s", (_name, name, value) => {
    expect(isReported(`  ‹${name}: «${value}»\n`, manifest)).toBe(true);
  });

  it.each([
    ["the name of a database", "database", base64("billing-4711-reports")],
    ["a host", "redis-host", base64("redis.billing.svc.cluster.local")],
    ["a word under any name", "mode", base64("information")],
    ["a file", "app.conf", base64(`listen 80\ntoken ${draw("base62", 24)}\n`)],
    ["a comment", "# get it with", "kubectl get secret billing"],
    ["a certificate", "tls.crt", base64(draw("base62", 64))],
  ])("and not %s", (_name, name, value) => {
    expect(isReported(`  ‹${name}: «${value}»\n`, manifest)).toBe(false);
  });
});

it("what CI keeps is named by a hash; keys of services begin with one word", () => {
  expect(isReported(`  ‹key: «cargo-${draw("hex", 40)}»\n`, {})).toBe(false);
  expect(isReported(`  ‹key: «linux-cargo-registry-${draw("base62", 24)}»\n`, {})).toBe(false);
  expect(isReported(`  ‹key: «key-${draw("base62", 32)}»\n`, {})).toBe(true);
});

it("an address that money is sent to is public, as its checksum proves", () => {
  // The address that the first block of Bitcoin pays to.
  const address = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
  expect(isReported(`client = Api‹Client(key="«${address}»")`, {})).toBe(false);
  expect(isReported(`client = Api‹Client(key="«${draw("base62", 34)}»")`, {})).toBe(true);
});

it("a setting in the line below a heading has a name of its own", () => {
  const value = draw("hex", 32);
  expect(isReported(`# Rest ‹Api key\n«kakao.client-id=${value}»\n`, {})).toBe(false);
  expect(isReported(`# Rest ‹Api key\n«${value}»\n`, {})).toBe(true);
});

it("of what is said of users only what is drawn, or made for a policy, is a password", () => {
  expect(isReported(`  "‹anna": "«${draw("base62", 12)}»",\n`, users)).toBe(true);
  expect(isReported('  "‹anna": "«Marigold-2041!»",\n', users)).toBe(true);
  expect(isReported('  "‹anna": "«editor2041»",\n', users)).toBe(false);
});

it("of a path of names only the last one can be the verb of a function", () => {
  const value = draw("hex", 40);
  expect(isReported(`ParseClientConfiguration.client‹Key = "«${value}»"`, {})).toBe(true);
  expect(isReported(`configuration.parseClient‹Key = "«${value}»"`, {})).toBe(false);
});

it("elements of a page have keys, and a session of TLS has one", () => {
  const value = draw("hex", 40);
  expect(isReported(`h)("div",{‹key:"«${value}»",class:"a"}`, context)).toBe(false);
  expect(isReported(`h)("div",{class:"a b",‹key:"«${value}»"}`, {})).toBe(false);
  expect(isReported(`mount)("maps",{api‹Key:"«${value}»"}`, context)).toBe(true);
  expect(isReported(`    ‹Master-Key: «${draw("hex", 96).toUpperCase()}»\n`, {})).toBe(false);
  expect(isReported(`    ‹Master-Key: «${draw("hex", 64)}»\n`, {})).toBe(true);
});

it("a sentence may end with more than one sign, and a text may hold a variable of PHP", () => {
  expect(isReported('message: "‹Password is «Updated!!!»"', password)).toBe(false);
  expect(isReported('‹password = "«Sunset!!!»"', password)).toBe(true);
  expect(isReported('$‹pass = get( "«input_{$trap_id}»" )', password)).toBe(false);
});
