/** Contents whose texts cannot be read as they stand: compiled code, databases, documents. Made by the real programs where there are such. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { testWith } from "../../require-program.ts";
import { listMembers } from "./list-members.ts";
import { madeZip } from "./made-zip.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-views-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function python(program: string): void {
  execFileSync("python3", ["-c", program], { cwd: folder });
}

/** A text of 49 characters: a length that is a digit itself. */
const text = `tok_${"x1y2z3a4b".repeat(5)}`;

describe("compiled code", () => {
  testWith("python3")("texts of a Python module stand in lines of their own", () => {
    writeFileSync(join(folder, "m.py"), `A = "${text}"\ndef f():\n  return "in a function ü"\n`);
    python("import py_compile; py_compile.compile('m.py', cfile='m.pyc')");
    const { kind, members } = listMembers(readFileSync(join(folder, "m.pyc")), (bytes) => bytes.toString("utf8"));
    expect(kind).toBe("pyc");
    expect(members).toHaveLength(1);
    expect(members[0]![1].split("\n")).toEqual(expect.arrayContaining([text, "in a function ü"]));
  });

  testWith("python3")("bytes of a Python module that are no UTF-8 stay what they are", () => {
    writeFileSync(join(folder, "b.py"), `B = b"${text}\\xe9\\xff${text}"\nC = "behind"\n`);
    python("import py_compile; py_compile.compile('b.py', cfile='b.pyc')");
    const { members } = listMembers(readFileSync(join(folder, "b.pyc")), (bytes) => bytes.toString("latin1"));
    expect(members[0]![1].split("\n")).toEqual(expect.arrayContaining([`${text}\xe9\xff${text}`, "behind"]));
  });

  testWith("javac")("texts of a Java class, and its constants with their names", { timeout: 60_000 }, () => {
    const source = `class A { static final String API_TOKEN = "${text}"; long n = 5L; String s = "another text"; }`;
    writeFileSync(join(folder, "A.java"), source);
    execFileSync("javac", ["A.java"], { cwd: folder });
    const { kind, members, faults } = listMembers(readFileSync(join(folder, "A.class")));
    expect({ kind, faults }).toEqual({ kind: "class", faults: [] });
    const lines = members[0]![1].split("\n");
    expect(lines[0]).toBe(`API_TOKEN = "${text}"`);
    expect(lines).toEqual(expect.arrayContaining([text, "another text"]));
  });

  test("a Java class is told once: its texts as lines, behind them all that follows, and what cannot be read as it stands", () => {
    const constant = (value: string): Buffer =>
      Buffer.concat([Buffer.from([1, value.length >> 8, value.length & 255]), Buffer.from(value)]);
    const made = (...parts: Buffer[]): string => {
      const head = Buffer.from("cafebabe000000340005", "hex");
      const { kind, members } = listMembers(Buffer.concat([head, ...parts, Buffer.from("behind")]));
      expect(kind).toBe("class");
      return members.map(([, all]) => all).join();
    };
    const whole = made(constant("first"), constant("abc"), constant("second"), Buffer.from("0700010000", "hex"));
    expect(whole).toMatch(/^first\nsecond\n[^]*behind$/);
    const broken = made(constant("first"), Buffer.from([99]), constant("second"));
    expect(broken).toMatch(/^first\n[^]*second[^]*behind$/);
    const lying = made(constant("first"), Buffer.from([1, 255, 255]), Buffer.from("second"));
    expect(lying).toMatch(/^first\n[^]*second[^]*behind$/);
  });

  testWith("python3")("texts of what Python wrote down, in each version of its format", () => {
    for (const protocol of [2, 3, 4, 5]) {
      python(
        `import pickle; open("p", "wb").write(pickle.dumps({"token": "${text}", "b": b"some bytes"}, ${protocol}))`,
      );
      const { kind, members } = listMembers(readFileSync(join(folder, "p")));
      expect(kind).toBe("pickle");
      expect(members[0]![1].split("\n")).toContain(text);
    }
  });

  test("a fat Mach-O file is no class", () => {
    expect(listMembers(Buffer.from(`cafebabe00000002${"00".repeat(600)}`, "hex")).kind).toBeUndefined();
  });
});

const columns = "id integer primary key, name text, [api token] blob";

function database(path: string, encoding = "UTF-8"): Buffer {
  python(`import sqlite3
c = sqlite3.connect(${JSON.stringify(path)}); c.isolation_level = None
c.execute("pragma encoding='${encoding}'"); c.execute("pragma page_size=512"); c.execute("pragma secure_delete=off")
c.execute("create table users(${columns})")
for i in range(300): c.execute("insert into users values(?,?,?)", (i, "name %d" % i, b"token-%d" % i))
c.execute("create table options(option_name text, option_value text)")
c.execute("insert into options values('secret_key', ?)", ("v" * 5000,))
c.execute("create table w(k text primary key, n int, f real) without rowid")
c.execute("insert into w values('in an index', -7, 1.5)")
c.execute("create table gone(t text)")
for i in range(50): c.execute("insert into gone values(?)", ("deleted %d " % i + "z" * 300,))
c.execute("drop table gone"); c.close()`);
  return readFileSync(join(folder, path));
}

describe("SQLite", () => {
  for (const encoding of ["UTF-8", "UTF-16le", "UTF-16be"]) {
    testWith("python3")(`${encoding}: every row of every table, overflow pages, and what was deleted`, () => {
      const { kind, members, faults } = listMembers(database(`${encoding}.db`, encoding));
      expect({ kind, faults }).toEqual({ kind: "sqlite", faults: [] });
      const of = new Map(members);
      const users = of.get("users")!;
      for (let i = 0; i < 300; i++) expect(users).toContain(`name = "name ${i}"\napi token = token-${i}\n`);
      expect(of.get("options")).toBe(`option_name = "secret_key"\nsecret_key = "${"v".repeat(5000)}"\n`);
      expect(of.get("w")).toBe('k = "in an index"\nn = "-7"\nf = "1.5"\n');
      expect(of.get("free pages")).toMatch(/deleted \d+ zzz/);
    });
  }

  testWith("python3")("a value that is compressed is a member of its own", () => {
    python(`import gzip, sqlite3
c = sqlite3.connect("packed.db"); c.execute("create table t(id integer primary key, doc blob)")
c.execute("insert into t(doc) values(?)", (gzip.compress(b"the text ${text}"),)); c.commit(); c.close()`);
    const { members } = listMembers(readFileSync(join(folder, "packed.db")));
    expect(members.map(([name]) => name)).toEqual(["t", "t doc", "free pages"]);
    expect(members[1]![1].startsWith("\x1f\x8b")).toBe(true);
  });

  testWith("python3")(
    "rows in the write-ahead log, overflow pages and older versions too; damage neither throws nor hangs",
    () => {
      python(`import shutil, sqlite3
c = sqlite3.connect("log.db"); c.execute("pragma page_size=512"); c.execute("pragma journal_mode=wal")
c.execute("create table t(a, b)"); c.commit(); c.execute("pragma wal_checkpoint(truncate)")
c.execute("insert into t values('k', '${text}')"); c.commit()
c.execute("update t set b = ?", ("w" * 3000,)); c.commit()
shutil.copy("log.db-wal", "log"); c.close()`);
      const log = readFileSync(join(folder, "log"));
      const { kind, members, faults } = listMembers(log);
      expect({ kind, faults, count: members.length }).toEqual({ kind: "sqlite-log", faults: [], count: 1 });
      expect(members[0]![1].split("\n")).toEqual(expect.arrayContaining([text, "w".repeat(3_000)]));
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }), (flips) => {
          const bytes = Buffer.from(log);
          for (const [at, byte] of flips) bytes[8 + (at % (bytes.length - 8))] = byte;
          listMembers(bytes);
        }),
        { numRuns: 60 },
      );
    },
  );

  testWith("python3")("damage anywhere neither throws nor hangs", () => {
    const whole = database("small.db");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        (flips) => {
          const bytes = Buffer.from(whole);
          for (const [at, bits] of flips) if (at > 15) bytes[at % 2 === 0 ? at : 16 + (at % 600)]! ^= bits;
          listMembers(bytes);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("PDF", () => {
  const stream = (number: number, dictionary: string, data: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from(`${number} 0 obj\n<< ${dictionary} /Length ${data.length} >>\nstream\r\n`),
      data,
      Buffer.from("\nendstream\nendobj\n"),
    ]);
  const pdf = (...parts: Buffer[]): Buffer =>
    Buffer.concat([Buffer.from("%PDF-1.7\n"), ...parts, Buffer.from("trailer\n<< /Root 1 0 R >>\n%%EOF\n")]);

  test("deflated streams are members; what is shown letter by letter is put together", () => {
    const shown = deflateSync("BT /F1 12 Tf [(pass) -20 (word\\075) 3 <68756e74>] TJ 0 -14 Td (er\\(2\\)) Tj ET");
    const bytes = pdf(
      stream(4, "/Filter /FlateDecode", shown),
      stream(5, "/Filter /DCTDecode", Buffer.from("a picture")),
      stream(6, "/Filter [/FlateDecode]", deflateSync("objects: key=value")),
      stream(7, "/Type /XObject /Subtype/Image /Width 9 /Filter /FlateDecode", deflateSync("points of colour")),
    );
    const { kind, members, faults } = listMembers(bytes);
    expect({ kind, faults, names: members.map(([name]) => name) }).toEqual({
      ...{ kind: "pdf", faults: [] },
      names: ["object 4", "object 6"],
    });
    expect(members[0]![1]).toContain("password=hunt\ner(2)");
    expect(members[1]![1]).toBe("objects: key=value");
  });

  test("one that is encrypted says so", () => {
    const bytes = Buffer.concat([
      pdf(stream(4, "/Filter /FlateDecode", deflateSync("x"))),
      Buffer.from("trailer << /Encrypt 9 0 R >>"),
    ]);
    expect(listMembers(bytes)).toEqual({ kind: "pdf", members: [], faults: ["encrypted incomplete "] });
  });
});

describe("parts of office documents", () => {
  const word = (...runs: readonly string[]): string =>
    `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p>${runs
      .map((run) => `<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">${run}</w:t></w:r>`)
      .join("")}</w:p><w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>`;

  test("a word that is cut into runs is whole, a paragraph is a line, references are characters", () => {
    const { kind, members } = listMembers(Buffer.from(word("key ", text.slice(0, 20), text.slice(20), " &amp;&#65;")));
    expect(kind).toBe("office");
    expect(members.map(([, all]) => all)).toEqual([`key ${text} &A\nnext\n`]);
  });

  test("other XML is none, and unclosed tags end", () => {
    expect(listMembers(Buffer.from(`<?xml version="1.0"?><project>${"x".repeat(600)}</project>`)).kind).toBeUndefined();
    listMembers(Buffer.from(word("a").slice(0, 150) + "<".repeat(200_000)));
  });
});

describe("Flash films", () => {
  const film = (version: number): Buffer => {
    const body = Buffer.concat([Buffer.from([0x78, 0, 5, 0x5f]), Buffer.from("\0ActionScript\0password\0marigold\0")]);
    const head = Buffer.from([0x43, 0x57, 0x53, version, 0, 0, 0, 0]);
    head.writeUInt32LE(8 + body.length, 4);
    return Buffer.concat([head, deflateSync(body)]);
  };

  test("are expanded behind their first bytes; texts that begin so are none", () => {
    const { kind, members, faults } = listMembers(film(9));
    expect({ kind, faults }).toEqual({ kind: "swf", faults: [] });
    expect(members[0]![1]).toContain("password\0marigold");
    expect(listMembers(film(9).subarray(0, -6)).faults).toEqual(["archive-corrupt incomplete "]);
    for (const other of [film(2), Buffer.from("CWS\tis one x\x9cof many")])
      expect(listMembers(other).kind).toBeUndefined();
  });
});

describe("archives that are not opened", () => {
  test.each([["packed image of Windows files", "4d5357494d000000d0000000000d010002000400"]])(
    "%s: told as a gap",
    (_name, head) => {
      const { members, faults } = listMembers(Buffer.concat([Buffer.from(head, "hex"), Buffer.alloc(100, 7)]));
      expect({ members, faults }).toEqual({ members: [], faults: ["unsupported incomplete "] });
    },
  );
});

describe("keys in bare form", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });

  test("come as the PEM that says the same", () => {
    const forms = [
      [
        "pkcs1",
        privateKey.export({ type: "pkcs1", format: "der" }),
        privateKey.export({ type: "pkcs1", format: "pem" }),
      ],
      [
        "pkcs8",
        privateKey.export({ type: "pkcs8", format: "der" }),
        privateKey.export({ type: "pkcs8", format: "pem" }),
      ],
      ["spki", publicKey.export({ type: "spki", format: "der" }), publicKey.export({ type: "spki", format: "pem" })],
    ] as const;
    for (const [, der, pem] of forms) expect(listMembers(der).members).toEqual([["", pem]]);
  });

  test("nothing else is one: packets of SNMP, two in a row, cut ones, other structures", () => {
    const der = privateKey.export({ type: "pkcs8", format: "der" });
    const others = [
      Buffer.from("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500", "hex"),
      Buffer.concat([der, der]),
      der.subarray(0, 300),
      Buffer.from(`308201ff${"0".repeat(511)}`),
    ];
    for (const bytes of others) expect(listMembers(bytes).members).toEqual([]);
  });

  testWith("gpg")(
    "each secret key of an OpenPGP ring is a block of its own; public rings are none",
    { timeout: 60_000 },
    () => {
      const home = mkdtempSync(join(tmpdir(), "leaktrace-ring-"));
      const gpg = (...args: readonly string[]): Buffer =>
        execFileSync(
          "gpg",
          ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
          {
            stdio: ["ignore", "pipe", "ignore"],
          },
        );
      try {
        for (const name of ["a@corp.net", "b@corp.net"]) gpg("--quick-gen-key", name, "ed25519", "default", "never");
        const { kind, members } = listMembers(gpg("--export-secret-keys"));
        expect(kind).toBe("bare-key");
        expect(members.map(([name]) => name).sort()).toEqual(["a@corp.net", "b@corp.net"]);
        expect(listMembers(gpg("--export")).kind).toBeUndefined();
      } finally {
        execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
        rmSync(home, { recursive: true, force: true });
      }
    },
  );
});

describe("tables", () => {
  const sheet = (rows: string): string =>
    `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`;

  test("cells of a workbook stand under their headings, whatever texts they refer to", () => {
    const row = (number: number, ...texts: readonly number[]): string =>
      `<row r="${number}">${texts.map((text, i) => `<c r="${"ABC"[i]!}${number}" t="s"><v>${text}</v></c>`).join("")}</row>`;
    const shared = ["Name", "User", "Password", "mail", "bob", "a&amp;b"];
    const { members, faults } = listMembers(
      madeZip([
        { name: "xl/worksheets/sheet1.xml", data: sheet(row(1, 0, 1, 2) + row(2, 3, 4, 5)) },
        {
          name: "xl/sharedStrings.xml",
          data: `<sst>${shared.map((text) => `<si><t>${text}</t></si>`).join("")}</sst>`,
        },
      ]),
    );
    expect(faults).toEqual([]);
    expect(new Map(members).get("xl/worksheets/sheet1.xml rows")).toBe(
      'Name = "mail"\nUser = "bob"\nPassword = "a&b"\n',
    );
  });

  test("rows of a table in a document; two columns are names and values", () => {
    const cell = (text: string): string => `<w:tc><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:tc>`;
    const row = (...texts: readonly string[]): string => `<w:tr>${texts.map(cell).join("")}</w:tr>`;
    const document = (rows: string): Buffer =>
      Buffer.from(
        `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:tbl>${rows}</w:tbl></w:document>`,
      );
    const textOf = (bytes: Buffer): string => listMembers(bytes).members[0]![1];
    expect(textOf(document(row("host", "login", "password") + row("a", "b", "c")))).toMatch(
      /host = "a"\nlogin = "b"\npassword = "c"\n$/,
    );
    expect(textOf(document(row("Setting", "Value") + row("DB password", "x1")))).toMatch(/DB password = "x1"\n$/);
    expect(textOf(document(row("Service", "Password") + row("mail", "x1")))).toMatch(/Password = "x1"\n$/);
  });

  test("what nothing closes costs no more than its length", () => {
    const open = Buffer.from(
      `<w:document xmlns:w="http://schemas.openxmlformats.org/x">${"<w:tbl><w:tr><w:tc>".repeat(50_000)}a`,
    );
    expect(listMembers(open).members).toHaveLength(1);
  });
});

describe("filters of PDF files", () => {
  const text = Buffer.from("BT (the text of a page) Tj ET");
  const hex = (bytes: Buffer): Buffer => Buffer.from(`${bytes.toString("hex")}>`);
  const lengths = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([bytes.length - 1]), bytes, Buffer.from([254, 65, 128])]);
  const ascii85 = (bytes: Buffer): Buffer => {
    let out = "";
    for (let at = 0; at < bytes.length; at += 4) {
      const group = Buffer.concat([bytes.subarray(at, at + 4), Buffer.alloc(3)]).readUInt32BE(0);
      const letters = Array.from({ length: 5 }, (_, i) =>
        String.fromCharCode((Math.floor(group / 85 ** (4 - i)) % 85) + 33),
      );
      out += letters.slice(0, Math.min(4, bytes.length - at) + 1).join("");
    }
    return Buffer.from(`${out}~>`);
  };
  const file = (names: string, data: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`%PDF-1.4\n7 0 obj\n<< /Filter [ ${names} ] /Length ${data.length} >>\nstream\n`),
      data,
      Buffer.from("\nendstream\nendobj\ntrailer\n"),
    ]);
  for (const [names, data] of [
    ["/ASCII85Decode /FlateDecode", ascii85(deflateSync(text))],
    ["/A85", ascii85(text)],
    ["/ASCIIHexDecode /Fl", hex(deflateSync(text))],
    ["/RunLengthDecode", lengths(text)],
  ] as const) {
    test(`${names} are taken off`, () => {
      const { kind, members, faults } = listMembers(file(names, data));
      expect({ kind, faults }).toEqual({ kind: "pdf", faults: [] });
      expect(members[0]![1]).toContain("\nthe text of a page");
    });
  }

  test("LZW is told", () => {
    expect(listMembers(file("/LZWDecode", text)).faults.join()).toContain("unsupported");
  });
});

test("a small archive behind a program is opened", () => {
  const { kind, members } = listMembers(madeZip([{ name: "a", data: "in it" }], Buffer.from("#!/bin/sh\nexit\n")));
  expect({ kind, members }).toEqual({ kind: "zip", members: [["a", "in it"]] });
});

describe("binary property lists", () => {
  const made = (value: string): Buffer => {
    python(`import plistlib; plistlib.dump(${value}, open('a.plist', 'wb'), fmt=plistlib.FMT_BINARY)`);
    return readFileSync(join(folder, "a.plist"));
  };
  const read = (file: Buffer) => listMembers(file, (bytes) => bytes.toString("utf8"));

  testWith("python3")("are the JSON that says the same", () => {
    const file = made(
      `{'ApiToken': '${text}', 'Database': {'Password': 'pässword ☃', 'Port': 5432, 'Used': True}, 'Many': list(range(40)), 'Long': 'x' * 300, 'Data': b'text as data', 'Other': b'\\x00\\xff'}`,
    );
    const { kind, members, faults } = read(file);
    expect({ kind, faults, count: members.length }).toEqual({ kind: "binary-plist", faults: [], count: 1 });
    expect(JSON.parse(members[0]![1])).toEqual({
      ApiToken: text,
      Database: { Password: "pässword ☃", Port: 5432, Used: true },
      Many: Array.from({ length: 40 }, (_, i) => i),
      Long: "x".repeat(300),
      Data: "text as data",
      Other: "",
    });
  });

  testWith("python3")("that are damaged, or hold themselves, end", () => {
    const file = made("{'a': ['b', {'c': 'd'}], 'e': 'f'}");
    for (let at = 0; at < file.length; at++)
      for (const byte of [0, 0x5f, 0xaf, 0xdf, 0xff]) {
        const other = Buffer.from(file);
        other[at] = byte;
        for (const { length } of read(other).members.map(([, content]) => content))
          expect(length).toBeLessThan(64 * file.length);
      }
    // A list of fourteen times itself, 64 levels deep.
    const refs = Buffer.alloc(14);
    const trailer = Buffer.alloc(32);
    trailer.set([1, 1], 6);
    trailer.writeUInt32BE(1, 12);
    trailer.writeUInt32BE(23, 28);
    const nested = Buffer.concat([Buffer.from("bplist00"), Buffer.from([0xae]), refs, Buffer.from([8]), trailer]);
    expect(read(nested).members.map(([, content]) => content.length < 2_000_000)).toEqual([true]);
  });
});
