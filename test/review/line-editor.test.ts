import { describe, expect, test } from "vitest";
import { editLine, lineOf, lineText, type Line } from "../../src/review/line-editor.ts";

function typed(line: Line, ...names: readonly string[]): Line {
  return names.reduce((now, name) => editLine(now, { name, text: name.length === 1 ? name : "" }), line);
}

describe("the line editor", () => {
  test("types where the caret is", () => {
    expect(typed(lineOf("ac"), "Left", "b")).toEqual({ before: "ab", after: "c" });
    expect(typed(lineOf("bc"), "Home", "a", "End", "d")).toEqual({ before: "abcd", after: "" });
  });

  test("deletes characters as people see them", () => {
    expect(typed(lineOf("ae\u0301"), "Backspace")).toEqual(lineOf("a"));
    expect(typed(lineOf("e\u0301b"), "C-a", "Delete")).toEqual({ before: "", after: "b" });
  });

  test("deletes words, to the start and to the end", () => {
    expect(lineText(typed(lineOf("one two "), "C-w"))).toBe("one ");
    expect(lineText(typed(lineOf("abc"), "Left", "C-u"))).toBe("c");
    expect(lineText(typed(lineOf("abc"), "Left", "C-k"))).toBe("ab");
  });

  test("pasted line breaks and controls cannot make another line", () => {
    expect(lineText(editLine(lineOf(""), { name: "Paste", text: "a\r\nb\x1b[2J\0c" }))).toBe("a b [2J c");
  });

  test("stays short whatever is pasted", () => {
    const line = editLine(lineOf(""), { name: "Paste", text: "x".repeat(4000) });
    expect(lineText(line)).toHaveLength(500);
    expect(typed(line, "y")).toBe(line);
  });

  test("keys that type nothing leave the same object", () => {
    const line = lineOf("a");
    expect(typed(line, "Up", "F1x", "C-x")).toBe(line);
  });
});
