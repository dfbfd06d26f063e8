import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { checkNames, runCheck } from "../../../src/detect/checks/index.ts";
import { crc16 } from "../../../src/detect/checks/crc16.ts";
import { generateToken } from "../../../src/rules/generators.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { marvin32 } from "../../../src/detect/checks/marvin32.ts";

/** Synthetic values in pieces: joined only here, so that no complete token stands in a file. `strict`: a broken checksum drops the value. */
const vectors: readonly { check: string; pieces: readonly string[]; strict: boolean; facts?: readonly string[] }[] = [
  { check: "github-crc32", pieces: ["ghp_", "yLL1chHhcAMDgmQf9CvmhUzQu2Ynr6", "1nUoLR"], strict: true },
  { check: "github-crc32", pieces: ["ghp_", "3Y3sOZUCM0TL2jJMrVRjlLObjGPIv7", "00hpVJ"], strict: true },
  {
    check: "github-crc32",
    pieces: ["ghr_", "GTCKTt8PcEeqUyT2oQ7R5SMJtt2ZzwjkoGNG8N73FKMwMnGqRHYaWCKBMSS2oBRqjPbc9T", "0ppJlO"],
    strict: true,
  },
  { check: "npm-crc32", pieces: ["npm_", "FNJk0NqhKs6SHRZo7lPSsojLQe0KT4", "2ekcbx"], strict: true },
  {
    check: "vercel-crc32",
    pieces: ["vcp_", "bYiJ7i49LaaFDaA7CT8tCAe8t6X1fBC7nb1gw7dDeViLl1MU02", "2a61A1"],
    strict: false,
  },
  { check: "polar-crc32", pieces: ["polar_oat_", "5zZPppPxs8rQBPlpUUDMpUJsJpoXptu1dgwjs", "2o9eT9"], strict: true },
  {
    check: "salad-crc32",
    pieces: ["salad_cloud_user_demo1_", "wXr2xjhlItVgAQux1uONsxGDrkhPiauCj6s4JO96", "4BM7p7"],
    strict: false,
  },
  {
    check: "crc32-base62",
    pieces: ["salad_cloud_user_demo1_", "wXr2xjhlItVgAQux1uONsxGDrkhPiauCj6s4JO96", "4BM7p7"],
    strict: false,
  },
  { check: "deno-crc32", pieces: ["ddp_", "x6Y2HAP2gj8O55x3NT7Zowz44FVKVA", "0K8g3j"], strict: false },
  {
    check: "wandb-crc32",
    pieces: ["wandb_v1_", "FR4YWt7nQatzFc4ENhtr8iDmGzQtypeZxS3wWSMcqzqJ0OD9euXl4GQcF1ALLdjvq97V4F2", "0usTwC"],
    strict: false,
  },
  { check: "apify-crc32", pieces: ["apify_api_", "FymNL882OmxMp68B9fDjQZJNqzt8Bh", "3SEZwv"], strict: false },
  {
    check: "cloudflare-crc32",
    pieces: ["cfut_", "xxexYX80fcTbjPhUVT57DsgAKK1vm2wGWS4V3z5b", "6cbcab55"],
    strict: false,
  },
  {
    check: "packagist-crc32",
    pieces: ["packagist_ort_", "28043082391281c8c8ab0b1696dfd5aae51db3a5aee40f4eb90900187d7c", "80c05d9c"],
    strict: false,
  },
  { check: "canva-crc32", pieces: ["cnvca", "yopy_BJgPej2CHdibvOfOW0mwAaB9Lq6UciI7x7YH4W", "dc9912e9"], strict: false },
  {
    check: "atlassian-crc32",
    pieces: ["ATATT", "3xFfGF0ca2AmRTJuYTPTR4a9tTDSQjtqS1jEOkEZZqIvGrY=", "8697E965"],
    strict: false,
  },
  {
    check: "atlassian-crc32",
    pieces: ["ATATT", "3xFfGF0ca2AmRTJuYTPTR4a9tTDSQjtqS1jEOkEZZqIvGrY%3D", "8697E965"],
    strict: false,
  },
  { check: "atlassian-crc32", pieces: ["ATBB", "sdoQPZQLn0ym3dNxlGhTCXiw", "A690A9FB"], strict: false },
  {
    check: "confluent-crc32",
    pieces: ["cflt", "kLZ9dLS+zxRFFkqwOIrjXJcWMNGyQjet1RR9a63W4P9/MURTEnQrW+", "PzQULg"],
    strict: false,
  },
  { check: "zuplo-crc32", pieces: ["zpka_", "b88yx4id2k8dgakvwwwyr8l79cae9mev", "_", "163425d5"], strict: true },
  { check: "grafana-crc32", pieces: ["glsa_", "goQjIPxh03MkA9PunLGSJPzhrEZCVnHJ", "_", "1ec00bd1"], strict: true },
  {
    check: "gitlab-routable",
    pieces: ["glpat-", "bzoxCnU6MnOdltnVsa3dfn5hGaI7HltfEA", ".01.0y", "1fp3z9k"],
    strict: true,
    facts: ["organization 1", "user 100"],
  },
  {
    check: "gitlab-routable",
    pieces: ["glpat-", "bzoxCnU6MnOdltnVsa3dfn5hGaI7HltfEA", ".0y", "0jmk778"],
    strict: true,
    facts: ["organization 1", "user 100"],
  },
  {
    check: "github-fine-grained",
    pieces: [
      "github_pat_",
      "11AAJNNBY0UvmxAAeZycpE",
      "_X5nuxiBgTk2yJmbkQ84C858jc2YUlhJSKFcHYxWQGxD",
      "TUBJL7LH",
      "MOlxkG8w",
    ],
    strict: false,
    facts: ["owner id 1234567"],
  },
  {
    check: "azure-marvin",
    pieces: ["nM+pDhU3GGXshlPcfsbr83aOTFVzreO2UQGbGHYBgYDrgCEsnVcTiMlkqPsARtX2Ar/oaM2hgIt8", "+ASt", "zKZ5Xg=="],
    strict: true,
    facts: ["Azure storage account key"],
  },
  {
    check: "azure-marvin",
    pieces: ["DMrfcp4lGPirfrrDhE7P/W4JqO0sPGsulnOJ3EVn4EU7/z5b15rcyu1oNxfM2Epocwl/JwuY4r+U", "ACDb", "tL9Xpw=="],
    strict: true,
    facts: ["Azure Cosmos DB key, read-write master"],
  },
  {
    check: "azure-marvin",
    pieces: ["hz9HmyU-ZYOgi5m7NlQwecMxAE3Znayy1VPWn7h3qJkn", "AzFu", "A_B7TQ=="],
    strict: true,
    facts: ["Azure Function app key, host (master)"],
  },
  {
    check: "azure-marvin",
    pieces: ["UhDMfYlW3xkv3UH1pfnPwHznyUhaTYbXISgsCE56ll", "AzSe", "DzQbCq"],
    strict: true,
    facts: ["Azure AI Search key, admin"],
  },
  { check: "azure-marvin", pieces: ["cP+EiJssxoaxT2tESizNOPVMy+YWMNAcS", "AzCa", "DEpEDA="], strict: true },
  {
    check: "azure-marvin",
    pieces: ["HHBpGaCwTChCkbLDekCnl9PY6bkxiQtHb", "+ASb", "FllK8Q="],
    strict: true,
    facts: ["Azure Service Bus key, manage"],
  },
  { check: "azure-marvin", pieces: ["hSttHpcVdY2TyYShRCdRuMtIb3FSFVXaFPDxKSPala", "+ACR", "CV1KPi"], strict: true },
  {
    check: "azure-annotated",
    pieces: [
      "EhxuqTu9thyTFhOrMVyRFLYenJ3XuG6LuTeUXvFgO8ivc0u63qhE",
      "JQQJ99",
      "BF",
      "AAAAAAAAAAAA",
      "AAAB",
      "ACOG",
      "3hJJ",
    ],
    strict: true,
    facts: ["issued 2025-06", "Azure AI services"],
  },
  { check: "entra-secret", pieces: ["79N", "8Q~", "E0BtiasmV9i7IWSeO2dxKs20Njt6Xd4", "cic"], strict: false },
  {
    check: "azdo-pat",
    pieces: ["hlauhwftuzutx5e7asss2gnkum", "4xnxjy7dogud53o276tqkddypa"],
    strict: false,
    facts: ["user token"],
  },
  {
    check: "nats-crc16",
    pieces: ["SUAFRMUZHMFDMAOTG7TZRKBMLAU2F", "EPSI57JBGT5IUAX4M3WLMYADTKU2Q"],
    strict: true,
    facts: ["nkey seed of a user"],
  },
  { check: "stellar-crc16", pieces: ["SCBFMQCOIEBVLTUZ56LKZLS72YAY", "VL2WPQYINE6G7IDRYATPMFRZIZNP"], strict: true },
  {
    check: "bech32",
    pieces: ["AGE-SECRET-KEY-1", "PQVHYZTNJ27L9SXZ0K02HJDQEMT2WUF06DR9SYL3ZK7T7N52A7KS", "70ZPQT"],
    strict: true,
  },
  { check: "bech32", pieces: ["nsec125l8pmdg8tg04vhsgruk56j3ad3th9hw89td3dgp7xn08y2qqylq", "p0ewpn"], strict: true },
  {
    check: "base58check",
    pieces: ["L3uEdauvUwZJwLmRkRS17oRN2A", "nhMwgTnj2TdDf7DoTuDYuwshnx"],
    strict: true,
    facts: ["Bitcoin private key (WIF)"],
  },
  {
    check: "base58check",
    pieces: [
      "xprv9s21ZrQH143K2bAfr1rHgv55jkNELBq8Q7ouSACGYmTAKqKaAne",
      "9xfavigSTKaAuoGyVfDUxZ8WoGmUSUA9drFzNXqyzB43roiRBEfwqWbw",
    ],
    strict: true,
    facts: ["extended private key (xprv)"],
  },
  { check: "base58check", pieces: ["spt5pKQMhdmbhD", "ETSTSdWk9wsNNQm"], strict: true, facts: ["XRP ledger seed"] },
];

/** Another character of the same kind, so that the shape still fits. */
function spoil(text: string, start: number): string {
  let at = start;
  while (!/[0-9A-Za-z]/.test(text[at] ?? "a")) at++;
  const old = text[at] ?? "";
  const other = /\d/.test(old)
    ? old === "5"
      ? "6"
      : "5"
    : /[a-f]/.test(old)
      ? old === "c"
        ? "e"
        : "c"
      : /[A-Z]/.test(old)
        ? old === "K"
          ? "L"
          : "K"
        : old === "k"
          ? "m"
          : "k";
  return text.slice(0, at) + other + text.slice(at + 1);
}

describe("checksums", () => {
  it.each(vectors.map((vector) => [vector.check, vector.pieces.join(""), vector] as const))(
    "%s proves a genuine value",
    (check, value, vector) => {
      const result = runCheck(check, value);
      expect(result.status).toBe("valid");
      expect(result.facts).toEqual(expect.arrayContaining([...(vector.facts ?? [])]));
    },
  );

  it.each(vectors.map((vector) => [vector.check, vector.pieces.join(""), vector] as const))(
    "%s refuses a changed value",
    (check, value, vector) => {
      // In the middle of the longest piece, the body: every check covers it, and it holds no signature.
      const body = vector.pieces.reduce((longest, piece) => (piece.length > longest.length ? piece : longest));
      const at = value.indexOf(body.slice(0, 10)) + (body.length >> 1);
      const broken = spoil(value, at);
      expect(broken).not.toBe(value);
      const result = runCheck(check, broken);
      expect(result.status).toBe("invalid");
      expect(result.lower ?? false).toBe(!vector.strict);
    },
  );

  it("names forms without a checksum unknown", () => {
    const random = "a7Gk".repeat(5);
    expect(runCheck("gitlab-routable", `glpat-${random}`).status).toBe("unknown");
    expect(runCheck("github-crc32", `ghs_123456_${random}.${random}.${random}`).status).toBe("unknown");
    expect(runCheck("azure-marvin", Buffer.alloc(64, 7).toString("base64")).status).toBe("unknown");
    expect(runCheck("no-such-check", "value")).toEqual({ status: "unknown", facts: [] });
  });

  it("reads an account number out of AWS key ids", () => {
    expect(runCheck("aws-akid", ["AKIA", "RZPUZDIKABX7XPQS"].join("")).facts).toEqual(["account 123456789012"]);
    expect(runCheck("aws-akid", ["AKIA", "QAAAAAAAQBX7XPQS"].join("")).facts).toEqual(["account 000000000001"]);
    expect(runCheck("aws-akid", ["AKIA", "IOSFODNN7KBX7XPQ"].join("")).facts).toEqual([]);
  });

  it("reads what ngrok and Stripe put into their keys", () => {
    // 2023-01-01 is 272,531,200 seconds behind the epoch of KSUIDs.
    const number = (272_531_200n << 128n) + 12_345n;
    const base62 = (value: bigint): string =>
      value === 0n
        ? ""
        : base62(value / 62n) + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[Number(value % 62n)]!;
    expect(runCheck("ngrok-ksuid", `${base62(number).padStart(27, "0")}_${"aB3".repeat(7)}`).facts).toEqual([
      "made 2023-01-01",
    ]);
    expect(runCheck("ngrok-ksuid", `${"z".repeat(27)}_${"aB3".repeat(7)}`)).toMatchObject({
      status: "invalid",
      lower: true,
    });
    const account = "1HkTz2Lq0PvWmXyA";
    expect(runCheck("stripe-account", `sk_live_5${account}${"aB3d".repeat(20)}`).facts).toEqual([
      `account acct_${account}`,
    ]);
    expect(runCheck("stripe-account", `sk_live_${"51aB".repeat(6)}`).facts).toEqual([]);
  });

  it("reads the caveats of Fly.io's macaroons", () => {
    const token = generateToken("fly-macaroon", createRandom(1)) ?? "";
    expect(runCheck("fly-macaroon", `${token},${token}`)).toMatchObject({ status: "valid" });
    expect(runCheck("fly-macaroon", token).facts.join()).toMatch(/^organization id \d+,expires 20\d\d-\d\d-\d\d$/);
    expect(runCheck("fly-macaroon", `${token},fm2_AAAA`)).toMatchObject({ status: "invalid", lower: true });
    expect(runCheck("fly-macaroon", `fm2_${Buffer.alloc(3000, 0x91).toString("base64")}`).status).toBe("invalid");
  });

  it("computes the published check values", () => {
    expect(crc16(Buffer.from("123456789"))).toBe(0x31c3);
    expect(marvin32(new Uint8Array(), "Default0")).toBe(0xcfd9b134);
    expect(marvin32(Buffer.from("abc"), "Default0")).toBe(0x1a4c888e);
    expect(marvin32(Buffer.from("Synthetic test data!"), "Default0")).toBe(0xd77be8d7);
  });

  it("answers whatever it is given", () => {
    const pieces = vectors.map((vector) => vector.pieces.join(""));
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(fc.constantFrom(...pieces), fc.nat(40), fc.string())
        .map(([text, cut, tail]) => text.slice(0, -cut) + tail),
    );
    fc.assert(
      fc.property(fc.constantFrom(...checkNames), hostile, (name, value) => {
        expect(["valid", "invalid", "unknown"]).toContain(runCheck(name, value).status);
      }),
      { numRuns: 3000 },
    );
  });
});
