import { execFileSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { createRandom } from "../../src/rules/random.ts";
import { madeZip } from "../content/containers/made-zip.ts";
import { entriesOf, leaktrace, scratch, type Entry } from "./scan-program.ts";

const folder = scratch();
const random = createRandom("secret files");

function bytes(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.integer(256)));
}

function counted(text: string): Buffer {
  return Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
}

const keepass = Buffer.concat([Buffer.from("03d9a29a67fb4bb5", "hex"), bytes(200)]);
const keytab = Buffer.concat([
  Buffer.from("0502000000300001", "hex"),
  counted("EXAMPLE.ORG"),
  counted("alice"),
  bytes(40),
]);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const der = privateKey.export({ type: "pkcs8", format: "der" });
const railsKey = random.chars("0123456789abcdef", 32);

/** Path, what lies there, and the rule that names it. */
const files: readonly (readonly [path: string, content: Buffer | string, rule: string | undefined])[] = [
  ["home/pass.kdbx", keepass, "keepass-database"],
  ["home/notes.kdbx", "not a database", undefined],
  ["home/empty.kdbx", "", undefined],
  ["etc/krb5.keytab", keytab, "kerberos-keytab-file"],
  ["etc/odd.keytab", Buffer.from("0502ffff", "hex"), undefined],
  ["root/.ssh/id_rsa", der, "private-key-pkcs8"],
  ["aosp/testkey.pk8", Buffer.concat([der, Buffer.alloc(0)]), undefined],
  ["keys/cut.pk8", der.subarray(0, 400), undefined],
  ["app/config/master.key", `${railsKey}\n`, "rails-master-key-file"],
  ["app/docs/master.key", `${random.chars("0123456789abcdef", 32)}\n`, undefined],
  ["blank/config/master.key", `${"0".repeat(32)}\n`, undefined],
  ["win/SAM", Buffer.concat([Buffer.from("regf"), bytes(100)]), "windows-account-hive"],
];
const expected = files.flatMap(([path, , rule]) => (rule === undefined ? [] : [`${rule} ${path}`])).sort();

const publicKey = createPublicKey(privateKey);
const elliptic = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
const hive = (name: string): Buffer =>
  Buffer.concat([
    Buffer.from("regf"),
    bytes(44),
    Buffer.alloc(64, Buffer.from(`\\Config\\${name}\0`.padEnd(32, "\0"), "utf16le")),
  ]);
const ccache = Buffer.concat([
  ...[Buffer.from("0504000c00010008ffffffff00000000", "hex"), Buffer.from("0000000100000001", "hex")],
  ...[Buffer.from([0, 0]), counted("EXAMPLE.ORG"), Buffer.from([0, 0]), counted("alice"), bytes(80)],
]);

/** A stash as machines wrote it before keytabs: kind, length, key. */
const stash = (kind: number, key: Buffer): Buffer => Buffer.concat([Buffer.from([kind, 0, key.length, 0, 0, 0]), key]);
/** Bytes of DES keys have an odd number of bits each. */
const desKey = Buffer.from("b5f80dba91256e7c4af402d9e579c2b3dc1961e083f2a804", "hex");

/** Name, content, and the rule that its bytes alone tell. */
const anonymous: readonly (readonly [name: string, content: Buffer, rule: string | undefined])[] = [
  ["a1", keepass, "keepass-database"],
  ["a2", keytab, "kerberos-keytab-file"],
  ["a3", ccache, "kerberos-ticket-file"],
  ["a4", privateKey.export({ type: "pkcs1", format: "der" }), "private-key-rsa"],
  ["a5", elliptic.export({ type: "sec1", format: "der" }), "private-key-ec"],
  [
    "a6",
    elliptic.export({ type: "pkcs8", format: "der", cipher: "aes-128-cbc", passphrase: "x" }),
    "private-key-pkcs8-encrypted",
  ],
  [
    "a7",
    Buffer.concat([Buffer.from("0702000000240000", "hex"), Buffer.from("RSA2"), bytes(300)]),
    "strong-name-key-file",
  ],
  ["a8", Buffer.concat([Buffer.from("== ed25519v1-secret: type0 ==\0\0\0"), bytes(64)]), "tor-onion-key-file"],
  ["a9", hive("SAM"), "windows-account-hive"],
  ["b1", hive("SOFTWARE"), undefined],
  ["b2", publicKey.export({ type: "spki", format: "der" }), undefined],
  [
    "b3",
    Buffer.from("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500", "hex"),
    undefined,
  ],
  ["b4", Buffer.from("0502ffff00000000", "hex"), undefined],
  ["b5", Buffer.from("03d9a29a00000000", "hex"), undefined],
  [
    "c1",
    stash(18, Buffer.from("8f1c3b6a7de4902255f0c1b7a9386e4d0b9c51e72f84d36aa1c85e17396bf0d2", "hex")),
    "kerberos-stash-file",
  ],
  ["c2", stash(16, desKey), "kerberos-stash-file"],
  // Messages of fuzzers: a type, a length and so many bytes.
  ["c3", Buffer.concat([Buffer.from("000100000016", "hex"), Buffer.from("imap:/2..0002;mode=@80")]), undefined],
  ["c4", Buffer.from("0001000000085274402a0000002f", "hex"), undefined],
  ["c5", stash(18, Buffer.from("0123456789abcdef0123456789abcdef")), undefined],
];

function named(entries: readonly Entry[], prefix = ""): string[] {
  return entries.map(({ RuleID, File }) => `${RuleID} ${File.replace(prefix, "")}`).sort();
}

function scan(...args: readonly string[]): Entry[] {
  return entriesOf(leaktrace([...args, "-f", "json", "-r", "-"], { cwd: folder }));
}

for (const [path, content] of files) {
  mkdirSync(dirname(join(folder, "tree", path)), { recursive: true });
  writeFileSync(join(folder, "tree", path), content);
}

describe("files that are secrets as a whole are told by path and first bytes", () => {
  test("in folders: at line 0 and without a value, where they hold none", () => {
    const entries = scan("dir", "tree");
    expect(named(entries, "tree/")).toEqual(expected);
    const [database] = entries.filter(({ RuleID }) => RuleID === "keepass-database");
    expect(database).toMatchObject({
      StartLine: 0,
      Secret: "",
      Match: "file detected: tree/home/pass.kdbx",
      Fingerprint: "tree/home/pass.kdbx:keepass-database:0",
    });
  });

  test("facts say whose they are", () => {
    const { stdout } = leaktrace(["dir", "--no-color", "tree/etc"], { cwd: folder });
    expect(stdout).toContain("Kerberos keys of alice@EXAMPLE.ORG");
  });

  test("in archives", () => {
    const members = files.map(([name, data]) => ({ name, data }));
    writeFileSync(join(folder, "files.zip"), madeZip(members));
    expect(named(scan("dir", "files.zip"), "files.zip!")).toEqual(expected);
  });

  test("in images, in the layer that brings them and below the one that removes them", async () => {
    const contents = Object.fromEntries(files.map(([path, content]) => [path, content]));
    const layers = [{ files: contents }, { whiteouts: ["win/SAM"] }];
    await buildImage({ tag: "app:1", layers }, { path: join(folder, "image.tar"), format: "docker-archive" });
    const entries = scan("image", "image.tar");
    expect(named(entries)).toEqual(expected);
    expect(entries.find(({ File }) => File === "win/SAM")).toMatchObject({ Deleted: true });
  });

  const shop = createRepository(join(folder, "shop"));
  const git = (...args: readonly string[]): void => void execFileSync("git", ["-C", join(folder, "shop"), ...args]);

  test("in histories, also where they were renamed or removed; in the index; in ranges", () => {
    shop.commit("One", Object.fromEntries(files.map(([path, content]) => [path, content])));
    git("rm", "-q", "-r", "win");
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "Two");
    const entries = scan("git", "shop");
    expect(named(entries)).toEqual(expected);
    expect(named(scan("git", "--log-opts", "HEAD~1..HEAD", "shop"))).toEqual([]);
    expect(named(scan("git", "--log-opts", "HEAD~1", "shop"))).toEqual(expected);
    writeFileSync(join(folder, "shop/new.kdbx"), Buffer.concat([keepass, bytes(8)]));
    git("add", "new.kdbx");
    expect(named(scan("git", "--staged", "shop"))).toEqual(["keepass-database new.kdbx"]);
    expect(named(scan("git", "shop"))).toEqual([...expected, "keepass-database new.kdbx"].sort());
  });

  test("what bytes alone tell is told under any other name, in folders, archives and histories", () => {
    const own = createRepository(join(folder, "renamed"));
    own.commit("One", Object.fromEntries(anonymous.map(([name, content]) => [name, content])));
    writeFileSync(join(folder, "renamed.zip"), madeZip(anonymous.map(([name, data]) => ({ name, data }))));
    const told = anonymous.flatMap(([name, , rule]) => (rule === undefined ? [] : [`${rule} ${name}`])).sort();
    expect(named(scan("git", "renamed"))).toEqual(told);
    expect(named(scan("dir", "renamed.zip"), "renamed.zip!")).toEqual(told);
    mkdirSync(join(folder, "plain"));
    for (const [name, content] of anonymous) writeFileSync(join(folder, "plain", name), content);
    expect(named(scan("dir", "plain"), "plain/")).toEqual(told);
  });

  test("what another rule has found something in is not told twice", () => {
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    mkdirSync(join(folder, "pem"));
    writeFileSync(join(folder, "pem/id_rsa"), pem);
    const config = `[extend]\nuseDefault = true\n[[rules]]\nid = "any-key"\npath = '''id_rsa$'''\n`;
    writeFileSync(join(folder, "pem.toml"), config);
    expect(named(scan("dir", "-c", "pem.toml", "pem"))).toEqual(["private-key-pkcs8 pem/id_rsa"]);
  });
});

describe("rules of users with a path and no regex", () => {
  const config = join(folder, "paths.toml");
  writeFileSync(
    config,
    `[[rules]]\nid = "by-path"\ndescription = "d"\npath = '''(?:^|/)(?:win/SAM|home/[^/]+\\.kdbx)$'''\n`,
  );
  const whole = ["by-path home/notes.kdbx", "by-path home/pass.kdbx", "by-path win/SAM"];

  test("report every file of such a path that is not empty, wherever it lies", () => {
    expect(named(scan("dir", "-c", config, "tree"), "tree/")).toEqual(whole);
    const shop = createRepository(join(folder, "own"));
    shop.commit("One", Object.fromEntries(files.map(([path, content]) => [path, content])));
    expect(named(scan("git", "-c", config, "own"))).toEqual(whole);
  });

  test("are told where a history cannot be asked for them", () => {
    writeFileSync(join(folder, "vague.toml"), `[[rules]]\nid = "vague"\ndescription = "d"\npath = '''win/'''\n`);
    const { code, stderr } = leaktrace(["dir", "-c", "vague.toml", "tree"], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/rule vague: its path says little of the file's name/);
  });

  test("`file` with a regex, or with heads that are no hex, is refused", () => {
    for (const wrong of [`regex = 'a'\nfile = { heads = ["00"] }`, `file = { heads = ["zz"] }`]) {
      writeFileSync(join(folder, "wrong.toml"), `[[rules]]\nid = "w"\npath = 'a$'\n${wrong}\n`);
      const { code, stderr } = leaktrace(["dir", "-c", "wrong.toml", "tree"], { cwd: folder });
      expect(code).toBe(2);
      expect(stderr).toMatch(/rule w: file: /);
    }
  });
});
