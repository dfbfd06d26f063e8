import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha1Chain } from "../../../src/content/containers/sha1-chain.ts";

it("a chain of SHA-1 is what OpenSSL makes of it, and leaves its beginning alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(30), (bytes, rounds) => {
      const begin = Buffer.from(bytes);
      let expected = begin;
      for (let round = 0; round < rounds; round++) expected = createHash("sha1").update(expected).digest();
      expect(sha1Chain(begin, rounds)).toEqual(expected);
      expect(begin).toEqual(Buffer.from(bytes));
    }),
    { seed: 1 },
  );
});
