import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Detector, ScanResult } from "../../src/detect/index.ts";
import { createRandom, type Random } from "../../src/rules/random.ts";
import { encodedCarry } from "../../src/detect/decode/stream-decoder.ts";
import { encoders } from "./decode/encoders.ts";
import { builtinRuleset, detectorOf, plants, probes } from "./rules-for-tests.ts";

const mebibyte = 1 << 20;
const detector = detectorOf(probes);
const builtin = detectorOf(builtinRuleset());

/** Feeds a stream in chunks of these sizes, over and over. */
function streamed(by: Detector, content: Uint8Array, sizes: readonly number[]): ScanResult {
  const stream = by.stream();
  for (let at = 0, i = 0; at < content.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length]!);
    stream.push(content.subarray(at, at + size));
    at += size;
  }
  return stream.end();
}

const sizes = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 3 * mebibyte }),
    fc.constantFrom(4096, 65_536, mebibyte, mebibyte + 1),
  ),
  {
    minLength: 1,
    maxLength: 4,
  },
);

/** Text between the secrets. What it is decides which paths are taken: lines, no lines, nothing but base64, bytes of all kinds. */
const fillers: Readonly<Record<string, (random: Random, length: number) => Buffer>> = {
  lines: (random, length) =>
    Buffer.from(
      "const value = compute(input, 42); // probably\n".repeat(length / 40 + 1).slice(random.integer(30)),
      "latin1",
    ).subarray(0, length),
  oneLine: (_random, length) => Buffer.alloc(length, "lorem ipsum dolor sit amet "),
  newlines: (_random, length) => Buffer.alloc(length, "\n"),
  base64: (random, length) =>
    Buffer.from(
      Buffer.alloc(length, `some text ${random.integer(1e9)}, and more of it\n`)
        .toString("base64")
        .slice(0, length),
    ),
  zeros: (_random, length) => Buffer.alloc(length),
};

/** What is planted: plain, encoded once or twice, in a long run, with a run right before it. */
function plant(random: Random): Buffer {
  const kinds = Object.values(plants);
  const plain = random.pick(kinds)(random);
  const encoded = Buffer.from(`user: ${plain}\n`).toString("base64");
  const long = Buffer.from(
    `${"text in front ".repeat(random.pick([3, 40, 1100, 1250, 1500]))}${plain} and behind`,
  ).toString("base64");
  if (random.integer(4) === 0) return Buffer.from(random.pick(encoders).encode(plants["token"]!(random), random));
  return Buffer.from(
    random.pick([
      ...Array<string>(8).fill(plain),
      ...Array<string>(5).fill(encoded),
      Buffer.from(`x=${encoded};`).toString("base64url"),
      long,
      `${encoded.slice(0, 24)} ${long}`,
    ]),
  );
}

/**
 * Secrets stand close together where the segments of a stream end (a MiB and what is kept of the one before), and here and there elsewhere: whatever the
 * segments are, something lies across each border.
 */
function contentOf(seed: number, segments: number): Buffer {
  const random = createRandom(seed);
  const filler = fillers[random.pick(Object.keys(fillers))]!;
  const parts: Buffer[] = [Buffer.from(random.integer(2) === 0 ? "probe-anywhere\n" : "")];
  for (let segment = 0; segment < segments; segment++) {
    const dense: Buffer[] = [];
    for (let length = 0; length < 24_000;) {
      const next = Buffer.concat([
        plant(random),
        Buffer.from(random.pick(["\n", " ", "\r\n", ", ", "\0", "\n\n\n"])),
        filler(random, random.integer(60)),
      ]);
      dense.push(next);
      length += next.length;
    }
    const before = segment === 0 ? mebibyte + encodedCarry - 12_000 : mebibyte - 24_000;
    parts.push(filler(random, before), plant(random), Buffer.from("\n"), ...dense);
  }
  if (random.integer(4) === 0) parts.push(Buffer.from("\nprobe-anywhere"));
  return Buffer.concat(parts);
}

/** A detection without what only people read: makes failures short. */
function brief(result: ScanResult): unknown {
  return {
    limited: result.limited,
    found: result.detections.map(
      ({ ruleId, start, end, startLine, startColumn, endLine, endColumn, secret, tags, line, match, key, parts }) =>
        [
          ruleId,
          start,
          end,
          `${startLine}:${startColumn}-${endLine}:${endColumn}`,
          secret,
          tags.join(),
          line,
          match,
          key,
          JSON.stringify(parts),
        ].join("|"),
    ),
  };
}

describe("a content that comes in pieces", () => {
  test("gives what it gives as a whole, wherever the borders are", { timeout: 60_000 }, () => {
    let found = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 2 }), sizes, (seed, segments, chunks) => {
        const content = contentOf(seed, segments);
        const whole = detector.scan(content);
        found += whole.detections.length;
        expect(brief(streamed(detector, content, chunks))).toEqual(brief(whole));
      }),
      { numRuns: 30 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test("of single bytes, too", () => {
    const content = contentOf(7, 1);
    expect(streamed(detector, content, [1])).toEqual(detector.scan(content));
  });

  test("counts what was judged not to be a secret as often", () => {
    fc.assert(
      fc.property(fc.nat(), sizes, (seed, chunks) => {
        const random = createRandom(seed);
        const line = (): string =>
          random.pick([
            `prb_${"x".repeat(30)}`,
            plants["token"]!(random),
            `${plants["token"]!(random)} # gitleaks:allow`,
          ]);
        const dense = Array.from({ length: 700 }, line).join("\n");
        const content = Buffer.concat([fillers["lines"]!(random, mebibyte), Buffer.from(dense)]);
        expect(streamed(detector, content, chunks)).toEqual(detector.scan(content));
      }),
      { numRuns: 8 },
    );
  });

  test("is scanned the same by the built-in rules", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.nat(), sizes, (seed, chunks) => {
        const random = createRandom(seed);
        const secrets = [
          () =>
            `AWS_SECRET_ACCESS_KEY=${random.chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/+", 40)}`,
          () => `glpat-${random.chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 20)}`,
          () => `postgres://app:${random.chars("0123456789abcdefghijklmnopqrstuvwxyz", 20)}@db.internal.corp:5432/main`,
          () =>
            `-----BEGIN ${"RSA"} PRIVATE KEY-----\n${Buffer.from(random.bytes(600)).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END RSA PRIVATE KEY-----`,
          () => `password = "${random.chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 24)}"`,
        ];
        const one = (): string => {
          const plain = random.pick(secrets)();
          return random.integer(4) === 0 ? Buffer.from(`# ${plain}`).toString("base64") : plain;
        };
        const dense = Array.from({ length: 200 }, () => `${one()}\n${"// text\n".repeat(random.integer(9))}`).join("");
        const content = Buffer.concat([
          fillers["lines"]!(random, mebibyte),
          Buffer.from(dense),
          fillers["oneLine"]!(random, mebibyte),
          Buffer.from(dense),
        ]);
        const whole = builtin.scan(content);
        expect(whole.detections.length).toBeGreaterThan(100);
        expect(brief(streamed(builtin, content, chunks))).toEqual(brief(whole));
      }),
      { numRuns: 6 },
    );
  });

  test("a run of base64 that starts just before a border is decoded", () => {
    const token = plants["token"]!(createRandom("border"));
    const encoded = Buffer.from(`value: ${token} and the rest`).toString("base64");
    // The first border lies a MiB and what is kept behind the begin; steps of three bytes make one of these runs lie across with few bytes before it.
    for (let shift = 0; shift < 20; shift++) {
      const runs = `${encoded}${" ".repeat(7)}`.repeat(400);
      const content = Buffer.concat([
        Buffer.alloc(mebibyte + encodedCarry - 10_000 + shift * 4, " "),
        Buffer.from(runs),
      ]);
      expect(streamed(detector, content, [mebibyte]).detections.length).toBe(400);
    }
  });
});
