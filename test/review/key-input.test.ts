import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeyReader } from "../../src/review/key-input.ts";

function namesOf(...chunks: readonly string[]): string[] {
  const reader = createKeyReader();
  const keys = chunks.flatMap((chunk) => reader.push(chunk));
  return [...keys, ...reader.flush()].map(({ name }) => name);
}

describe("keys from the bytes of a terminal", () => {
  test("several keys in one chunk come apart", () => {
    expect(namesOf("jj\x04 /a\r\x7f\t")).toEqual(["j", "j", "C-d", "Space", "/", "a", "Enter", "Backspace", "Tab"]);
  });

  test.each([
    ["\x1b[A", "Up"],
    ["\x1bOB", "Down"],
    ["\x1b[5~", "PageUp"],
    ["\x1b[6~", "PageDown"],
    ["\x1b[H", "Home"],
    ["\x1b[4~", "End"],
    ["\x1b[Z", "S-Tab"],
    ["\x1b[1;5A", "Up"],
    ["\x1b", "Esc"],
    ["\x03", "C-c"],
    ["\x1a", "C-z"],
    ["é", "é"],
    ["😀", "😀"],
  ])("%j is %s", (bytes, name) => {
    expect(namesOf(bytes)).toEqual([name]);
  });

  test("a sequence that arrives in pieces is one key", () => {
    expect(namesOf("\x1b", "[", "6", "~")).toEqual(["PageDown"]);
  });

  test("unknown sequences and Alt with a letter do nothing, above all not Esc and a command", () => {
    expect(namesOf("\x1b[24~j")).toEqual(["j"]);
    expect(namesOf("\x1bf")).toEqual(["M-f"]);
  });

  test("a paste is one key, whatever stands in it and however it arrives", () => {
    const reader = createKeyReader();
    expect(reader.push("\x1b[200~rf\x03")).toEqual([]);
    expect(reader.isWaiting()).toBe(false);
    expect(reader.push("q\r\x1b[201~j")).toEqual([
      { name: "Paste", text: "rf\x03q\r" },
      { name: "j", text: "j" },
    ]);
  });

  test("a paste without an end is cut, and what is kept waiting stays bounded", () => {
    const reader = createKeyReader();
    const keys = reader.push(`\x1b[200~${"a".repeat(10_000)}`);
    expect(keys).toHaveLength(1);
    expect(keys[0]?.text).toHaveLength(4096);
  });

  test("where chunks are cut does not matter", () => {
    const piece = fc.constantFrom(
      "j",
      "\x1b[A",
      "\x1bOB",
      "\x1b[5~",
      "\x1b[200~ab\x1b[201~",
      "é",
      "\x04",
      "\r",
      "\x1b[1;2B",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(60), { maxLength: 4 }), (pieces, cuts) => {
        const text = pieces.join("");
        const at = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
        const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
        expect(namesOf(...chunks)).toEqual(namesOf(text));
      }),
    );
  });
});
