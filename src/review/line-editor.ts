import type { Key } from "./key-input.ts";

/** A line being typed: what stands before and after the caret. */
export interface Line {
  readonly before: string;
  readonly after: string;
}

/** Reasons and filters are one-liners; a paste of a whole file must not become one. In UTF-16 units. */
const maxLineLength = 500;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function lineOf(text: string): Line {
  return { before: text, after: "" };
}

export function lineText(line: Line): string {
  return line.before + line.after;
}

/** The line after a key, in the manner of readline; the same object when the key means nothing to it. */
export function editLine(line: Line, key: Key): Line {
  switch (key.name) {
    case "Left":
    case "C-b": {
      const last = lastGrapheme(line.before);
      return {
        before: line.before.slice(0, line.before.length - last.length),
        after: last + line.after,
      };
    }
    case "Right":
    case "C-f": {
      const first = firstGrapheme(line.after);
      return { before: line.before + first, after: line.after.slice(first.length) };
    }
    case "Home":
    case "C-a":
      return { before: "", after: lineText(line) };
    case "End":
    case "C-e":
      return lineOf(lineText(line));
    case "Backspace":
      return {
        ...line,
        before: line.before.slice(0, line.before.length - lastGrapheme(line.before).length),
      };
    case "Delete":
      return { ...line, after: line.after.slice(firstGrapheme(line.after).length) };
    case "C-u":
      return { ...line, before: "" };
    case "C-k":
      return { ...line, after: "" };
    case "C-w":
      return { ...line, before: line.before.replace(/\S*\s*$/u, "") };
    default: {
      // What a person types or pastes ends up in a file of lines, so line breaks and controls cannot be part of it.
      const room = Math.max(0, maxLineLength - line.before.length - line.after.length);
      const text = key.text.replace(/\p{Cc}+/gu, " ").slice(0, room);
      if (text === "") return line;
      return { ...line, before: line.before + text };
    }
  }
}

function firstGrapheme(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return "";
}

function lastGrapheme(text: string): string {
  let last = "";
  for (const { segment } of graphemes.segment(text)) last = segment;
  return last;
}
