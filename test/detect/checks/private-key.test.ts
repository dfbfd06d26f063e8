import { execFileSync } from "node:child_process";
import { createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { crc24 } from "../../../src/detect/checks/armour.ts";
import { runCheck } from "../../../src/detect/checks/index.ts";
import { certificatePem, pgpKey, pgpPublicKey } from "../../../src/rules/key-formats.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { hasProgram } from "../../require-program.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const dsa = generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).privateKey;
const ed25519 = generateKeyPairSync("ed25519").privateKey;
const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1") => String(key.export({ type, format: "pem" }));

function inScratch<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-key-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("private keys", () => {
  it("code that writes an encrypted key is none", () => {
    const begin = "-----BEGIN RSA PRIVATE KEY-----";
    const end = "-----END RSA PRIVATE KEY-----";
    const head = String.raw`"Proc-Type: 4,ENCRYPTED\r\n" . "DEK-Info: DES-EDE3-CBC,$iv\r\n" . "\r\n" .`;
    const text = `"${begin}\\r\\n" .\n  ${head.replaceAll(" . ", " .\n")}\n  chunk_split(base64_encode($des->encrypt($key)), 64) .\n  '${end}';`;
    expect(runCheck("private-key", text).status).toBe("invalid");
    const sealed = String(
      rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-128-cbc", passphrase: "correct horse" }),
    );
    expect(runCheck("private-key", sealed).facts).toContain("encrypted with a passphrase");
    expect(runCheck("private-key", sealed.replace(/(?<=,)[0-9A-F]{32}/, "$$iv")).status).toBe("invalid");
  });

  it.each([
    ["PKCS#1", pem(rsa, "pkcs1"), "RSA private key, 1024 bits"],
    ["PKCS#8 RSA", pem(rsa, "pkcs8"), "RSA private key, 1024 bits"],
    ["SEC 1", pem(ec, "sec1"), "EC private key, 256 bits"],
    ["PKCS#8 EC", pem(ec, "pkcs8"), "EC private key, 256 bits"],
    ["PKCS#8 DSA", pem(dsa, "pkcs8"), "DSA private key, 1024 bits"],
    ["PKCS#8 Ed25519", pem(ed25519, "pkcs8"), "Ed25519 private key"],
  ])("reads %s", (_name, text, fact) => {
    const result = runCheck("private-key", text);
    expect(result.status).toBe("valid");
    expect(result.facts[0]).toBe(fact);
    expect(result.lower).toBeUndefined();
  });

  const forms: readonly [string, (text: string) => string][] = [
    ["with \\n escapes", (text) => text.replaceAll("\n", "\\n")],
    ["with doubly escaped line ends", (text) => text.replaceAll("\n", "\\\\n")],
    ["indented, as in YAML", (text) => text.replaceAll("\n", "\n      ")],
    ["with CRLF", (text) => text.replaceAll("\n", "\r\n")],
    ["on one line with blanks", (text) => text.replaceAll("\n", " ")],
    ["on one line without blanks", (text) => text.replaceAll("\n", "")],
    [
      "as joined string literals",
      (text) =>
        text
          .trim()
          .split("\n")
          .map((line) => `    "${line}\\n"`)
          .join(" +\n"),
    ],
    [
      "as quoted array lines",
      (text) =>
        text
          .trim()
          .split("\n")
          .map((line) => `'${line}',`)
          .join("\n"),
    ],
    ["as comment lines", (text) => text.trim().replaceAll(/^/gm, "# ")],
    ["as added lines of a patch", (text) => text.trim().replaceAll(/^/gm, "+")],
  ];

  it.each(forms)("reads a key %s", (_name, form) => {
    for (const text of [pem(rsa, "pkcs1"), pem(rsa, "pkcs8"), pem(ec, "pkcs8")]) {
      expect(runCheck("private-key", form(text))).toEqual(runCheck("private-key", text));
    }
  });

  it("says that a passphrase protects a key", () => {
    const text = String(rsa.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }));
    expect(runCheck("private-key", text)).toEqual({
      status: "valid",
      facts: ["PKCS#8 private key", "encrypted with a passphrase", "cipher AES-256-CBC, PBKDF2 with 2048 rounds"],
      lower: true,
    });
    const old = String(rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-128-cbc", passphrase: "x" }));
    expect(runCheck("private-key", old)).toEqual({
      status: "valid",
      facts: ["RSA private key", "encrypted with a passphrase", "cipher AES-128-CBC, MD5"],
      lower: true,
    });
  });

  it("refuses headers without a body, and shortened or replaced bodies", () => {
    const text = pem(rsa, "pkcs1");
    const [begin = "", ...lines] = text.trim().split("\n");
    const end = lines.pop() ?? "";
    expect(runCheck("private-key", `${begin}\n${end}`).status).toBe("invalid");
    expect(runCheck("private-key", `${begin}\nMII...\n${end}`).status).toBe("invalid");
    expect(runCheck("private-key", `${begin}\n${"x".repeat(64)}\n${end}`).status).toBe("invalid");
    expect(runCheck("private-key", [begin, ...lines.slice(0, 5), end].join("\n")).status).toBe("invalid");
    expect(
      runCheck("private-key", [begin, ...lines.slice(0, 3), "A".repeat(64), ...lines.slice(4), end].join("\n")).status,
    ).toBe("invalid");
  });

  it("never throws on damaged keys", () => {
    const texts = [pem(rsa, "pkcs1"), pem(rsa, "pkcs8"), pem(ec, "sec1")];
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(fc.tuple(fc.nat(1000), fc.constantFrom("A", "/", "\n", "=", "")), { maxLength: 5 }),
        (text, edits) => {
          let broken = text;
          for (const [at, to] of edits) broken = broken.slice(0, at) + to + broken.slice(at + 1);
          expect(["valid", "invalid", "unknown"]).toContain(runCheck("private-key", broken).status);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("reads OpenSSH keys and gives the fingerprint that ssh-keygen shows", ({ skip }) => {
    if (!hasProgram("ssh-keygen")) skip("ssh-keygen is not installed");
    inScratch((folder) => {
      for (const [type, passphrase] of [
        ["ed25519", ""],
        ["rsa", ""],
        ["ecdsa", "geheim"],
      ] as const) {
        const file = join(folder, type);
        execFileSync("ssh-keygen", [
          "-q",
          "-t",
          type,
          ...(type === "rsa" ? ["-b", "1024"] : []),
          "-N",
          passphrase,
          "-f",
          file,
        ]);
        const shown = String(execFileSync("ssh-keygen", ["-l", "-f", file])).split(" ")[1] ?? "";
        const result = runCheck("private-key", readFileSync(file, "utf8"));
        expect(result.status).toBe("valid");
        expect(result.facts).toContain(`fingerprint ${shown}`);
        expect(result.facts.includes("encrypted with a passphrase")).toBe(passphrase !== "");
        expect(/cipher aes256-ctr, bcrypt with \d+ rounds/.test(result.facts.join("; "))).toBe(passphrase !== "");
        expect(result.facts[0]).toMatch(type === "rsa" ? /^ssh-rsa private key, 1024 bits$/ : / private key$/);
        // The other half, as it lies beside it.
        expect(result.publicHalf).toMatch(/^[0-9a-f]{64}$/);
        expect(runCheck("public-key", readFileSync(`${file}.pub`, "utf8")).publicHalf).toBe(result.publicHalf);
      }
      // The same RSA key in PEM form has the same fingerprint: both count as one key for people.
      const file = join(folder, "rsa");
      const before = runCheck("private-key", readFileSync(file, "utf8")).facts[1];
      execFileSync("ssh-keygen", ["-q", "-p", "-m", "PEM", "-N", "", "-P", "", "-f", file]);
      expect(runCheck("private-key", readFileSync(file, "utf8")).facts[1]).toBe(before);
    });
  });

  it.each([
    ["RSA", rsa, "pkcs1"],
    ["RSA in PKCS#8", rsa, "pkcs8"],
    ["EC", ec, "sec1"],
    ["EC in PKCS#8", ec, "pkcs8"],
    ["Ed25519", ed25519, "pkcs8"],
  ] as const)("%s keys have the public half of their public keys", (_name, key, type) => {
    const { publicHalf } = runCheck("private-key", pem(key, type));
    const open = createPublicKey(pem(key, "pkcs8"));
    expect(publicHalf).toMatch(/^[0-9a-f]{64}$/);
    expect(runCheck("public-key", String(open.export({ type: "spki", format: "pem" }))).publicHalf).toBe(publicHalf);
    if (key === rsa)
      expect(runCheck("public-key", String(open.export({ type: "pkcs1", format: "pem" }))).publicHalf).toBe(publicHalf);
    const certificate = certificatePem(open.export({ type: "spki", format: "der" }), "a.corp.net", createRandom(1));
    expect(runCheck("public-key", certificate)).toMatchObject({
      facts: ["certificate CN=a.corp.net, expires 2034-01-01"],
      publicHalf,
    });
  });

  it("reads keys in JSON and XML, with what stands beside them", () => {
    for (const key of [rsa, ec, ed25519]) {
      const jwk = key.export({ format: "jwk" });
      const { facts, publicHalf } = runCheck("json-web-key", jwk.d ?? "", { match: JSON.stringify(jwk) });
      expect(facts[0]).toMatch(/^(?:RSA private key, 1024 bits|EC private key, P-256|OKP private key, Ed25519)$/);
      expect(publicHalf).toBe(runCheck("private-key", pem(key, "pkcs8")).publicHalf);
    }
  });

  it("tells how minisign and signify protect a key", () => {
    const key = (head: string): string => Buffer.from(head + "00".repeat(100), "hex").toString("base64");
    expect(runCheck("minisign", key("456453634232")).facts).toContain("cipher scrypt");
    expect(runCheck("minisign", key("456400004232")).facts).toContain("not encrypted");
    expect(runCheck("minisign", key("4564424b0000002a")).facts).toContain("cipher bcrypt with 42 rounds");
    expect(runCheck("minisign", key("4564424b00000000")).facts).toContain("not encrypted");
  });

  it("knows the checksum of OpenPGP's armour", () => {
    expect(crc24(Buffer.from("123456789"))).toBe(0x21cf02);
    expect(Buffer.from("gL9v", "base64").readUIntBE(0, 3)).toBe(crc24(Buffer.from("synthetic")));
  });

  it("reads OpenPGP keys and gives the fingerprint that gpg shows", ({ skip }) => {
    if (!hasProgram("gpg")) skip("gpg is not installed");
    inScratch((folder) => {
      const gpg = (...args: string[]) =>
        String(
          execFileSync(
            "gpg",
            ["--homedir", folder, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
            { stdio: ["ignore", "pipe", "ignore"] },
          ),
        );
      try {
        gpg("--quick-generate-key", "leaktrace test", "ed25519", "sign", "0");
        const shown = /^fpr:+([0-9A-F]{40}):/m.exec(gpg("--list-keys", "--with-colons"))?.[1];
        const armoured = gpg("--armor", "--export-secret-keys");
        const result = runCheck("private-key", armoured);
        expect(result).toMatchObject({ status: "valid", facts: ["OpenPGP EdDSA private key", `fingerprint ${shown}`] });
        // One letter of the body's last line: the key still parses, its checksum tells.
        const altered = armoured.replace(
          /(.)(..\n=)/,
          (_, letter: string, rest: string) => (letter === "A" ? "B" : "A") + rest,
        );
        expect(runCheck("private-key", altered)).toMatchObject({
          status: "invalid",
          facts: ["the checksum of the armour does not fit"],
          lower: true,
        });
        const open = gpg("--armor", "--export");
        expect(runCheck("private-key", open).status).toBe("invalid");
      } finally {
        execFileSync("gpgconf", ["--homedir", folder, "--kill", "all"], { stdio: "ignore" });
      }
    });
  });

  it("reads PuTTY keys", () => {
    const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(Buffer.alloc(32, 9))]);
    const secret = field(Buffer.alloc(32, 7));
    const signed = ["ssh-ed25519", "none", "test"].map((part) => Buffer.from(part));
    const mac = createHmac("sha256", "")
      .update(Buffer.concat([...signed, blob, secret].map(field)))
      .digest("hex");
    const text = (encryption: string) =>
      [
        "PuTTY-User-Key-File-3: ssh-ed25519",
        `Encryption: ${encryption}`,
        "Comment: test",
        "Public-Lines: 2",
        blob.toString("base64").slice(0, 64),
        blob.toString("base64").slice(64),
        "Private-Lines: 1",
        secret.toString("base64"),
        `Private-MAC: ${mac}`,
      ].join("\n");
    const fingerprint = `fingerprint SHA256:${createHash("sha256").update(blob).digest("base64").replace("=", "")}`;
    expect(runCheck("private-key", text("none"))).toMatchObject({
      status: "valid",
      facts: ["ssh-ed25519 private key (PuTTY)", fingerprint],
    });
    expect(runCheck("private-key", text("none").replace("Comment: test", "Comment: other"))).toMatchObject({
      status: "invalid",
      lower: true,
    });
    expect(runCheck("private-key", text("aes256-cbc"))).toMatchObject({
      lower: true,
      facts: expect.arrayContaining(["encrypted with a passphrase", "cipher aes256-cbc, SHA-1"]),
    });
    expect(runCheck("private-key", text("none").replace("Private-Lines: 1", "Private-Lines: 9")).status).toBe(
      "invalid",
    );
    expect(runCheck("private-key", "PuTTY-User-Key-File-2: ssh-rsa").status).toBe("invalid");
  });

  it("have a public half in common with their public key: DSA in each form, OpenPGP", () => {
    const half = (check: string, text: string): string | undefined => runCheck(check, text).publicHalf;
    const spki = String(createPublicKey(dsa).export({ type: "spki", format: "pem" }));
    const expected = half("public-key", spki);
    expect(expected).toMatch(/^[0-9a-f]{64}$/);
    expect(half("private-key", pem(dsa, "pkcs8"))).toBe(expected);
    expect(runCheck("private-key", pem(dsa, "pkcs8")).facts).toEqual(["DSA private key, 1024 bits"]);
    const [open, shown] = [pgpKey(createRandom("one pair")), pgpPublicKey(createRandom("one pair"))];
    expect(runCheck("public-key", shown).facts).toEqual(["OpenPGP public key Release <release@corp.net>"]);
    expect(half("public-key", shown)).toMatch(/^[0-9a-f]{64}$/);
    expect(half("private-key", open)).toBe(half("public-key", shown));
  });

  it.runIf(hasProgram("openssl"))("of DSA in OpenSSL's own form, and one whose halves do not fit", () => {
    const own = execFileSync("openssl", ["dsa", "-outform", "DER"], {
      input: pem(dsa, "pkcs8"),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const text = (der: Buffer): string =>
      ["-----BEGIN DSA", "PRIVATE KEY-----\n"].join(" ") +
      der.toString("base64") +
      ["\n-----END DSA", "PRIVATE KEY-----"].join(" ");
    const spki = String(createPublicKey(dsa).export({ type: "spki", format: "pem" }));
    expect(runCheck("private-key", text(own)).publicHalf).toBe(runCheck("public-key", spki).publicHalf);
    const other = Buffer.from(own);
    other[other.length - 1]! ^= 1;
    expect(runCheck("private-key", text(other))).toMatchObject({ status: "invalid", lower: true });
  });
});

describe("keys in base64 without armour", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const body = (type: "pkcs1" | "pkcs8"): string => privateKey.export({ type, format: "der" }).toString("base64");

  it("are proved in both forms, and refused where they are cut or changed", () => {
    for (const type of ["pkcs1", "pkcs8"] as const) {
      const { status, facts } = runCheck("bare-key", body(type));
      expect(status).toBe("valid");
      expect(facts).toContain("RSA private key, 2048 bits");
      expect(runCheck("bare-key", body(type).slice(0, -40)).status).toBe("invalid");
    }
    expect(runCheck("bare-key", "MIIE").status).toBe("invalid");
  });
});
