import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/rules/random.ts";
import { builtinRuleset, detectorOf, plants, probes, rulesetOf } from "./rules-for-tests.ts";

const detector = detectorOf(probes);
const token = (seed: number | string): string => plants["token"]!(createRandom(seed));

/** Line and column of a byte, counted the slow way. */
function placeOf(content: Buffer, at: number): { line: number; column: number } {
  const before = content.subarray(0, at).toString("latin1").split("\n");
  return { line: before.length, column: before[before.length - 1]!.length + 1 };
}

const between = fc.string({
  unit: fc.constantFrom(" ", "\n", "\r\n", "é", "€", "𝄞", "x", "\t", "\0", "="),
  maxLength: 30,
});

describe("places", () => {
  test("are what counting bytes gives", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(between, fc.nat()), { minLength: 1, maxLength: 8 }), between, (parts, tail) => {
        const secrets: { start: number; secret: string }[] = [];
        let content = Buffer.alloc(0);
        for (const [filler, seed] of parts) {
          content = Buffer.concat([content, Buffer.from(`${filler} `)]);
          const secret = token(seed);
          secrets.push({ start: content.length, secret });
          content = Buffer.concat([content, Buffer.from(`${secret} `)]);
        }
        content = Buffer.concat([content, Buffer.from(tail)]);
        const found = detector.scan(content).detections;
        expect(found.map(({ start, end, secret }) => ({ start, end, secret }))).toEqual(
          secrets.map(({ start, secret }) => ({ start, end: start + secret.length, secret })),
        );
        for (const { start, end, startLine, startColumn, endLine, endColumn } of found) {
          expect({ line: startLine, column: startColumn }).toEqual(placeOf(content, start));
          expect({ line: endLine, column: endColumn }).toEqual(placeOf(content, end - 1));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of a match over several lines go from its first to its last byte", () => {
    const block = plants["block"]!(createRandom(1));
    const [found] = detector.scan(Buffer.from(`\n\n  ${block}\n`)).detections;
    expect(found).toMatchObject({
      ruleId: "probe-block",
      startLine: 3,
      startColumn: 3,
      endLine: 6,
      endColumn: "-----END PROBE-----".length,
    });
    expect(found!.match).toBe(block);
  });

  test("of a password that its account tells are those of its own line; a user's rule keeps its whole match", () => {
    const before = "db:\n  host: db-1\n  user: orders\n";
    const line = "  password: Gr4vel_kestrel";
    const content = Buffer.from(`${before}${line}\n  pool: 5\n`);
    const { detections } = detectorOf(builtinRuleset()).scan(content);
    expect(detections.map(({ ruleId }) => ruleId)).toContain("account-password");
    for (const { startLine, startColumn, endLine, endColumn, match } of detections)
      expect([startLine, startColumn, endLine, endColumn, match]).toEqual([4, 3, 4, line.length, line.trim()]);
    const regex = String.raw`user: \w+\s+password: (\w+)`;
    const [own] = detectorOf(rulesetOf([{ id: "own", regex, keywords: ["password"] }])).scan(content).detections;
    expect(own).toMatchObject({ startLine: 3, startColumn: 3, endLine: 4, endColumn: line.length });
  });

  test("of decoded secrets are those of the encoded text, and read back from there", () => {
    fc.assert(
      fc.property(fc.nat(), between, fc.integer({ min: 1, max: 3 }), fc.boolean(), (seed, before, depth, url) => {
        let encoded = `the value is: ${token(seed)} :-)`;
        const plain = encoded;
        for (let i = 0; i < depth; i++) encoded = Buffer.from(encoded).toString(url ? "base64url" : "base64");
        const content = Buffer.from(`${before} "${encoded}"\n`);
        const found = detector.scan(content).detections;
        expect(found).toHaveLength(1);
        const [{ start, end, startLine, startColumn, tags, secret, line }] = [found[0]!];
        expect(secret).toBe(token(seed));
        expect(line).toContain(plain);
        expect({ line: startLine, column: startColumn }).toEqual(placeOf(content, start));
        expect(tags).toEqual(["decoded:base64", `decode-depth:${depth}`]);
        let text = content.toString("latin1", start, end);
        for (let i = 0; i < depth; i++) text = Buffer.from(text, "base64").toString("latin1");
        expect(text).toBe(plain);
      }),
      { numRuns: 100 },
    );
  });

  test("encodings are taken off as often as asked, and no more", () => {
    let text = `the value is: ${token(1)} :-)`;
    for (let depth = 0; depth <= 4; depth++) {
      for (let limit = 0; limit <= 4; limit++) {
        const found = detectorOf(probes, { decodeDepth: limit }).scan(Buffer.from(`x ${text} y`)).detections;
        expect(found.length).toBe(depth <= limit ? 1 : 0);
      }
      text = Buffer.from(text).toString("base64");
    }
  });

  test("the excerpt of a line is bounded, and is whole where the line is short", () => {
    const secret = token(2);
    const [short] = detector.scan(Buffer.from(`first\r\nkey: ${secret};\r\nlast`)).detections;
    expect(short!.line).toBe(`key: ${secret};`);
    const [long] = detector.scan(Buffer.from(`${"a ".repeat(5000)}${secret}${" b".repeat(5000)}`)).detections;
    expect(long!.line.length).toBe(secret.length + 2 * 256);
    expect(long!.line).toContain(secret);
  });

  test("many secrets on one line without an end have their columns", () => {
    const secrets = Array.from({ length: 2_000 }, (_, i) => token(i));
    const found = detector.scan(Buffer.from(secrets.join(" "))).detections;
    expect(found.map(({ startColumn }) => startColumn)).toEqual(
      secrets.map((secret, i) => i * (secret.length + 1) + 1),
    );
  });
});
