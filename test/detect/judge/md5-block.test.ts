import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BlockMd5 } from "../../../src/detect/judge/md5-block.ts";

test("sums of one block are those of OpenSSL, one after the other and over the sum before", () => {
  const md5 = new BlockMd5();
  const bytes = fc.uint8Array({ maxLength: 27 });
  fc.assert(
    fc.property(bytes, bytes, (first, second) => {
      md5.hash(first, second);
      const expected = createHash("md5").update(first).update(second).digest();
      expect(Buffer.from(md5.sum)).toEqual(expected);
      md5.hash(second, md5.sum);
      expect(Buffer.from(md5.sum)).toEqual(createHash("md5").update(second).update(expected).digest());
    }),
    { examples: [[new Uint8Array(27), new Uint8Array(27)]] },
  );
});

test("longer messages are refused", () => {
  expect(() => new BlockMd5().hash(new Uint8Array(50), new Uint8Array(6))).toThrow("more than one block");
});
