import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Detector } from "../../src/detect/index.ts";
import type { Copies, Trace } from "../../src/detect/trace.ts";
import { generateToken } from "../../src/rules/generators.ts";
import { createRandom, type Random } from "../../src/rules/random.ts";
import { encoders } from "./decode/encoders.ts";
import { builtinRuleset, detectorOf, plants, probes } from "./rules-for-tests.ts";

const windowed = detectorOf({ ...probes, rules: probes.rules.filter(({ reach }) => reach === "window") });
const everywhere = detectorOf(probes);
const builtin = detectorOf(builtinRuleset());

/** Text in which secrets, halves of secrets, keywords and encoded secrets stand close together. */
function dense(random: Random, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let size = 0; size < length;) {
    const plain = random.pick(Object.values(plants))(random);
    const encoded = Buffer.from(`some text ${plain} and more`).toString("base64");
    const written = Buffer.from(random.pick(encoders).encode(plants["token"]!(random), random));
    const cut = random.integer(2) === 0 ? 0 : random.integer(written.length);
    const next = Buffer.from(
      random.pick([
        () => written.toString("latin1"),
        () => written.toString("latin1"),
        () => written.subarray(cut).toString("latin1"),
        () => written.subarray(0, cut).toString("latin1"),
        () => plain,
        () => encoded,
        () => encoded + encoded,
        () => plain.slice(0, random.integer(plain.length)),
        () => encoded.slice(random.integer(20)),
        () => "prb_ probekey = ",
        () => "const value = compute(input);\n".repeat(random.integer(12)),
        () => "-----BEGIN PROBE-----\n",
        () => " ".repeat(random.integer(600)),
      ])() + random.pick(["\n", " ", "", ";\r\n"]),
      "latin1",
    );
    parts.push(next);
    size += next.length;
  }
  return Buffer.concat(parts);
}

interface Version {
  readonly bytes: Buffer;
  readonly copies: Copies;
}

/** Another version: pieces of the one before, some left out, some moved, some twice, with something new between them. */
function edit(before: Buffer, random: Random): Version {
  // Half of the cuts stand where a word ends: there copies, runs and secrets share their borders.
  const cut = (): number => {
    const at = random.integer(before.length + 1);
    if (random.integer(2) === 0) return at;
    const space = before.indexOf(random.pick([" ", "\n", ";", "="]), at);
    return space < 0 ? at : space + random.integer(2);
  };
  const cuts = [0, ...Array.from({ length: random.integer(6) }, cut), before.length].sort((a, b) => a - b);
  let pieces = cuts.slice(1).map((end, i) => ({ from: cuts[i]!, length: end - cuts[i]! }));
  if (random.integer(3) === 0) pieces = pieces.filter(() => random.integer(4) > 0);
  if (random.integer(4) === 0) pieces.push(random.pick(pieces.length > 0 ? pieces : [{ from: 0, length: 0 }]));
  if (random.integer(4) === 0) pieces.reverse();
  const parts: Buffer[] = [];
  const copies: number[] = [];
  let to = 0;
  const insert = (): void => {
    const added =
      random.integer(3) === 0
        ? Buffer.alloc(0)
        : random.integer(2) === 0
          ? dense(random, random.integer(80))
          : Buffer.from(random.pick(["x", "\n", "=", "_", "A".repeat(40)]));
    parts.push(added);
    to += added.length;
  };
  for (const { from, length } of pieces) {
    insert();
    const bytes = before.subarray(from, from + length);
    if (bytes.length === 0) continue;
    copies.push(to, from, bytes.length);
    parts.push(bytes);
    to += bytes.length;
  }
  insert();
  return { bytes: Buffer.concat(parts), copies: Uint32Array.from(copies) };
}

function place(detector: Detector, bytes: Uint8Array): number {
  detector.kernel.reserve(bytes.length);
  detector.kernel.bytes.set(bytes, detector.kernel.arena);
  return detector.kernel.arena;
}

/** Every version, each traced from the one before, gives what a scan of it alone gives. */
function expectSame(detector: Detector, first: Buffer, random: Random, count: number): number {
  let bytes = first;
  let trace: Trace = detector.trace(place(detector, bytes), bytes.length);
  let found = 0;
  for (let i = 0; i < count; i++) {
    const version = edit(bytes, random);
    const at = place(detector, version.bytes);
    trace = detector.traceVersion(at, version.bytes.length, trace, version.copies);
    const inherited = detector.finish(at, trace);
    expect(inherited).toEqual(detector.scan(version.bytes));
    found += inherited.detections.length;
    bytes = version.bytes;
  }
  return found;
}

describe("a content that is made from another by a delta", () => {
  test("gives what it gives by itself, over any edits and many versions", { timeout: 60_000 }, () => {
    let found = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 6000 }), (seed, length) => {
        const random = createRandom(seed);
        found += expectSame(windowed, dense(random, length), random, 6);
      }),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(2_000);
  });

  test("also by rules that look at whole contents, which inherit nothing", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = createRandom(seed);
        expectSame(everywhere, dense(random, 2000), random, 3);
      }),
      { numRuns: 40 },
    );
  });

  test("also by the built-in rules", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = createRandom(seed);
        const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        const lines = Array.from({ length: 60 }, () =>
          random.pick([
            () => `aws_secret_access_key = ${random.chars(alnum, 40)}`,
            () =>
              `-----BEGIN ${"RSA"} PRIVATE KEY-----\n${Buffer.from(random.bytes(400)).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END RSA PRIVATE KEY-----`,
            () => `password: "${random.chars(alnum, 20)}"`,
            () => `https://user:${random.chars(alnum, 16)}@git.internal.corp/x.git`,
            () => `t = "${generateToken("github-pat", random)!.split("").reverse().join("")}"`,
            () => `t = [${[...Buffer.from(generateToken("npm", random)!)].join(", ")}]`,
            () => "for (const line of lines) console.log(line);",
          ])(),
        );
        expectSame(builtin, Buffer.from(lines.join("\n")), random, 4);
      }),
      { numRuns: 20 },
    );
  });

  test("where hits, copies and borders fall together byte by byte", () => {
    const secret = plants["token"]!(createRandom("edge"));
    const before = Buffer.from(`${"lorem ipsum ".repeat(40)}${secret} ${"dolor sit ".repeat(40)}`);
    const at = before.indexOf(secret);
    for (let cut = at - 12; cut <= at + secret.length + 12; cut++) {
      for (const added of ["", "x", " ", "\n", "AB_C"]) {
        const bytes = Buffer.concat([before.subarray(0, cut), Buffer.from(added), before.subarray(cut)]);
        const copies = Uint32Array.of(0, 0, cut, cut + added.length, cut, before.length - cut);
        const trace = windowed.trace(place(windowed, before), before.length);
        const here = place(windowed, bytes);
        const inherited = windowed.finish(here, windowed.traceVersion(here, bytes.length, trace, copies));
        expect(inherited).toEqual(windowed.scan(bytes));
      }
    }
  });
});
