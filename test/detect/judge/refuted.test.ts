import { expect, test } from "vitest";
import { isRefuted } from "../../../src/detect/judge/refuted.ts";

/** Keys made for these tests, in two pieces. */
const whole = [
  ["AGE-SECRET-KEY-1PQVHYZTNJ27L9SXZ0K02HJDQEMT2WUF06DR9SYL3ZK7T7N52A7KS", "70ZPQT"],
  ["nsec125l8pmdg8tg04vhsgruk56j3ad3th9hw89td3dgp7xn08y2qqylq", "p0ewpn"],
].map((pieces) => pieces.join(""));

test.each(whole)(
  "a token whose checksum fits stands, and with any other letter in its place it is refuted",
  (token) => {
    expect(isRefuted(token)).toBe(false);
    // b, i and o are no letters of bech32.
    for (const letter of ["q", "7", "b", "i", "o"]) {
      const other = token.startsWith("nsec") ? letter : letter.toUpperCase();
      const at = 40;
      if (token[at] === other) continue;
      expect(isRefuted(token.slice(0, at) + other + token.slice(at + 1)), letter).toBe(true);
    }
  },
);

test("what is longer or shorter is another value", () => {
  for (const token of whole)
    for (const other of [token.slice(0, -1), `${token}q`]) expect(isRefuted(other)).toBe(false);
});
