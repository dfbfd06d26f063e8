import stringWidth from "string-width";
import { beforeAll, describe, expect, test } from "vitest";
import { formats, loadWidths, placeLines, plainOptions, summaryLine } from "../../src/report/index.ts";
import { bytesText, countText } from "../../src/report/index.ts";
import { fileOrigin, finding, gitOrigin, imageOrigin, report, sighting } from "../findings/samples.ts";

const { layer } = imageOrigin();

beforeAll(loadWidths);

const everything = report({
  findings: [
    finding({
      severity: "critical",
      confidence: "certain",
      otherRules: ["other-rule"],
      facts: ["account 123456789012", "expired 2023-01-01"],
      sightings: [
        sighting(gitOrigin({ inHead: false, refs: ["main", "v1", "v2", "v3", "v4"] })),
        sighting(gitOrigin({ commit: undefined as never, path: "", refs: [] })),
        sighting(imageOrigin({ deleted: true, deletedBy: { ...layer!, index: 4 } })),
      ],
    }),
    finding({
      severity: "low",
      sightings: [
        sighting(fileOrigin("a\x1b[2J\u202e.env"), {
          key: "…db.password",
          parts: [
            { name: "user", value: "app" },
            { name: "host", value: "db\x1b.corp.net" },
          ],
        }),
      ],
    }),
    finding({ suppressed: { by: "baseline", reason: "known value" } }),
  ],
  targets: [
    ...report().targets,
    { ...report().targets[0]!, target: "shop:1.2", kind: "image", status: "incomplete", findings: 0 },
  ],
  problems: [
    { code: "shallow", effect: "note", target: "repo", subject: "", message: "history is cut off" },
    {
      code: "layer-corrupt",
      effect: "incomplete",
      target: "shop:1.2",
      subject: "sha256:12",
      message: "does not inflate",
    },
  ],
  ledger: {
    planned: 12_346,
    scanned: 12_345,
    bytes: 1_234_567_890,
    skipped: { "layer-corrupt": 1 },
    suppressed: { entropy: 1000, placeholder: 20 },
  },
});

describe("text", () => {
  test("is this, byte for byte", () => {
    expect([...formats.text(everything, plainOptions)].join("\n"))
      .toBe(`CRITICAL  Sample token: opens the sample service.
  value  abcd......yz
  rule   sample-token (certain), also other-rule
  facts  account 123456789012; expired 2023-01-01
  where  repo: src/config.ts:3:7
         commit 4015b57a143a · 2024-01-31 · Ada Example <ada@example.org>
         not in HEAD, still in history · main, v1, v2 and 2 more
  where  repo: blob 0fd0bcfb44f8:3:7
         object 0fd0bcfb44f8, in no commit
  where  shop:1.2 (linux/amd64): app/.env:3:7
         layer 2 · sha256:bbbbbbbbbbbb · COPY . /app
         deleted in layer 4, still in the image
  life   introduced in layer 2 · deleted in layer 4 (COPY . /app) · not visible in containers, still extractable
  do     Delete it in the settings of the sample service.
  id     lt100000000000000000000000000000001

LOW       Sample token: opens the sample service.
  value  abcd......yz
  rule   sample-token (likely)
  where  a\\x1b[2J\\u202e.env:3:7
         key …db.password · with user app, host db\\x1b.corp.net
  do     Delete it in the settings of the sample service.
  id     lt100000000000000000000000000000001

2 secrets: 1 critical, 1 low. The scan is incomplete: what was not read can hold more.
Scanned 12,345 contents, 1.23 GB, with 200 rules; 1 left out (1 layer-corrupt).
Judged not to be secrets: 1,020 (1,000 entropy, 20 placeholder).
Hidden by decisions: 1.

found       repo  1 secret
incomplete  shop:1.2

not scanned: shop:1.2: sha256:12: does not inflate [layer-corrupt]
note: repo: history is cut off [shallow]`);
  });

  test.each([60, 80, 120, 200])("fits %i columns and loses nothing", (width) => {
    const words = (lines: Iterable<string>): string => [...lines].join(" ").replace(/\s+/g, "");
    const lines = [...formats.text(everything, { ...plainOptions, width })];
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
    expect(words(lines)).toBe(words(formats.text(everything, plainOptions)));
  });

  test("wide characters and long paths stay within the width", () => {
    const path = `${"漢字".repeat(60)}/${"long-".repeat(60)}`;
    const given = report({ findings: [finding({ sightings: [sighting(fileOrigin(path))] })] });
    for (const line of formats.text(given, { ...plainOptions, width: 60 })) {
      expect(stringWidth(line)).toBeLessThanOrEqual(60);
    }
  });

  test("colour adds escape codes and nothing else", () => {
    const plain = [...formats.text(everything, plainOptions)].join("\n");
    const coloured = [...formats.text(everything, { ...plainOptions, colour: true })].join("\n");
    expect(coloured).not.toBe(plain);
    // oxlint-disable-next-line no-control-regex -- the codes of colours
    expect(coloured.replaceAll(/\x1b\[[\d;]*m/g, "")).toBe(plain);
    expect(plain).not.toContain("\x1b");
  });

  test("the ASCII form has no other character", () => {
    // oxlint-disable-next-line no-control-regex -- all of ASCII
    for (const line of formats.text(everything, { ...plainOptions, ascii: true }))
      expect(line).toMatch(/^[\x20-\x7e]*$/);
  });

  test("many places and problems are counted instead of listed", () => {
    const sightings = Array.from({ length: 1008 }, (_, i) => sighting(fileOrigin(`f${i}`)));
    const problems = Array.from({ length: 25 }, (_, i) => ({ ...everything.problems[0]!, subject: `${i}` }));
    const lines = [...formats.text(report({ findings: [finding({ sightings })], problems }), plainOptions)];
    expect(lines).toContain("         … and 1,000 more (-f jsonl lists all)");
    expect(lines.at(-1)).toBe("… and 5 more problems (-f jsonl lists all)");
  });

  test("a clean scan says so, an interrupted one too", () => {
    const clean = report({ findings: [], targets: [{ ...report().targets[0]!, status: "clean", findings: 0 }] });
    expect([...formats.text(clean, plainOptions)]).toEqual([
      "No secrets found.",
      "Scanned 12,345 contents, 1.23 GB, with 200 rules; nothing left out.",
    ]);
    expect([...formats.text({ ...clean, interrupted: true }, plainOptions)][0]).toBe(
      "No secrets found. The scan was interrupted.",
    );
    // What could not be asked for is counted nowhere.
    const gap = { code: "unreadable", effect: "incomplete", target: "t", subject: "s", message: "gone" } as const;
    expect([...formats.text({ ...clean, problems: [gap] }, plainOptions)]).toEqual([
      "No secrets found. The scan is incomplete: what was not read can hold more.",
      "Scanned 12,345 contents, 1.23 GB, with 200 rules.",
      "",
      "not scanned: t: s: gone [unreadable]",
    ]);
    expect(summaryLine(clean)).toBe("no secrets in 12,345 contents (1.23 GB)");
    expect(summaryLine(report())).toBe("1 secret in 12,345 contents (1.23 GB)");
    expect(summaryLine(everything)).toBe("2 secrets in 12,345 contents (1.23 GB); the scan is incomplete");
  });

  test("a long instruction is cut", () => {
    const createdBy = `RUN ${"x".repeat(500)}`;
    expect(placeLines(sighting(imageOrigin({ layer: { ...layer!, createdBy } })))[1]?.length).toBeLessThan(220);
  });
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [12_345, "12.3 kB"],
  [999_949, "1000 kB"],
  [123_456_789, "123 MB"],
  [5_780_000_000, "5.78 GB"],
])("%i bytes are written %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text === "1000 kB" ? "1.00 MB" : text);
});

test("counts have commas", () => {
  expect([0, 12, 999, 1000, 1_234_567].map(countText)).toEqual(["0", "12", "999", "1,000", "1,234,567"]);
});

describe("places of which the same is to be told", () => {
  const lines = (...paths: string[]): string[] =>
    [
      ...formats.text(
        report({ findings: [finding({ sightings: paths.map((path) => sighting(gitOrigin({ path }))) })] }),
        plainOptions,
      ),
    ]
      .filter((line) => /^ {2}(?:where| {5}) {2}/.test(line))
      .map((line) => line.slice(2));

  test("tell it once, under the last of them", () => {
    const [first, second, ...rest] = lines("a.env", "b.env");
    expect([first, second]).toEqual([
      expect.stringMatching(/^where {2}.*a\.env/),
      expect.stringMatching(/^ {7}.*b\.env/),
    ]);
    expect(rest.filter((line) => line.includes("commit "))).toHaveLength(1);
    expect(lines("a.env").slice(1)).toEqual(rest.slice(0, lines("a.env").length - 1));
  });
});
