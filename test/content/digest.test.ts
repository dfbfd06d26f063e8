import { expect, test } from "vitest";
import { blobPath, digestOf, isDigest } from "../../src/content/digest.ts";

test("only a registered algorithm with its full hash in lower case is a digest, and only a digest becomes a path", () => {
  const hex = "0123456789abcdef".repeat(4);
  expect(blobPath(`sha256:${hex}`)).toBe(`blobs/sha256/${hex}`);
  expect(blobPath(`sha512:${hex}${hex}`)).toBe(`blobs/sha512/${hex}${hex}`);
  expect(blobPath(`blake3:${hex}`)).toBe(`blobs/blake3/${hex}`);
  const others = [
    "",
    hex,
    `sha256:${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    `md5:${hex}`,
    `sha256:../../${hex}`,
    `sha256:${hex}\n`,
    `sha512:${hex}`,
    `blake3:${hex}${hex}`,
  ];
  for (const text of others) expect([isDigest(text), blobPath(text)]).toEqual([false, undefined]);
});

test("a digest uses the algorithm of the one it is compared with", () => {
  expect(digestOf(new Uint8Array(0))).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(digestOf(new Uint8Array(0), `sha512:${"0".repeat(128)}`)).toMatch(/^sha512:cf83e1357eefb8bd/);
  // Of BLAKE3's own test vectors: nothing, and one zero.
  const like = `blake3:${"0".repeat(64)}`;
  expect(digestOf(new Uint8Array(0), like)).toBe(
    "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
  );
  expect(digestOf(new Uint8Array(1), like)).toBe(
    "blake3:2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
  );
});
