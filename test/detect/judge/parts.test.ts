import { describe, expect, it } from "vitest";
import { countingShare, isDegenerate } from "../../../src/detect/judge/degenerate.ts";
import { isSealed } from "../../../src/detect/judge/encrypted.ts";
import { judgeKeyName } from "../../../src/detect/judge/key-names.ts";
import { isMasked } from "../../../src/detect/judge/masked.ts";
import { looksRandom } from "../../../src/detect/judge/random-value.ts";
import { rarity } from "../../../src/detect/judge/rarity.ts";
import { isReference } from "../../../src/detect/judge/references.ts";
import { hasOtherMeaning, isLabelledDigest, isPathShaped } from "../../../src/detect/judge/shapes.ts";
import { leadsNowhere } from "../../../src/detect/judge/url-host.ts";
import { splitWords } from "../../../src/detect/judge/words.ts";
import { drawer } from "./candidates.ts";

const draw = drawer(2);

describe("rarity", () => {
  it("puts names below zero and random text far above", () => {
    for (const name of [
      "getElementsByTagName",
      "max_connections_per_host",
      "application/json",
      "kubernetes.io/metadata.name",
      "RefreshTokenHandler",
    ]) {
      expect(rarity(name), name).toBeLessThan(0);
      expect(looksRandom(name, 1), name).toBe(false);
    }
    expect(rarity(draw("base62", 32))).toBeGreaterThan(50);
    expect(rarity(draw("base36", 24))).toBeGreaterThan(25);
  });

  it("does not take numbers and short hex for random values", () => {
    expect(looksRandom("20240131120000123", 1)).toBe(false);
    expect(looksRandom(draw("hex", 12), 1)).toBe(false);
    // Read as letters of all kinds these are written text: `Dec`, `face`, `Bad` are among them.
    expect(looksRandom(`d49484b96Be79BbC${"171483B9"}`, 1)).toBe(true);
    expect(looksRandom(`fa43F9aCC342590d${"A30aEb36"}`, 1.5)).toBe(true);
    // Chance makes words of one in a thousand, where the mark counts as a part of them.
    expect(looksRandom(`0x${"37672106035851b55b354921d50253e3"}${"99a4749436840c065587344ca54fc692"}`, 0.5)).toBe(true);
  });
});

describe("names of keys", () => {
  it.each([
    "apiKey",
    "db.password",
    "AWS_SECRET_ACCESS_KEY",
    "client-secret",
    "token",
    "encryption.key",
    "api.key",
    "msg91_api_key",
    "TRANSLATION_API_KEY",
  ])("%s names a secret", (name) => {
    expect(judgeKeyName(name)).toBe("secret");
  });

  it.each([
    "secretName",
    "password_file",
    "tokenUrl",
    "api_key_id",
    "public_key",
    "cacheKey",
    "isPassword",
    "passwordHash",
    "csrfToken",
    "max_tokens",
    "key",
    "nextPageToken",
    "message_key",
    "formkey",
    "invalid_api_key",
    "agent_repository_key",
  ])("%s names something else", (name) => {
    expect(judgeKeyName(name)).toBe("never");
  });

  it("wants more from names of forms and tests", () => {
    expect(judgeKeyName("newPassword")).toBe("weak");
  });
});

describe("texts that are no values", () => {
  it.each([
    "$TOKEN",
    "${TOKEN:-x}",
    "%TOKEN%",
    "{{ token }}",
    "<token>",
    "vault:secret/data/app#k",
    "arn:aws:secretsmanager:eu:1:secret:x",
    "!Ref Secret",
    "var.db_password",
    "process.env.TOKEN",
    "op://a/b/c",
    "$(cat file)",
    "@Microsoft.KeyVault(x)",
    "$pc['<']%F{$pcc[3]}",
    "s!$1!$2!",
    "${$a}${v+1}_",
  ])("%s is a reference", (text) => {
    expect(isReference(text, true)).toBe(true);
  });

  it("takes code for a reference outside of quotes only", () => {
    for (const code of ["getToken()", "config.token", "user->password", "Foo::BAR"]) {
      expect(isReference(code, false), code).toBe(true);
      expect(isReference(code, true), code).toBe(false);
    }
  });

  it.each([
    "https://host.net/x",
    "user@host.net",
    "1.2.3-rc.1",
    "npm:^7.10.1",
    "workspace:^",
    "patch:pg@npm%3A8.1.0#./pg.patch",
    "^8.0.0-rc.1",
    ">=1.2.3 <2",
    "^1.0.0 || ^2.0.0",
    "~> 2.1",
    "2024-01-31",
    "[A-Z]{3,}",
    "%s/%s",
    "application/json",
    "</div>",
    "\\e[0;1;30;40m",
    "#!r6rs",
    "server.pem",
    "65536u32",
    "999u256",
    "anonymous@",
    "user@site",
    "@acme/plugin-transform-*",
    "rc4-40",
    "secp256k1v3",
    "ATTk589914",
    "identitytoolkit#VerifyPasswordResponse",
    "required|min:8|confirmed",
    "ESXi-6.7.0-20191204001-standard",
    `BDOU${"x9Qm-".repeat(16)}abc`,
    'c\\"\\0\\"',
    "%00%01%7Fa",
    "crwdns481:0crwdne481:0",
    "i18n:users.passwordRepeat",
    "120h0m0s",
    "\\u{1F9ED}",
    `contributors:v21:${draw("hex", 32)}`,
    "'4px',",
    `pk.eyJ${draw("base62", 60)}`,
  ])("%s has another meaning", (text) => {
    expect(hasOtherMeaning(text)).toBe(true);
  });

  it.each(["^4Oq8Zk2x", "~7Hunter2", ">9aB3xkQ", "npm:x;y!z", "u32Kq8Zk2x", "anna@work7", "Pa%10ss4x"])(
    "%s may be a password",
    (text) => {
      expect(hasOtherMeaning(text)).toBe(false);
    },
  );

  it("knows paths, masks, ciphertext and labels of digests", () => {
    expect(isPathShaped("/etc/ssl/private")).toBe(true);
    expect(isPathShaped("C:\\Users\\x")).toBe(true);
    expect(["abc****xyz", "[REDACTED]", "sk-...abcd", "•••••", "(sensitive value)"].every(isMasked)).toBe(true);
    expect(isMasked(draw("base64", 40))).toBe(false);
    expect(["ENC[AES256_GCM,data:x]", "$2b$12$abc", "vault:v1:abc", "{SSHA}abc"].every(isSealed)).toBe(true);
    expect(isLabelledDigest('"sha256": "')).toBe(true);
    expect(isSealed(`1000${draw("hex", 66)}`)).toBe(true);
    expect(isLabelledDigest("etag = ")).toBe(true);
    expect(isLabelledDigest('"image": "registry.corp-net.io/billing/web:')).toBe(true);
    expect(isLabelledDigest('"apiKey": "')).toBe(false);
  });
});

describe("degenerate strings", () => {
  it.each([
    "aaaaaaaaaaaaaaaa",
    "abcabcabcabc",
    "0123456789abcdef",
    "qwertyuiop12",
    "fedcba9876543210",
    "1010101010101010",
    "acme-a1a1a1a1a1a1a1a1a1a1",
  ])("%s holds nothing", (text) => {
    expect(isDegenerate(text, false)).toBe(true);
  });

  it("leaves random values alone", () => {
    for (const alphabet of ["hex", "base36", "base62", "base64"] as const) {
      const caught = Array.from({ length: 1000 }, () => draw(alphabet, 32)).filter((text) => isDegenerate(text, false));
      expect(caught.length, alphabet).toBeLessThanOrEqual(5);
    }
  });

  it("leaves a run in a long value alone, unless it masks what was there", () => {
    expect(isDegenerate(`${draw("base62", 34).slice(0, 34)}qqqqqq`, false)).toBe(false);
    expect(isDegenerate(`${draw("base62", 34).slice(0, 34)}xxxxxx`, false)).toBe(true);
    expect(isDegenerate(`${draw("base62", 10).slice(0, 10)}qqqqqq`, false)).toBe(true);
  });

  it("measures counting runs by share", () => {
    expect(countingShare("12345678")).toBe(1);
    expect(countingShare("x12345xx")).toBeCloseTo(5 / 8);
    expect(countingShare("x7k2m9q4")).toBe(0);
  });
});

it("splits names into words", () => {
  expect(splitWords("myApiKey_2-HTTPServer").map((word) => word.text)).toEqual(["my", "api", "key", "http", "server"]);
});

it("knows hosts where nobody can log in", () => {
  expect(leadsNowhere("https://u:p@example.com/")).toBe(true);
  expect(leadsNowhere("amqp://u:p@host:5672")).toBe(true);
  expect(leadsNowhere("amqp://u:p@mq-1.corp-net.io/")).toBe(false);
});
