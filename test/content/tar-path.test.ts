import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hasHash, HashList } from "../../src/content/hash-list.ts";
import { ancestors, cleanPath, parseWhiteout } from "../../src/content/tar-path.ts";
import { pathHash } from "../../src/model/path-hash.ts";

const part = fc.oneof(
  fc.constantFrom("", ".", "..", "...", "a", ".a", "b.", " ", "..c"),
  fc.string({ maxLength: 4 }).filter((text) => !text.includes("\0")),
);

test("a cleaned path is what the operating system would make of the name below a root of its own", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const name = parts.join("/");
      expect(cleanPath(name)).toBe(posix.normalize(`/${name}`).replace(/^\/+|\/+$/g, ""));
    }),
  );
});

test("whiteouts name what they remove; bare ones and those of storage drivers nothing", () => {
  expect(parseWhiteout("a/.wh.b")).toEqual({ kind: "remove", path: "a/b" });
  expect(parseWhiteout(".wh.b")).toEqual({ kind: "remove", path: "b" });
  expect(parseWhiteout("a/.wh..wh..opq")).toEqual({ kind: "opaque", path: "a" });
  expect(parseWhiteout(".wh..wh..opq")).toEqual({ kind: "opaque", path: "" });
  for (const path of [".wh.", "a/.wh.", ".wh..wh.plnk", "a/.wh...", "a/.wh.."])
    expect(parseWhiteout(path)).toEqual({ kind: "internal" });
  for (const path of ["a/wh.b", "a.wh.b", ".wh.a/b", ""]) expect(parseWhiteout(path)).toBeUndefined();
});

test("ancestors are the folders above, nearest first", () => {
  expect(ancestors("a/b/c")).toEqual(["a/b", "a"]);
  expect(ancestors("a")).toEqual([]);
});

test("path hashes are whole numbers of 53 bits, and a list finds exactly what was put into it", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ maxLength: 30 })), fc.string({ maxLength: 30 }), (paths, other) => {
      const list = new HashList();
      for (const path of [...paths, ...paths]) list.add(pathHash(path));
      const sorted = list.sorted();
      expect(sorted.length).toBe(paths.length);
      expect(sorted.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
      expect(paths.every((path) => hasHash(sorted, pathHash(path)))).toBe(true);
      expect(hasHash(sorted, pathHash(other))).toBe(paths.includes(other));
    }),
  );
  const many = new Set(Array.from({ length: 200_000 }, (_, i) => pathHash(`usr/share/doc/package-${i}/copyright`)));
  expect(many.size).toBe(200_000);
});
