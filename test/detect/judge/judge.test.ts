import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/detect/judge/index.ts";
import type { Rule } from "../../../src/model/rule.ts";
import { candidate, drawer } from "./candidates.ts";

const options = { honourInlineAllow: true };
const draw = drawer(1);
/** Values for cases that came later, so that the others keep theirs. */
const drawMore = drawer(2);
const reasonOf = (line: string, fields: Partial<Rule> = {}) => judge(candidate(line, fields), options).suppressed;
const password: Partial<Rule> = { tags: ["password"] };

describe("generic assignments", () => {
  it.each([
    ["hex", `api_key = "«${draw("hex", 32)}»"`],
    ["short base62", `apiKey: '«${draw("base62", 16)}»',`],
    ["base64", `secret=«${draw("base64", 43)}=»`],
    ["unquoted, in YAML", `  token: «${draw("base36", 24)}»`],
    ["a random UUID named as a key", `API_KEY=«0f8fad5b-d9cb-469f-a165-70867728950e»`],
    ["a value with a vendor's prefix", `token = "«svc_${draw("base62", 24)}»"`],
    ["a drawn value behind a name and a colon", `token: "«billing:live.${drawMore("hex", 56)}»"`],
    ["letters that nobody could spell", 'client_secret = "«qkvzmpwlrtdx»"'],
    [
      "what frameworks draw out of all signs",
      `http.secret.key = "«E^[${drawMore("base62", 24)}<;?[>@^_]${drawMore("base62", 20)}»"`,
    ],
    ["a secret chosen as passwords are", "secret: '«kite1234@ward1234!@#$»',"],
    ["a word with a number that signs tokens", "JWT_SECRET=«thistle4071»"],
    ["keys struck at random, for sessions", "session({ ‹secret: '«289389329723kjelj8298»' })"],
    ["the same in a settings file", "  ‹secret: «thistle4071»\n"],
    ["an argument of a static method", `Billing::‹setToken("«${drawMore("base62", 32)}»");`],
  ])("reports %s", (_name, line) => {
    expect(reasonOf(line)).toBeUndefined();
  });

  it.each([
    ["a variable", "token = «${TOKEN}»", "reference"],
    ["a look-up", 'token = «os.environ["TOKEN"]»', "reference"],
    ["a chain of names", "token = «settings.auth.token»", "reference"],
    ["a template", 'token: "«{{ vault.token }}»"', "reference"],
    ["a place in a store", 'secret: "«op://vault/item/field»"', "reference"],
    ["a mask", `key = "«AKIA****${draw("base36", 4)}»"`, "masked"],
    ["ciphertext", `secret: "«ENC[AES256_GCM,data:${draw("base62", 20)}]»"`, "masked"],
    ["an instruction", 'api_key = "«YOUR_API_KEY_HERE»"', "placeholder"],
    ["words", 'secret = "«my-super-secret-key»"', "placeholder"],
    ["words that say what they are, and a number", 'JWT_SECRET="«supersecretjwt2024»"', "not-random"],
    ["a word with a number in code", "  ‹secret := «thistle4071».String()", "not-random"],
    ["its own name", 'access_token = "«accessToken»"', "placeholder"],
    ["a counting run", 'api_key = "«0123456789abcdef0123»"', "placeholder"],
    ["letters and digits that count", 'access_key = "«A1B2C3D4E5F6G7H8I9J0»"', "placeholder"],
    ["a repeated unit", 'api_key = "«ab12ab12ab12ab12»"', "placeholder"],
    ["an identifier", 'token = "«refreshableTokenProviderChain»"', "not-random"],
    ["a labelled digest", `secret sha256: "«${draw("hex", 64)}»"`, "not-random"],
    ["a UUID of time", `token = "«c232ab00-9414-11ec-b3c8-9f6bdeced846»"`, "not-random"],
    ["a path", 'secret = "«/etc/ssl/certs/hostd-01.key»"', "not-random"],
    ["a URL", `token = "«https://host.net/${draw("base62", 20)}»"`, "not-random"],
    ["a number", 'token = "«8374928145023»"', "not-random"],
    ["letters that name something", 'client_secret = "«openidconnect»"', "not-random"],
    ["letters of a token", 'token = "«qkvzmpwlrtdx»"', "not-random"],
    ["a key's identifier", `api_key_id = "«${draw("base62", 20)}»"`, "reference"],
    ["a public key", `public_key = "«${draw("base64", 44)}»"`, "reference"],
    ["a module's key", `$this->‹module_key = '«${draw("hex", 32)}»';`, "reference"],
    ["a page's token", `csrf_token = "«${draw("base62", 32)}»"`, "reference"],
    ["a page of results", `"‹nextToken": "«${draw("base62", 32)}»"`, "reference"],
    ["the name of a type", `  "AWS::‹AccessKey": "«${draw("hex", 16)}»",`, "reference"],
    ["binary data", `\u0001\u0003‹token=«${draw("base62", 24)}»\u0000`, "not-random"],
    ["a number", 'token = "«0x1.8p12»"', "not-random"],
    ["an address of a chain", `token = "«0x${draw("hex", 40)}»"`, "not-random"],
    ["the digest of a file named so", `"‹secret.rs": "«${draw("hex", 64)}»"`, "reference"],
    [
      "a line of digests",
      `{"a/token":"«${draw("hex", 64)}»","b":"${draw("hex", 64)}","c":"${draw("hex", 64)}","d":"${draw("hex", 64)}"}`,
      "not-random",
    ],
    ["the beginning of a JSON web token", 'token = "«eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9»"', "placeholder"],
    ["an abbreviated JSON web token", 'token = "«eyJhsw5c»"', "placeholder"],
    ["a UUID as Rust writes numbers", "‹token = «0xb77b4d68_adcb_4673_b364_0cf7b35caf97»,", "not-random"],
    ["a number in hex behind a name", `Field("‹auth_key", «0x${drawMore("hex", 32)}», 16)`, "not-random"],
    ["what a password hashes to", `(("‹password", "«${drawMore("hex", 32)}»"),`, "not-random"],
    ["hex of bytes that count", 'secret = "«101112131415161718191a1b1c1d1e1f»"', "placeholder"],
    ["base64 of a sentence, cut", 'token = "«ZhbHVldGhpcyBpcyBub3QgYSByZWFsIH»"', "placeholder"],
    ["base64 of a row", 'secret = "«YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=»"', "placeholder"],
    ["base64 of two words", 'token = "«Q2VydGlmaWNhdGUgZGF0YQ==»"', "placeholder"],
    ["base64 of an address", 'secret = "«dGNwOi8vMTI3LjAuMC4xOjU3MDU=»"', "placeholder"],
    ["the hash of nothing", 'secret = "«31d6cfe0d16ae931b73c59d7e0c089c0»"', "known-example"],
    ["the name of a resource", `"arn:aws:secretsmanager:*:*:‹secret:«${drawMore("base62", 20)}*»",`, "reference"],
    ["the rest of a URL", `"http://‹token:«fo8%40bar@127.0.0.1:8080/p2?q=foo»"`, "reference"],
    [
      "the token of a badge at shields.io",
      `https://img.shields.io/codecov/c/github/a/b?label=x&‹token=«${drawMore("base62", 10)}»`,
      "reference",
    ],
    ["base64 of bytes that count", 'secret = "«AAECAwQFBgcICQoLDA0ODw==»"', "placeholder"],
    ["base64 of a constant", 'data-token="«VFdPX0RBWV9BSVI=»"', "placeholder"],
    ["the name of a constant of a grammar", "%‹token «T_PAAMAYIM_NEKUDOTAYIM» ", "reference"],
    ["a key of OpenPGP that is asked for", `gpg --‹recv-key «${draw("hex", 40).toUpperCase()}»`, "reference"],
    ["the name of a constant", "# BILLING_API_KEY, ‹BILLING_API_KEY, «SABNZBD__NZB_KEY»", "reference"],
    [
      "a part of what sops sealed",
      `#ENC[AES256_GCM,data:${drawMore("base62", 8)}==,iv:a+A/UzB0ZwXQQXCDU=,‹token:«${drawMore("base62", 22)}»,type:comment]`,
      "masked",
    ],
    ["what is compared", `dictionary "a ‹token":"«${drawMore("base62", 24)}»"===name`, "reference"],
    ["a form's token", `<input type="hidden" ‹name="_token" value="«${drawMore("base62", 40)}»">`, "reference"],
    ["a call in a template", "‹token = `«${s4()}${s4()}-${s4()}»`", "reference"],
    ["words in other letters", 'token: "«an0th3r_t0k3n»"', "placeholder"],
    ["what its name calls encrypted", `encryptedClientSecret = "«${draw("base64", 64)}»"`, "reference"],
    ["a value of a drawn name", `"KATDB9‹tokenqXc5R":"«${draw("base62", 24)}»"`, "reference"],
    ["escapes of manual pages", "export AUTH_KEY=«\\[aq]\\[dq]user,pass1\\[dq]\\[aq]»", "not-random"],
    ["a key against doing things twice", `idempotencyKey: "«${draw("base62", 22)}»"`, "reference"],
    [
      "a public key of an elliptic curve",
      `secret = "«MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${draw("base64", 86)}»"`,
      "not-random",
    ],
    ["the digest of a placeholder", 'secret = "«5f4dcc3b5aa765d61d8327deb882cf99»"', "placeholder"],
    [
      "the address of a picture",
      '"https://h/o/a.jpeg?alt=media&‹token=«0f8fad5b-d9cb-469f-a165-70867728950e»"',
      "reference",
    ],
    ["a coin", `"solana:x?spl-‹token=«${draw("base62", 44)}»"`, "reference"],
    ["an extended public key", `account_key = "«tpub${draw("base36", 107).replace(/[0l]/g, "x")}»"`, "not-random"],
    ["a page's token in a pair", `<input ‹name="authenticity_token" value="«${draw("base64", 86)}==»" />`, "reference"],
    ["an element of a list", `["other", "‹token", "«SecondElementOfList»"]`, "not-random"],
    [
      "an identifier beside another one",
      `"‹secret",\n  "«${draw("hex", 8)}-1b2c-4d3e-8f4a-${draw("hex", 12)}»"`,
      "not-random",
    ],
    ["a secret of one session", `clientHandshakeTrafficSecret = "«${draw("hex", 64)}»"`, "reference"],
    ["a token of a badge", `![b](https://host.io/gh/a/b/badge.svg?‹token=«${draw("base62", 20)}»)`, "reference"],
    ["what is left of minified code", "‹token:«!1===tQx9||e.Zk4w», ", "not-random"],
    ["a page's token, joined", `<input name="‹csrfmiddlewaretoken" value="«${draw("base62", 64)}»">`, "reference"],
    ["base64 of a placeholder", `secret: «${Buffer.from("password1234").toString("base64")}»`, "placeholder"],
  ])("drops %s", (_name, line, reason) => {
    expect(reasonOf(line)).toBe(reason);
  });
});

describe("password assignments", () => {
  it.each([
    `password = "«Tr0ub4dor&3xx»"`,
    "DB_PASSWORD=«Sommer2024!»",
    'PASSWORD: "«rocky-mountain-457»"',
    'password = "«storm_lemon42»"',
    'password = "«dragon1987»"',
    'map.put("‹password", "«gandalf@481»");',
    "  password: «liverpool1987»",
    `pwd: '«${draw("symbols", 14)}»',`,
    `passwd => "«${draw("base36", 10)}»"`,
    'password = "«SummerTiger87»"',
    "PGPASSWORD=«xk(d;29Lm»",
    'conn.set_‹pass("«gandalf@481»")',
    '  ("‹password", "«gandalf@481»"),',
    ' *   master_password: "«g3tInCr4zee&stUfF»",',
    '"password": "«Admin_123»",',
    'administrator_login_password = "«AdminPassword123!»"',
    "SA_PASSWORD=«Contoso@2021»",
    'password = "«sunflower»"',
    "'db_‹password' => '«orchestra12»',",
    "MYSQL_ROOT_PASSWORD=«sunflower»",
    'password = "«qkdw_lqmzptv»"',
    'password = "«blue-Horse-77»"',
  ])("reports %s", (line) => {
    expect(reasonOf(line, password)).toBeUndefined();
  });

  it.each([
    'password = "«password»"',
    'password: "«changeme123»"',
    'password = "«P@ssw0rd»"',
    'password = "«Sunflower»"',
    'password: "«wachtwoord»"',
    'password = "«varchar»"',
    "password = «sunflower»",
    'password("«sunflower»")',
    'expect_decode_‹pass("«github%2z.org1»");',
    ' *   master_password: "«harbour88chars»",',
    'password = "«mode","doc-url":"https»"',
    'password_scheme = "«sha512crypt»"',
    'password = "«rootpass123»"',
    "  ‹password: «RFC2617» compliant digest of the user",
    "‹password: «EVP_PKEY_ED25519»",
    "‹passwd: «eli:x:2098:1000:Eli»",
    "[‹pass]:«range1+range2:»",
    "pass=«p.zPass??ne.KEEP1»,",
    '  ("‹password", "«b109f3bbbc244eb82441917ed06d618b»"),',
    'password = "«$p5k2$1$$h1TDLGSw9ST8UMAPeIE13i0t12c=»"',
    "thickness‹Pass=«.005*this._scale*this.grid1»,",
    "password = «user_password»",
    "password = «getPassword»()",
    "http -a user:‹password :«8080/message»",
    "'‹password' => '--password='«.$settings[»'password'",
    "password=«pw1234»;",
    'password: "«Enter your password»"',
    'password = "«sha256»"',
    'password: "«correct-horse-staple»"',
    'password = "«config/password.txt»"',
    'password = "«^[A-Z0-9]{8,}$»"',
    'password = "«%s:%s@%s»"',
    'password_hash = "«Sommer2024!»"',
    'password = "«$2b$12$abcdefghijklmnopqrstuv»"',
    "PASS: «ld-x86-64/pr19609-1a»",
    "PASS: «ld-x86-64/ibt-plt-3d-x32»",
    'name="\'‹password=\'«".q($cg)."»\'"',
    "'password' => '«required|between:4,20|confirmed»'",
    "var ‹password: «ByteArray?»",
    'export type PasswordResult‹Password = "«CustomAuthResultV2»"',
    "pw = «2.0**self.frac_bits»",
    "T--PVq8+hez>Fpc4ds02O@R?_*-ksq|u5v<7a-G1|g9&ld5*W=~5v`{‹password=«Bapx%-MZGgFd»",
    'password = "«Password123!»"',
    'password = "«MyPassword123!»"',
    'password = "«P@ssw0rd123»"',
    'password = "«Test@1234»"',
    'password = "«ExamplePassword123!»"',
    'password = "«SomeKindOfPassword123!@#»"',
    "'icon-‹pass' : '«&#xe044;»',",
  ])("drops %s", (line) => {
    expect(reasonOf(line, password)).toBeDefined();
  });
});

describe("passwords beside their account", () => {
  const account: Partial<Rule> = { kind: "context", tags: ["password", "account"] };

  it.each([
    "user: svc‹; password: «sunflower»",
    "mysql -u root -p«moonlight7»",
    "‹login=svc password=«Orchid-lane» ",
    '‹"user": "svc", "password": "«gandalf!»"',
    "‹Uid=svc;Pwd=«190473»;",
  ])("reports %s", (line) => {
    expect(reasonOf(line, account)).toBeUndefined();
  });

  it.each([
    "‹user: string; password: «string»",
    "‹user: c3RvcmFnZW9z, password: «c3RvcmFnZW9z»",
    "‹user: Utente; password: «wachtwoord»",
    "‹user: sunflower; password: «sunflower»",
    "‹user: User; password: «Sunflower»",
    "‹user: user; password: «userPassword»",
    "‹user: user; password: «db-password-name»",
    "‹user: svc; password: «changeme»",
    "CREATE USER 'sunflower' ‹IDENTIFIED BY '«sunflower»",
    "‹user: svc; password: «12345678»",
    "‹user: svc; password: «212121»",
    "‹user: 190473; password: «190473»",
  ])("drops %s", (line) => {
    expect(reasonOf(line, account)).toBeDefined();
  });
});

describe("tokens with a format of their own", () => {
  const token: Partial<Rule> = { kind: "token", confidence: "likely" };

  it("reports what looks odd but has the format", () => {
    expect(reasonOf(`x «sk_test_${draw("base62", 24)}»`, token)).toBeUndefined();
    expect(reasonOf(`x «AAAAAAAAAAAAAAAAAAAAA${draw("base62", 60)}»`, token)).toBeUndefined();
  });

  it("drops names of programs", () => {
    expect(reasonOf("x «private_get_v5_asset_coin_query_info»", token)).toBe("not-random");
  });

  it("drops faked bodies", () => {
    expect(reasonOf(`x «ghp_${"x".repeat(36)}»`, token)).toBe("masked");
    expect(reasonOf(`x «ghp_${"0".repeat(36)}»`, token)).toBe("placeholder");
    expect(reasonOf("x «xoxb-not-a-real-token»", token)).toBe("placeholder");
    expect(reasonOf(`x «AKIA${draw("base36", 6).toUpperCase()}EXAMPLE»`, token)).toBe("placeholder");
  });

  it("follows the checksum, whatever else it sees", () => {
    const genuine = ["ghp_", "yLL1chHhcAMDgmQf9CvmhUzQu2Ynr6", "1nUoLR"].join("");
    const checked: Partial<Rule> = { ...token, check: "github-crc32" };
    expect(judge(candidate(`x «${genuine}»`, checked), options)).toMatchObject({
      confidence: "certain",
      facts: ["checksum valid"],
    });
    expect(judge(candidate(`x «${genuine}»`, { ...checked, entropy: 7.9 }), options).suppressed).toBeUndefined();
    expect(reasonOf(`x «${genuine.replace("yLL", "yLM")}»`, checked)).toBe("checksum");
  });

  it("drops a token whose published checksum fails, whatever rule asks", () => {
    const wrong = ["ghp_", "yLM1chHhcAMDgmQf9CvmhUzQu2Ynr6", "1nUoLR"].join("");
    expect(reasonOf(`api_key = «${wrong}»`, { kind: "generic" })).toBe("checksum");
    expect(reasonOf(`api_key = «${wrong.replace("ghp", "gxp")}»`, { kind: "generic" })).toBeUndefined();
  });

  it("knows a value that goes on with a mask", () => {
    expect(reasonOf(`api_key: «${draw("base62", 24)}»********`, { kind: "generic" })).toBe("masked");
  });

  it("lowers the confidence where an unpublished checksum fails", () => {
    const value = `cfut_${draw("base62", 40)}${draw("hex", 8)}`;
    expect(judge(candidate(`x «${value}»`, { ...token, check: "cloudflare-crc32" }), options)).toMatchObject({
      confidence: "possible",
      facts: ["checksum does not fit"],
    });
  });

  it("asks for more entropy than the rule's limit", () => {
    expect(reasonOf(`x «${draw("hex", 32)}»`, { ...token, entropy: 4.1 })).toBe("entropy");
    expect(reasonOf(`x «${draw("hex", 32)}»`, { ...token, entropy: 2 })).toBeUndefined();
  });

  it("knows published values", () => {
    const value = ["AKIA", "IOSFODNN7", "EXAMPLE"].join("");
    expect(reasonOf(`x «${value}»`, token)).toBe("known-example");
    const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
    const sample = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "1234567890", name: "John Doe", iat: 1516239022 })}.${draw("base62", 43)}`;
    expect(reasonOf(`x «${sample}»`, { ...token, check: "jwt" })).toBe("known-example");
  });
});

describe("shapes near a telling word", () => {
  const context: Partial<Rule> = { kind: "context" };

  it("reports random values, drops digests, words and placeholders", () => {
    expect(reasonOf(`datadog_key = "«${draw("hex", 32)}»"`, context)).toBeUndefined();
    expect(reasonOf(`datadog_md5: "«${draw("hex", 32)}»"`, context)).toBe("not-random");
    expect(reasonOf('datadog_key = "«averyveryverylongidentifierindeed»"', context)).toBe("not-random");
    expect(reasonOf('datadog_key = "«0123456789abcdef0123456789abcdef»"', context)).toBe("placeholder");
    const data = [draw("base64", 60), draw("hex", 32), draw("base64", 60)] as const;
    expect(reasonOf(`"${data[0]}+/«${data[1]}»/+${data[2]}"`, context)).toBe("not-random");
    expect(reasonOf(`https://host.io/v2/services/webhooks/«${data[1]}»`, context)).toBeUndefined();
  });

  it("judges a password in a URL by host and user as well", () => {
    const url: Partial<Rule> = { kind: "context", tags: ["password", "url"] };
    const value = draw("base62", 14);
    expect(reasonOf(`postgres://app:«${value}»@db-1.corp-net.io/x`, url)).toBeUndefined();
    expect(
      judge(
        { ...candidate(`postgres://app:«${value}»@example.com/x`, url), match: `postgres://app:${value}@example.com/` },
        options,
      ).suppressed,
    ).toBe("placeholder");
    expect(reasonOf(`postgres://${value}:«${value}»@db-1.corp-net.io/x`, url)).toBe("placeholder");
    expect(reasonOf("postgres://user:«password»@db-1.corp-net.io/x", url)).toBe("placeholder");
    // A name that counts is a password where the world can log in, and one of a sample elsewhere.
    const counted = (host: string, name = "orchid") => ({
      ...candidate(`postgres://app:«${name}123456»@${host}/x`, url),
      match: `postgres://app:${name}123456@${host}/`,
    });
    expect(judge(counted("db.k7.corp-net.io"), options).suppressed).toBeUndefined();
    expect(judge(counted("db.k7.corp-net.io", "abcdef"), options).suppressed).toBe("placeholder");
    for (const host of ["localhost", "db.example.com", "db", "db.k7.corp.internal", "10.0.0.7"])
      expect(judge(counted(host), options).suppressed).toBe("placeholder");
  });
});

describe("inline marks", () => {
  const line = `api_key = "«${draw("base62", 24)}»"`;

  it.each([
    "# gitleaks:allow",
    "// leaktrace:allow",
    "# pragma: allowlist secret",
    "// trufflehog:ignore",
    "# betterleaks:allow",
    "# nosec",
    "# noqa: S105",
  ])("honours %s", (mark) => {
    expect(reasonOf(`${line} ${mark}`)).toBe("inline-allow");
    expect(judge(candidate(`${line} ${mark}`), { honourInlineAllow: false }).suppressed).toBeUndefined();
  });
});

describe("rates", () => {
  it("keeps nearly all random values, of every alphabet and length", () => {
    for (const [alphabet, length] of [
      ["hex", 32],
      ["hex", 40],
      ["base36", 20],
      ["base62", 16],
      ["base62", 32],
      ["base64", 44],
      ["base64", 88],
    ] as const) {
      const kept = Array.from({ length: 500 }, () => reasonOf(`api_key = "«${draw(alphabet, length)}»"`)).filter(
        (reason) => reason === undefined,
      );
      expect(kept.length, `${alphabet} ${length}`).toBeGreaterThanOrEqual(490);
    }
  });

  it("loses no random token to words inside it", () => {
    const kept = Array.from({ length: 3000 }, () =>
      reasonOf(`x «tok_${draw("base62", 36)}»`, { kind: "token" }),
    ).filter((reason) => reason === undefined);
    expect(kept.length).toBe(3000);
  });
});

it("answers whatever it is given", () => {
  const anyRule = fc.record({
    kind: fc.constantFrom("token" as const, "context" as const, "generic" as const),
    tags: fc.subarray(["password", "url"]),
    entropy: fc.constantFrom(0, 3),
  });
  fc.assert(
    fc.property(
      anyRule,
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.string({ maxLength: 40 }),
      fc.string({ maxLength: 40 }),
      (fields, secret, before, after) => {
        const verdict = judge(
          {
            ...candidate("k = «x»", fields),
            secret,
            match: before + secret,
            line: before + secret + after,
            secretInLine: before.length,
          },
          options,
        );
        expect(["certain", "likely", "possible"]).toContain(verdict.confidence);
      },
    ),
    { numRuns: 3000 },
  );
});
