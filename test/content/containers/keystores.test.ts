/** Keystores made by keytool and openssl. What comes out is asked of Node's own reader of keys. */
import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import { testWith } from "../../require-program.ts";
import { listMembers } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-keystores-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

function store(type: string, password: string): Buffer {
  const name = `${type}-${password}`;
  const pass = ["-storepass", password, "-keypass", password];
  const key = ["-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=a", "-validity", "9"];
  run("keytool", ...key, "-storetype", type, "-keystore", name, ...pass);
  return readFileSync(join(folder, name));
}

/** Names of the keys that were opened; each is one that Node can read, and so are the certificates beside them. */
function keysIn(bytes: Buffer): { keys: string[]; faults: readonly string[] } {
  const { kind, members, faults } = listMembers(bytes);
  expect(kind).toBe("keystore");
  const keys = members.filter(([, pem]) => pem.includes(" PRIVATE KEY"));
  for (const [, pem] of keys) expect(createPrivateKey(pem).type).toBe("private");
  for (const [, pem] of members.filter((member) => !keys.includes(member))) {
    const certificate = new X509Certificate(pem);
    if (keys.length > 0) expect(certificate.checkPrivateKey(createPrivateKey(keys[0]![1]))).toBe(true);
  }
  return { keys: keys.map(([name]) => name), faults };
}

describe("a Java keystore", () => {
  for (const type of ["jks", "jceks", "pkcs12"]) {
    testWith("keytool")(
      `${type}: keys behind a usual password are members, others are noted`,
      { timeout: 90_000 },
      () => {
        expect(keysIn(store(type, "changeit"))).toEqual({ keys: ["server"], faults: [] });
        expect(keysIn(store(type, "x7Kq-unusual"))).toEqual({ keys: [], faults: ["encrypted note server"] });
      },
    );
  }

  testWith("keytool")("damage anywhere neither throws nor hangs", { timeout: 90_000 }, () => {
    const samples = ["jks", "pkcs12"].map((type) => store(type, "password"));
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        (sample, flips) => {
          const bytes = Buffer.from(sample);
          for (const [at, bits] of flips) bytes[8 + (at % (bytes.length - 8))]! ^= bits;
          listMembers(bytes);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a PKCS #12 file of openssl", () => {
  const made = (...args: string[]): Buffer => {
    run(
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "k",
      "-out",
      "c",
      "-subj",
      "/CN=a",
    );
    run("openssl", "pkcs12", "-export", "-inkey", "k", "-in", "c", "-out", "o", "-name", "web ü", ...args);
    return readFileSync(join(folder, "o"));
  };

  testWith("openssl")("with no password, an old cipher, or none", () => {
    expect(keysIn(made("-passout", "pass:"))).toEqual({ keys: ["web ü"], faults: [] });
    const old = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
    expect(keysIn(made("-passout", "pass:notasecret", ...old))).toEqual({ keys: ["web ü"], faults: [] });
    expect(keysIn(made("-passout", "pass:whatever it is", "-keypbe", "NONE"))).toEqual({ keys: ["web ü"], faults: [] });
    expect(keysIn(made("-passout", "pass:x7Kq-unusual"))).toEqual({ keys: [], faults: ["encrypted note web ü"] });
  });

  testWith("openssl")("costs a bounded number of rounds", () => {
    expect(keysIn(made("-passout", "pass:admin", "-iter", "250000")).faults).toEqual(["encrypted note web ü"]);
  });
});
