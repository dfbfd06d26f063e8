import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint, isFingerprint, maskDots, maskEncoded, maskIn, maskSecret } from "../../src/findings/index.ts";
import { sanitize, sanitizeJson } from "../../src/model/sanitize.ts";
import { anyText, madeUpSecret } from "./samples.ts";

describe("maskSecret", () => {
  test.each([
    [0, ""],
    [1, "......"],
    [8, "......"],
    [9, "123......"],
    [12, "1234......"],
    [15, "1234......5"],
    [18, "1234......78"],
    [30, "1234......90"],
  ])("a value of %i characters is shown as %j", (length, masked) => {
    expect(maskSecret("1234567890123456789012345678901234567890".slice(0, length === 30 ? 30 : length))).toBe(masked);
  });

  test("never shows more than a third, and looks the same for every length", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme-ascii" }), (secret) => {
        const shown = maskSecret(secret).replace(maskDots, "");
        expect(shown.length * 3).toBeLessThanOrEqual(Math.max(secret.length, 0));
        expect(shown.length).toBeLessThanOrEqual(6);
      }),
    );
  });

  test("of a key of many lines the header is shown", () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${madeUpSecret("k", 64)}\n-----END RSA PRIVATE KEY-----`;
    expect(maskSecret(key)).toBe("-----BEGIN RSA PRIVATE KEY-----......");
  });

  test("what is shown is safe for a terminal", () => {
    expect(maskSecret(`\x1b]0;x${madeUpSecret("t", 30)}\u202e`)).toBe(
      "\\x1b]0;......B\\u202e".replace("B", madeUpSecret("t", 30).at(-1) ?? ""),
    );
  });
});

describe("maskIn", () => {
  test("masks the value wherever it stands", () => {
    const secret = madeUpSecret("v", 30);
    expect(maskIn(`a ${secret} b ${secret}`, secret)).toBe(`a ${maskSecret(secret)} b ${maskSecret(secret)}`);
  });

  test("blanks pieces of a value that was cut or wrapped, and other secrets", () => {
    const [secret, other] = [madeUpSecret("v", 60), madeUpSecret("o", 30)];
    const text = `…${secret.slice(20, 45)} ${secret.slice(45)}\n${other} plain words stay`;
    expect(maskIn(text, secret, [other])).toBe(`…${maskDots} ${maskDots}\n${maskDots} plain words stay`);
  });

  test("no text shows six characters in a row of a secret in it", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.string(), (before, seed, after) => {
        const secret = madeUpSecret(String(seed), 24);
        const masked = maskIn(`${before}${secret}${after}`, secret);
        for (let i = 0; i + 7 <= secret.length; i++) expect(masked).not.toContain(secret.slice(i, i + 7));
      }),
    );
  });

  test("encoded values are blanked whole", () => {
    const encoded = Buffer.from(madeUpSecret("e")).toString("base64");
    expect(maskEncoded(`data: ${encoded} # note`)).toBe(`data: ${maskDots} # note`);
  });
});

describe("fingerprint", () => {
  test("is the same always", () => {
    expect(fingerprint("a value")).toBe(fingerprint("a value"));
    // Computed with Python's hashlib.pbkdf2_hmac.
    expect(fingerprint("a value")).toBe("lt1e996a35f52c288947645db8e4cf4a579");
    expect(isFingerprint(fingerprint("b"))).toBe(true);
    expect(fingerprint("b")).not.toBe(fingerprint("c"));
  });

  test("keys that are written differently are one", () => {
    const body = `${madeUpSecret("1", 64)}\n${madeUpSecret("2", 40)}==`;
    const pem = `-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----\n`;
    const forms = [
      pem,
      pem.replaceAll("\n", "\r\n"),
      pem.replaceAll("\n", "\\n"),
      pem.replaceAll("\n", "\\\\n"),
      pem.replaceAll("\n", "\n    "),
      pem.trimEnd().replaceAll("\n", '\\n" +\n  "'),
      pem.replaceAll("\n", "&#10;"),
    ];
    expect(new Set(forms.map(fingerprint)).size).toBe(1);
    expect(fingerprint(pem.replace("EC", "RSA"))).not.toBe(fingerprint(pem));
  });
});

describe("sanitize", () => {
  test.each([
    ["plain – text ü 漢字 🙂", "plain – text ü 漢字 🙂"],
    ["a\x1b[31mb", "a\\x1b[31mb"],
    ["a\r\n\tb\0", "a\\r\\n\\tb\\x00"],
    ["\x7f\x85\x9b", "\\x7f\\x85\\x9b"],
    ["\u202eabc\u2066\u200b\ufeff", "\\u202eabc\\u2066\\u200b\\ufeff"],
    ["\u{e0041}\u{e0100}", "\\u{e0041}\\u{e0100}"],
    ["\ud800x\udc00", "\\ud800x\\udc00"],
    ["\u2028\u2029\u00ad\u061c", "\\u2028\\u2029\\xad\\u061c"],
  ])("%j becomes %j", (text, safe) => {
    expect(sanitize(text)).toBe(safe);
  });

  test("nothing that acts or hides is left", () => {
    fc.assert(
      fc.property(anyText(30), (text) => {
        // oxlint-disable-next-line no-control-regex -- controls are what must not be there
        expect(sanitize(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/);
        expect(sanitize(sanitize(text))).toBe(sanitize(text));
      }),
      { numRuns: 40 },
    );
  });

  test("JSON reads back as the same data", () => {
    fc.assert(
      fc.property(anyText(30), (text) => {
        const safe = sanitizeJson(JSON.stringify(text));
        expect(JSON.parse(safe)).toBe(text);
        expect(sanitize(safe)).toBe(safe);
      }),
    );
  });
});
