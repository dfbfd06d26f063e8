import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { builtinRuleset, detectorOf } from "../rules-for-tests.ts";
import { runCheck } from "../../../src/detect/checks/index.ts";
import { bip39Index } from "../../../src/detect/checks/bip39-words.ts";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(header: object, payload: object): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac("sha256", "k").update(signed).digest("base64url")}`;
}

describe("jwt", () => {
  const ends = Date.UTC(2027, 0, 2) / 1000;

  it("tells issuer and expiry, and calls nothing expired without a clock", () => {
    const value = token({ alg: "HS256" }, { iss: "https://login.acme.dev", exp: ends });
    expect(runCheck("jwt", value)).toEqual({
      status: "valid",
      facts: ["issuer https://login.acme.dev", "expires 2027-01-02"],
    });
    expect(runCheck("jwt", value, { now: Date.UTC(2028, 0, 1) })).toMatchObject({
      facts: expect.arrayContaining(["expired 2027-01-02"]),
      lower: true,
    });
    expect(runCheck("jwt", value, { now: Date.UTC(2026, 0, 1) }).lower).toBeUndefined();
  });

  it("tells the sessions of visitors who are not logged in, and nobody is told of them", () => {
    const guest = token({ alg: "HS256", typ: "JWT" }, { user_info: { anonymous: true }, exp: ends });
    const member = token(
      { alg: "HS256", typ: "JWT" },
      { user_info: { anonymous: false, email: "eli@corp.io" }, exp: ends },
    );
    expect(runCheck("jwt", guest).facts).toContain("given to a visitor who is not logged in");
    const found = detectorOf(builtinRuleset()).scan(Buffer.from(`a=${guest}\nb=${member}\n`)).detections;
    expect(found.map(({ secret }) => secret)).toEqual([member]);
  });

  it("refuses what is no token, and lowers unsigned and encrypted ones", () => {
    expect(runCheck("jwt", `${encode({ foo: 1 })}.${encode({})}.x`).status).toBe("invalid");
    expect(runCheck("jwt", `${encode({ alg: "none" })}.${encode({})}.`)).toMatchObject({
      status: "invalid",
      lower: true,
    });
    expect(runCheck("jwt", `${encode({ alg: "dir", enc: "A256GCM" })}.a.b.c.d`)).toMatchObject({
      status: "valid",
      lower: true,
    });
  });

  it("leaves open what has the form and cannot be read, and refuses written parts", () => {
    const drawn = "eyJ4Kp2vWq9ZtR7sLm3XcB8nYhG5dFa1".repeat(2);
    const header = encode({ alg: "HS256" });
    for (const value of [`${header}.${drawn}.${drawn}`, `${drawn}.${drawn}.${drawn}`])
      expect(runCheck("jwt", value)).toMatchObject({ status: "unknown", lower: true });
    for (const value of [
      `${header}.${drawn.slice(2)}.${drawn}`,
      `${header}.eyJpayload-of-the-token.${drawn}`,
      `${header}.${drawn}.sig`,
    ])
      expect(runCheck("jwt", value).status).toBe("invalid");
  });

  it("makes text from inside safe to show", () => {
    const { facts } = runCheck("jwt", token({ alg: "HS256" }, { iss: `\u001b[31m${"x".repeat(500)}` }));
    expect(facts[0]).toMatch(/^issuer [\x20-\x7e]{1,96}$/);
  });
});

describe("tokens with a readable body", () => {
  it("names who a token belongs to", () => {
    const sentry = `sntrys_${Buffer.from(JSON.stringify({ iat: 1_700_000_000, url: "https://sentry.io", region_url: "https://us.sentry.io", org: "acme" })).toString("base64")}_${"aB3d".repeat(10)}xyz`;
    expect(runCheck("sentry-json", sentry)).toEqual({
      status: "valid",
      facts: ["organization acme", "region https://us.sentry.io", "issued 2023-11-14"],
    });
    expect(runCheck("sentry-json", sentry.replace("sntrys_", "sntrys_AAAA")).status).toBe("invalid");
    const grafana = `glc_${encode({ o: "1", n: "synthetic", k: "AAAA", m: { r: "us" } })}`;
    expect(runCheck("grafana-json", grafana)).toEqual({
      status: "valid",
      facts: ["organization id 1", "token name synthetic", "region us"],
    });
    const onePassword = `ops_${encode({ signInAddress: "acme.1password.com", email: "bot@acme.dev", secretKey: "A3" })}`;
    expect(runCheck("onepassword-json", onePassword)).toEqual({
      status: "valid",
      facts: ["sign-in address acme.1password.com", "account bot@acme.dev"],
    });
    expect(runCheck("discord-id", `${Buffer.from("987612345098761234").toString("base64url")}.a.b`)).toEqual({
      status: "valid",
      facts: ["bot id 987612345098761234", "created 2022-06-18"],
    });
    expect(runCheck("discord-id", `${Buffer.from("not a number").toString("base64url")}.a.b`).status).toBe("invalid");
  });

  it("reads the macaroon of a package index token", () => {
    const value = [
      "pypi-",
      "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMAACK1szLCAiMDAw",
      "MDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIl0AAAYgzYim-xQjfBZeiwcT1kpz6opLsk47jhcbzox_UwenSO0",
    ].join("");
    const result = runCheck("pypi-macaroon", value);
    expect(result.status).toBe("valid");
    expect(result.facts).toEqual(
      expect.arrayContaining(["token id 00000000-0000-4000-8000-000000000000", "restricted by 1 caveats"]),
    );
    expect(runCheck("pypi-macaroon", value.replace("AgEI", "BgEI")).status).toBe("invalid");
    expect(runCheck("pypi-macaroon", value.slice(0, -40)).lower).toBe(true);
  });
});

describe("bip39", () => {
  const words = [...bip39Index.keys()];

  it("knows 2048 words", () => {
    expect(words.length).toBe(2048);
    expect([words[0], words[3], words[2047]]).toEqual(["aban", "abou", "zoo"]);
  });

  it("accepts exactly the phrases whose checksum fits", () => {
    const eleven = Array.from({ length: 11 }, () => words[randomBytes(2).readUInt16BE() % 2048] ?? "");
    // Phrases are made of 3 or more letters a word; prefixes stand for whole words here.
    const accepted = words.filter((word) => runCheck("bip39", [...eleven, word].join(" ")).status === "valid");
    // 4 checksum bits: one of 16 last words fits.
    expect(accepted.length).toBe(128);
  });

  it("refuses other words, and the published vectors", () => {
    expect(runCheck("bip39", `${"aban ".repeat(11)}abou`)).toEqual({
      status: "invalid",
      facts: ["published test vector"],
    });
    expect(runCheck("bip39", "the quick brown fox jumps over the lazy dog and runs away").status).toBe("invalid");
    expect(runCheck("bip39", "zoo zoo zoo").status).toBe("unknown");
  });
});
