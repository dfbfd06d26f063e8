import { describe, expect, test } from "vitest";
import type { Detector, ScanResult } from "../../src/detect/index.ts";
import { createRandom } from "../../src/rules/random.ts";
import { traceLimits } from "../../src/detect/trace.ts";
import { seed } from "../property-seed.ts";
import { detectorOf, plants, probes, rulesetOf } from "./rules-for-tests.ts";

const random = createRandom(`dense ${seed}`);

function streamed(detector: Detector, bytes: Buffer, chunk: number): ScanResult {
  const stream = detector.stream();
  for (let at = 0; at < bytes.length; at += chunk) stream.push(bytes.subarray(at, at + chunk));
  return stream.end();
}

/** Scanned as a version of its own first half. */
function asVersion(detector: Detector, bytes: Buffer): ScanResult {
  const half = bytes.length >> 1;
  const low = detector.kernel.arena;
  detector.scan(bytes.subarray(0, half));
  const before = detector.trace(low, half);
  detector.kernel.reserve(bytes.length);
  detector.kernel.bytes.set(bytes, low);
  return detector.finish(low, detector.traceVersion(low, bytes.length, before, Uint32Array.of(0, 0, half)));
}

describe("a content full of keywords", () => {
  // What tells a match stands further behind the keyword than the sieve looks.
  const probe = rulesetOf([{ id: "near", regex: "near_[a-z_]{90}#[0-9]{4}", keywords: ["near_"] }]);
  const token = (digits: number): string => `near_${"x".repeat(90)}#${digits}`;
  const count = traceLimits.maxWork;
  const text = (words: number): Buffer => Buffer.from(`${token(1234)}\n${"near_".repeat(words)}\n${token(5678)}`);

  test("is looked at up to a number of them, and says so, however it is scanned", () => {
    const bytes = text(count + 100_000);
    const result = detectorOf(probe).scan(bytes);
    // Behind what was left out one keyword in so many bytes is looked at again.
    expect(result.detections[0]?.secret).toBe(token(1234));
    expect(result.isCut).toBe(true);
    expect(streamed(detectorOf(probe), bytes, 65_521)).toEqual(result);
    expect(asVersion(detectorOf(probe), bytes)).toEqual(result);
  });

  test("but for one that is not cut: all of it is looked at", () => {
    const bytes = text(count - 2);
    const result = detectorOf(probe).scan(bytes);
    expect(result.detections.map(({ secret }) => secret)).toEqual([token(1234), token(5678)]);
    expect(result.isCut).toBe(undefined);
    expect(streamed(detectorOf(probe), bytes, 65_521)).toEqual(result);
    expect(asVersion(detectorOf(probe), bytes)).toEqual(result);
  });

  test("leaves no trace, and its versions are looked at whole", () => {
    const detector = detectorOf(probe);
    const bytes = text(count + 100);
    const low = detector.kernel.arena;
    detector.kernel.reserve(bytes.length);
    detector.kernel.bytes.set(bytes, low);
    const trace = detector.trace(low, bytes.length);
    expect([trace.isDense, trace.hits.length, trace.outcomes.length]).toEqual([true, 0, 0]);
  });
});

describe("a content full of encoded keywords", () => {
  const probe = rulesetOf([{ id: "near", regex: "near_[a-z_]{90}#[0-9]{4}", keywords: ["near_"] }]);
  const token = (digits: number): string => `near_${"x".repeat(90)}#${digits}`;
  const encoded = (body: string): string => `v = "${Buffer.from(body).toString("base64")}"\n`;
  const text = (chains: number): Buffer =>
    Buffer.from(
      [token(1234), ...Array.from({ length: chains }, (_, i) => `${i} ${"near_".repeat(30)}`), token(5678)]
        .map(encoded)
        .join(""),
    );

  test("is decoded up to what that may cost, and says so, however it is scanned", () => {
    const bytes = text(6_000);
    const result = detectorOf(probe).scan(bytes);
    expect(result.detections[0]?.secret).toBe(token(1234));
    expect(result.isCut).toBe(true);
    expect(streamed(detectorOf(probe), bytes, 65_521)).toEqual(result);
    expect(asVersion(detectorOf(probe), bytes)).toEqual(result);
  });

  test("but for one that is not cut: all of it is decoded", () => {
    const bytes = text(1_500);
    const result = detectorOf(probe).scan(bytes);
    expect(result.detections.map(({ secret }) => secret)).toEqual([token(1234), token(5678)]);
    expect(result.isCut).toBe(undefined);
    expect(streamed(detectorOf(probe), bytes, 65_521)).toEqual(result);
    expect(asVersion(detectorOf(probe), bytes)).toEqual(result);
  });

  test("leaves no trace", () => {
    const detector = detectorOf(probe);
    const bytes = text(6_000);
    const low = detector.kernel.arena;
    detector.kernel.reserve(bytes.length);
    detector.kernel.bytes.set(bytes, low);
    expect(detector.trace(low, bytes.length).isDense).toBe(true);
  });
});

test("a content of more tokens than a trace keeps lists as many as any other", () => {
  const lines = Array.from({ length: traceLimits.maxOutcomes + 1_000 }, () => plants["token"]!(random));
  const bytes = Buffer.from(lines.join("\n"));
  const result = detectorOf(probes).scan(bytes);
  expect([result.detections.length, result.limited, result.isCut]).toEqual([5_000, true, undefined]);
  expect(result.detections.map(({ secret }) => secret)).toEqual(lines.slice(0, 5_000));
});
