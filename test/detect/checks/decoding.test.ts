import { createCipheriv, createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { runCheck } from "../../../src/detect/checks/index.ts";

const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signature = "s".repeat(22);

describe("tokens that decode", () => {
  it.each([
    ["atlassian-dc", "MTIzNDU2Nzg5MDEyOh4yhH" + "dp3EoViABKHf3xAEFAejSU", "token id 123456789012"],
    ["atlassian-dc", "BBDC-" + "MTIzNDU2Nzg5MDEyOh4yhH" + "dp3EoViABKHf3xAEFAejSU", "token id 123456789012"],
    ["jfrog-reference", "cmVmdGtuOjAxOjE4MDAwMDAwMDA6b1gx" + "SFc4aDJZbnNqZHRXSnRPcTBlVE9KTFJz", "expires 2027-01-15"],
    ["jfrog-reference", base64(`reftkn:01:0000000000:${"r".repeat(28)}`), "never expires"],
    ["mapbox-json", `sk.${json({ u: "acme", a: "cj" })}.${signature}`, "account acme"],
    ["tinybird-json", `p.${json({ u: "w-1", id: "t-1", host: "eu" })}.${signature}`, "workspace w-1"],
    ["cloudflare-tunnel", base64(JSON.stringify({ a: "acc", t: "tun", s: "x" })), "tunnel tun"],
    ["workos-id", `sk_live_${base64(`key_01HZZZZZZZ${"A".repeat(16)},body`)}`, "made 2024-06-"],
    ["bedrock-long", `ABSK${base64("BedrockAPIKey-ab12-at-123456789012:body")}`, "account 123456789012"],
    [
      "bedrock-short",
      `bedrock-api-key-${base64("h/?X-Amz-Credential=AKIDAKIDAKIDAKIDAKID%2F20260101%2Feu-west-1%2F&X-Amz-Date=20260101T000000Z&X-Amz-Expires=86400&X-Amz-Signature=0")}`,
      "expires 2026-01-02",
    ],
    ["telegram-id", `123456789:AA${"b".repeat(33)}`, "bot id 123456789"],
    ["postman-time", `PMAK-${(1_700_000_000).toString(16)}${"0".repeat(16)}-${"1".repeat(34)}`, "made 2023-11-14"],
    ["upcloud-ulid", `ucat_01HZZZZZZZ${"A".repeat(16)}`, "made 2024-06-"],
    ["sas-query", "sv=2022-11-02&sp=rl&se=2031-01-01T00:00:00Z&sig=x", "expires 2031-01-01"],
    ["cask", `${"k".repeat(44)}QJJQABAATESTAABCDEFG`, "provider TEST"],
    ["intercom-tok", base64("tok:0011_22_33:1:0"), undefined],
  ])("%s reads what is inside", (check, secret, fact) => {
    const result = runCheck(check, secret);
    expect(result.status).not.toBe("invalid");
    if (fact !== undefined) expect(result.facts.join("; ")).toContain(fact);
  });

  it.each([
    "atlassian-dc",
    "jfrog-reference",
    "mapbox-json",
    "tinybird-json",
    "cloudflare-tunnel",
    "bedrock-long",
    "cask",
  ])("%s doubts what does not decode", (check) => {
    expect(runCheck(check, "a.b.c".repeat(10))).toMatchObject({ status: "invalid", lower: true });
  });

  it("names an OpenShift token as its cluster does", () => {
    const [fact = ""] = runCheck("openshift-name", `sha256~${"a".repeat(43)}`).facts;
    expect(fact).toMatch(/^object name sha256~[\w-]{43}$/);
  });

  it("tells a JWT that anybody can sign", () => {
    const head = `${json({ alg: "HS256" })}.${json({ iss: "svc" })}`;
    const signed = (secret: string) => `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
    expect(runCheck("jwt", signed("changeme")).facts).toContain("signed with a published sample secret");
    expect(runCheck("jwt", signed("k8!fQ2-drawn")).facts).not.toContain("signed with a published sample secret");
  });
});

describe("bare keys", () => {
  it("gives the public half of a WireGuard key", () => {
    const { privateKey, publicKey } = generateKeyPairSync("x25519");
    const key = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
    key[0] = (key[0] ?? 0) & 0xf8;
    key[31] = ((key[31] ?? 0) & 0x7f) | 0x40;
    const expected = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
    expect(runCheck("wireguard-clamp", key.toString("base64")).facts).toEqual([`public key ${expected}`]);
  });

  it("proves a Solana key pair by its public half", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pair = [
      ...privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32),
      ...publicKey.export({ type: "spki", format: "der" }).subarray(-32),
    ];
    expect(runCheck("solana-pair", JSON.stringify(pair)).status).toBe("valid");
    pair[40] = (pair[40] ?? 0) ^ 1;
    expect(runCheck("solana-pair", JSON.stringify(pair))).toMatchObject({ status: "invalid", lower: true });
  });

  it("knows which numbers are no secp256k1 keys", () => {
    expect(runCheck("secp256k1-range", `0x${"f".repeat(64)}`).status).toBe("invalid");
    expect(runCheck("secp256k1-range", `0x${"0".repeat(63)}1`).status).toBe("invalid");
    expect(runCheck("secp256k1-range", `0x${"7".repeat(64)}`).status).toBe("unknown");
  });

  it("takes Cisco's type 7 off", () => {
    expect(runCheck("cisco-type7", "0822455D0A16").facts).toContain("5 characters");
    expect(runCheck("cisco-type7", "08FFFFFFFFFF").status).toBe("invalid");
  });

  it("takes WebSphere's XOR off, and refuses what hides no text", () => {
    const hidden = Buffer.from("Sommer24", "latin1").map((byte) => byte ^ 0x5f);
    const ask = (bytes: Uint8Array): string => {
      const value = Buffer.from(bytes).toString("base64");
      return runCheck("websphere-xor", value, { match: `password="{xor}${value}"` }).status;
    };
    expect(ask(hidden)).toBe("valid");
    expect(ask(Buffer.alloc(9, 0xe3))).toBe("invalid");
  });

  it("names the user of Basic authorization, and refuses what has no password", () => {
    const encode = (text: string): string => Buffer.from(text).toString("base64");
    expect(runCheck("basic-auth", encode("deploy:Sommer24")).facts.join()).toContain("deploy");
    expect(runCheck("basic-auth", encode("deploy:")).status).toBe("invalid");
    expect(runCheck("basic-auth", encode("deploy")).status).toBe("invalid");
  });

  it("doubts a group policy password that the published key does not open", () => {
    expect(runCheck("gpp-cpassword", "A".repeat(44)).status).toBe("invalid");
    // MS-GPPREF 2.2.1.1.4.
    const key = Buffer.from("4e9906e8fcb66cc9faf49310620ffee8f496e806cc057990209b09a433b66c1b", "hex");
    const cipher = createCipheriv("aes-256-cbc", key, Buffer.alloc(16));
    const sealed = Buffer.concat([cipher.update(Buffer.from("Sommer24", "utf16le")), cipher.final()]).toString(
      "base64",
    );
    expect(runCheck("gpp-cpassword", sealed).facts).toEqual(["encrypted with a published key", "8 characters"]);
  });
});
