import { expect, test } from "vitest";
import { hexOfBytes } from "../../../src/detect/judge/byte-notation.ts";

test("bytes are the same in every notation", () => {
  for (const text of [
    "8f:a2:41:0d",
    "8f,a2,41,0d",
    "0x8f, 0xA2, 0x41, 0xd",
    "143, 162, 65, 13",
    "-113, -94, 65, 13",
    "\\x8f\\xa2A\\x0d",
  ])
    expect(hexOfBytes(text), text).toBe("8fa2410d");
});

test("casts of Java between the numbers say nothing", () => {
  expect(hexOfBytes("0x8f, (byte) 0xa2, (byte) -3")).toBe("8fa2fd");
});

test("letters in quotes are the text that they make", () => {
  for (const text of ["'k', 'R', '7', ','", '"k","R","7",","', "'k',\n  'R',\n  '7',\n  ','"])
    expect(hexOfBytes(text), text).toBe("kR7,");
});
