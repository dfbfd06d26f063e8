import { expect, test } from "vitest";
import { blobPath, digestOf, isDigest } from "../../src/content/digest.ts";

test("only a registered algorithm with its full hash in lower case is a digest, and only a digest becomes a path", () => {
  const hex = "0123456789abcdef".repeat(4);
  expect(blobPath(`sha256:${hex}`)).toBe(`blobs/sha256/${hex}`);
  expect(blobPath(`sha512:${hex}${hex}`)).toBe(`blobs/sha512/${hex}${hex}`);
  const others = [
    "",
    hex,
    `sha256:${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    `md5:${hex}`,
    `sha256:../../${hex}`,
    `sha256:${hex}\n`,
    `sha512:${hex}`,
  ];
  for (const text of others) expect([isDigest(text), blobPath(text)]).toEqual([false, undefined]);
});

test("a digest uses the algorithm of the one it is compared with", () => {
  expect(digestOf(new Uint8Array(0))).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(digestOf(new Uint8Array(0), `sha512:${"0".repeat(128)}`)).toMatch(/^sha512:cf83e1357eefb8bd/);
});
