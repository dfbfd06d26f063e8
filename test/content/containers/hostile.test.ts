import { execFileSync } from "node:child_process";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { storeAsZstd } from "../../../fixtures/images/compress.ts";
import { mayBeContainer } from "../../../src/content/containers/index.ts";
import { sampleText } from "../streams.ts";
import { endOfTar, rawEntry, rawHeader } from "../tar-blocks.ts";
import { listMembers } from "./list-members.ts";
import { testWith } from "../../require-program.ts";
import { madeZip } from "./made-zip.ts";

const text = sampleText(3_000).toString("latin1");
const zip = madeZip([
  { name: "a", data: text },
  { name: "b/c", data: "second", stored: true },
]);

describe("a ZIP file", () => {
  test("is told by its end too, and what stands before it moves nothing", () => {
    const program = madeZip([{ name: "a", data: "text" }], Buffer.from("\x7fELF".padEnd(600, "x"), "latin1"));
    expect(listMembers(program)).toEqual({ kind: "zip", members: [["a", "text"]], faults: [] });
  });

  test("with encrypted members or unknown methods names them", () => {
    const { members, faults } = listMembers(
      madeZip([
        { name: "hidden", data: "x", flags: 1 },
        { name: "strange", data: "x", method: 97 },
        { name: "open", data: "y" },
      ]),
    );
    expect(members).toEqual([["open", "y"]]);
    expect(faults).toEqual(["encrypted incomplete hidden", "unsupported incomplete strange"]);
  });

  test("also gives members that its directory does not name, and tells other names", () => {
    const { members, faults } = listMembers(
      madeZip([
        { name: "a", data: "first" },
        { name: "ghost", data: "unlisted", unlisted: true },
        { name: "b", data: "third", localName: "c" },
      ]),
    );
    expect(members).toEqual([
      ["a", "first"],
      ["ghost", "unlisted"],
      ["b", "third"],
    ]);
    expect(faults).toEqual(["archive-corrupt note ghost", "archive-corrupt note b"]);
  });

  test("that is cut off gives what is there", () => {
    const cut = listMembers(zip.subarray(0, zip.length - 30));
    expect(cut.members).toEqual([
      ["a", text],
      ["b/c", "second"],
    ]);
    expect(cut.faults).toEqual(["archive-corrupt incomplete "]);
  });

  test("whose members share bytes is read once: a kernel of zeros under a thousand names", () => {
    const kernel = { name: "0", data: Buffer.alloc(100_000) };
    const more = Array.from({ length: 1000 }, (_, i) => ({ name: String(i + 1), data: "", at: 0 }));
    const { members, faults } = listMembers(madeZip([kernel, ...more]), (all) => String(all.length));
    expect(members).toEqual([["0", "100000"]]);
    expect(new Set(faults.map((fault) => fault.split(" ").slice(0, 2).join(" ")))).toEqual(
      new Set(["bomb incomplete"]),
    );
    expect(faults).toHaveLength(1000);
  });

  test("with a wrong checksum says so", () => {
    expect(listMembers(madeZip([{ name: "a", data: "x", sum: 7 }])).faults).toEqual(["archive-corrupt incomplete a"]);
  });

  test("that is cut off behind another one inside of it is not taken for that one", () => {
    const inner = madeZip([{ name: "inside", data: "second" }]);
    const outer = madeZip([
      { name: "first", data: "first" },
      { name: "inner.zip", data: inner, stored: true },
      { name: "last", data: sampleText(5000) },
    ]);
    const { members, faults } = listMembers(outer.subarray(0, outer.indexOf(inner) + inner.length + 100));
    expect(members.map(([name]) => name)).toContain("inside");
    expect(faults).toContain("archive-corrupt incomplete ");
    expect(listMembers(Buffer.concat([madeZip([{ name: "stub", data: "x" }]), inner])).faults.join()).not.toContain(
      "incomplete",
    );
  });

  test("with damaged data gives what came before", () => {
    const body = deflateRawSync(sampleText(400_000));
    const at = zip.indexOf(deflateRawSync(Buffer.from(text, "latin1"))) + 1;
    expect(at).toBeGreaterThan(1);
    const large = madeZip([{ name: "big", data: sampleText(400_000) }]);
    large[large.indexOf(body) + body.length - 100]! ^= 0xff;
    const { members, faults } = listMembers(large);
    expect(sampleText(400_000).toString("latin1").startsWith(members[0]![1].slice(0, 300_000))).toBe(true);
    expect(members[0]![1].length).toBeGreaterThan(300_000);
    expect(faults).toHaveLength(1);
  });
});

describe("a tar", () => {
  test("is read on behind damage, behind its end and behind links with or without a body", () => {
    const tar = Buffer.concat([
      rawEntry({ name: "one" }, "1"),
      Buffer.alloc(512, 0x41),
      rawEntry({ name: "../../two" }, "2"),
      rawHeader({ name: "link", type: "1", size: 700, linkName: "one" }),
      rawEntry({ name: "three" }, "3"),
      endOfTar,
      rawEntry({ name: "four" }, "4"),
    ]);
    const { kind, members, faults } = listMembers(tar);
    expect(kind).toBe("tar");
    expect(members).toEqual([
      ["one", "1"],
      ["two", "2"],
      ["three", "3"],
      ["four", "4"],
    ]);
    expect(faults).toEqual(["archive-corrupt incomplete ", "archive-corrupt note "]);
  });

  test("that ends in a file says so", () => {
    const { members, faults } = listMembers(rawEntry({ name: "x" }, "a".repeat(600)).subarray(0, 1000));
    expect(members).toEqual([["x", "a".repeat(488)]]);
    expect(faults).toEqual(["archive-corrupt incomplete x"]);
  });
});

describe("other kinds", () => {
  test("cpio, both formats; RPM around it", () => {
    const file = (name: string, body: string): Buffer => {
      const fields = [1, 0o100644, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length + 1, 0];
      const head = Buffer.from(`070701${fields.map((n) => n.toString(16).padStart(8, "0")).join("")}${name}\0`);
      const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
      return Buffer.concat([pad(head), pad(Buffer.from(body))]);
    };
    const cpio = Buffer.concat([file("./etc/a", "text a"), file("b", "bb"), file("TRAILER!!!", "")]);
    const wanted = [
      ["etc/a", "text a"],
      ["b", "bb"],
    ];
    expect(listMembers(cpio)).toEqual({ kind: "cpio", members: wanted, faults: [] });
    const old = (name: string, body: string): Buffer => {
      const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");
      const fields = [0, 1, 0o100644, 0, 0, 1, 0].map((n) => octal(n, 6)).join("");
      return Buffer.from(
        `070707${fields}${octal(0, 11)}${octal(name.length + 1, 6)}${octal(body.length, 11)}${name}\0${body}`,
      );
    };
    const oldCpio = Buffer.concat([old("etc/a", "text a"), old("b", "bb"), old("TRAILER!!!", "")]);
    expect(listMembers(oldCpio)).toEqual({ kind: "cpio", members: wanted, faults: [] });
    const header = (data: number): Buffer => {
      const intro = Buffer.from("8eade801000000000000000000000000", "hex");
      intro.writeUInt32BE(data, 12);
      return Buffer.concat([intro, Buffer.alloc(data)]);
    };
    const lead = Buffer.concat([Buffer.from("edabeedb0300", "hex"), Buffer.alloc(90)]);
    const rpm = Buffer.concat([lead, header(13), Buffer.alloc(3), header(40), gzipSync(cpio)]);
    const { kind, members } = listMembers(rpm);
    expect(kind).toBe("rpm");
    const payload = listMembers(Buffer.from(members[0]![1], "latin1"));
    expect(listMembers(Buffer.from(payload.members[0]![1], "latin1")).members).toEqual(wanted);
    // Headers that lie about their sizes, that are no headers, and bytes that came in between.
    for (const lie of [
      Buffer.concat([lead, header(13).fill(0xff, 12, 16), Buffer.alloc(3), header(40), gzipSync(cpio)]),
      Buffer.concat([lead, header(13).fill(0x7f, 14, 16), Buffer.alloc(3), header(40), gzipSync(cpio)]),
      Buffer.concat([lead, header(13).fill(0x7f, 13, 16), Buffer.alloc(3), header(40), gzipSync(cpio)]),
      Buffer.concat([lead, Buffer.alloc(29), Buffer.alloc(3), header(40), gzipSync(cpio)]),
      Buffer.concat([lead, header(13), Buffer.alloc(3), header(40), Buffer.alloc(7), gzipSync(cpio)]),
    ]) {
      const lied = listMembers(lie);
      expect(lied.faults).toEqual(["archive-corrupt incomplete "]);
      expect(lied.members).toEqual(members);
    }
    expect(listMembers(rpm.subarray(0, 150)).faults).toEqual(["archive-corrupt incomplete "]);
  });

  test("an Alpine package is one stream of tars", () => {
    const part = (name: string, ends: boolean): Buffer =>
      gzipSync(Buffer.concat([rawEntry({ name }, name), ends ? endOfTar : Buffer.alloc(0)]));
    const apk = Buffer.concat([part("signature", false), part(".PKGINFO", false), part("etc/x", true)]);
    const tar = Buffer.from(listMembers(apk).members[0]![1], "latin1");
    expect(listMembers(tar).members.map(([name]) => name)).toEqual(["signature", ".PKGINFO", "etc/x"]);
  });

  test("bytes behind a gzip stream are noted, and are a part of their own", () => {
    expect(listMembers(Buffer.concat([gzipSync("x"), Buffer.from("tail")]))).toEqual({
      kind: "gzip",
      members: [
        ["", "x"],
        ["", "tail"],
      ],
      faults: ["archive-corrupt note "],
    });
  });

  test("zstd that asks for gigabytes gets none", () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(listMembers(header)).toMatchObject({ kind: "zstd", faults: ["unsupported incomplete "] });
  });
});

const samples: readonly Buffer[] = [
  zip,
  gzipSync(text),
  Buffer.from(storeAsZstd(sampleText(2_000))),
  Buffer.concat([rawEntry({ name: "x" }, text), rawEntry({ name: "y" }, "yy"), endOfTar]),
  Buffer.from("QlpoOTFBWSZTWb2vUDMAAAAQgEAAAC5m3iAgACIaAMQNNBHpIQSpTIpXXB9F3JFOFCQva9QMwA==", "base64"),
  Buffer.from(
    "/Td6WFoAAATm1rRGBMAnIyEBHAAAAAAAAAAAALXDeZ3gACIAH10AMhqLybBVsWu4xJRuCVWBxPgAAAAAAAAAAAAAAAAAAAAA",
    "base64",
  ),
];

test("damage anywhere neither throws nor hangs, whatever the kind", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      (sample, flips, cut) => {
        const bytes = Buffer.from(cut % 3 === 0 ? sample.subarray(0, cut % sample.length) : sample);
        for (const [at, bits] of flips) if (bytes.length > 16) bytes[16 + (at % (bytes.length - 16))]! ^= bits;
        listMembers(bytes);
      },
    ),
    { numRuns: 1500 },
  );
});

test("what may be a container is asked of three places only, and of none too few", () => {
  for (const sample of samples) expect(mayBeContainer(sample, 0, sample.length)).toBe(true);
  const other = Buffer.from("const x = 1;\n".repeat(100));
  expect(mayBeContainer(other, 0, other.length)).toBe(false);
});

describe("compressed data that came out as something else", () => {
  test("of gzip are told by their checksum and their length", () => {
    const whole = gzipSync("what was packed");
    for (const at of [whole.length - 8, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1;
      expect(listMembers(bytes)).toEqual({
        kind: "gzip",
        members: [["", "what was packed"]],
        faults: ["archive-corrupt incomplete "],
      });
    }
    expect(listMembers(Buffer.concat([whole, whole])).faults).toEqual([]);
  });

  testWith("bzip2")("of bzip2 are told by the checksum of each block, and what follows is read", () => {
    const bytes = execFileSync("bzip2", ["-1c"], { input: sampleText(150_000) });
    expect(listMembers(bytes).faults).toEqual([]);
    // Its sum stands behind the mark of the first block.
    bytes[10]! ^= 1;
    const { members, faults } = listMembers(bytes);
    expect(members[0]![1].length).toBe(150_000);
    expect(faults).toEqual(["archive-corrupt incomplete "]);
  });

  test("in streams of a PDF file are told, and what is no deflated stream is not", () => {
    const pdf = (body: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from("%PDF-1.4\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n"),
        body,
        Buffer.from("\nendstream\nendobj\n%%EOF\n"),
      ]);
    const body = deflateSync(sampleText(5000));
    expect(listMembers(pdf(body)).faults).toEqual([]);
    expect(listMembers(pdf(Buffer.from("no deflated stream"))).faults).toEqual([]);
    body[body.length - 1]! ^= 1;
    expect(listMembers(pdf(body)).faults).toEqual(["archive-corrupt incomplete object 1"]);
  });
});
