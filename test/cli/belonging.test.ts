import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository, type Workshop } from "../../fixtures/git/workshop.ts";
import { smtpPassword } from "../../src/findings/belonging.ts";
import { certificatePem } from "../../src/rules/key-formats.ts";
import { createRandom } from "../../src/rules/random.ts";
import { noise } from "../store/repository.ts";
import { leaktrace, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const ed25519 = generateKeyPairSync("ed25519").privateKey;

const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1"): string => String(key.export({ type, format: "pem" }));
const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ type: "spki", format: "der" });
const certificate = (key: KeyObject, name: string): string => certificatePem(spki(key), name, createRandom(name));
/** A line as OpenSSH writes it. */
function sshLine(key: KeyObject, comment: string): string {
  const field = (bytes: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(spki(key).subarray(-32))]).toString("base64")} ${comment}\n`;
}

const drawn = createRandom("ses");
const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const secretKey = drawn.chars(base64, 40);

/** Keys in one commit, what belongs to them in others; the certificate of a kubeconfig in base64. */
function keyRepository(): Workshop {
  const shop = createRepository(join(folder, "repo"));
  shop.commit("Keys", {
    "tls/server.key": pem(rsa, "pkcs1"),
    "deploy.pem": pem(ed25519, "pkcs8"),
    "kube/config": `users:\n- name: admin\n  user:\n    client-certificate-data: ${Buffer.from(certificate(ec, "kubernetes-admin")).toString("base64")}\n    client-key-data: ${Buffer.from(pem(ec, "sec1")).toString("base64")}\n`,
    "noise.bin": noise("keys", 5_000_000),
  });
  shop.commit("Certificates", {
    "tls/server.crt": `# for ${"a while ".repeat(20)}\n${certificate(rsa, "api.corp.net")}`,
    "home/authorized_keys": `${sshLine(generateKeyPairSync("ed25519").privateKey, "else@where")}${sshLine(ed25519, "deploy@build")}`,
  });
  shop.commit("Versions", {
    "tls/server.crt": `# for ${"a while ".repeat(20)}\n${certificate(rsa, "api.corp.net")}\nmore\n`,
  });
  shop.commit("Mail", {
    "mail.env": `AWS_SECRET_ACCESS_KEY=${secretKey}\n`,
    "smtp.yaml": `smtp_password: ${smtpPassword(secretKey, "eu-west-1")}\n`,
  });
  shop.git("repack", "-qadf");
  return shop;
}

interface Told {
  readonly kind: string;
  readonly rule: { readonly id: string };
  readonly facts: readonly string[];
}

function factsOf({ stdout }: Ran): Readonly<Record<string, readonly string[]>> {
  const told = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);
  return Object.fromEntries(told.filter(({ kind }) => kind === "finding").map(({ rule, facts }) => [rule.id, facts]));
}

test("private keys tell what belongs to them, and secrets what was made of them, wherever it lies in the scan", () => {
  const shop = keyRepository();
  const { path } = shop;
  const cache = join(folder, "cache");
  const scan = (...more: string[]): Ran => leaktrace(["git", path, "-c", "built-in", "-f", "jsonl", ...more]);
  const plain = scan("--no-cache", "--workers", "1");
  expect(plain.code).toBe(1);
  const facts = factsOf(plain);
  expect(facts["private-key-rsa"]).toContain("belongs to certificate CN=api.corp.net, expires 2034-01-01");
  expect(facts["private-key-pkcs8"]).toContain("belongs to SSH public key deploy@build");
  expect(facts["kubeconfig-client-key"]).toContain("belongs to certificate CN=kubernetes-admin, expires 2034-01-01");
  expect(facts["aws-secret-access-key"]).toContain("its SMTP password for eu-west-1 is in this scan, too");
  expect(facts["aws-ses-smtp-password"]).toContain("made of a secret access key of this scan, for eu-west-1");
  expect(plain.stdout).not.toMatch(/public-(?:certificate|key)|else@where/);
  for (const more of [
    ["--no-cache", "--workers", "3"],
    ["--no-cache", "--no-delta"],
    ["--cache-dir", cache],
    ["--cache-dir", cache],
  ])
    expect(scan(...more).stdout, more.join(" ")).toBe(plain.stdout);
  // What was clean before is known by now, and not read again.
  shop.commit("New", { "tls/other.crt": certificate(rsa, "other.corp.net"), "clean.txt": "clean\n" });
  const again = scan("--cache-dir", cache);
  expect(again.stdout).toBe(scan("--no-cache").stdout);
  expect(factsOf(again)["private-key-rsa"]).toEqual(
    expect.arrayContaining(["api", "other"].map((name) => expect.stringContaining(`certificate CN=${name}.corp.net`))),
  );
  for (const format of ["text", "json", "sarif"])
    expect(leaktrace(["git", path, "-c", "built-in", "-f", format, "-r", "-", "--cache-dir", cache]).stdout).toContain(
      "CN=api.corp.net",
    );
}, 120_000);

test("SES passwords are made as Amazon documents it", () => {
  expect(smtpPassword(["SyntheticSecretKeyForTheTest", "VectorOnly00"].join(""), "us-east-1")).toBe(
    ["BJKBba/uyT7rKfUtwRZ7s1", "wh5vsWiNs0HK+F3PRRCbIL"].join(""),
  );
});
