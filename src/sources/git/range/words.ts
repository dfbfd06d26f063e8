import { usageError } from "./usage.ts";

/**
 * Cuts a line of arguments into words as a shell does: blanks separate, quotes keep blanks, a backslash takes the next character as it is.
 * Nothing is expanded. Throws ToolError `usage` for a quote that is not closed; `name` says which option the line came from.
 */
export function splitWords(line: string, name: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quote === "'") {
      if (character === "'") quote = "";
      else word = (word ?? "") + character;
    } else if (character === "\\" && (quote === "" || /["\\$`]/.test(line[i + 1] ?? ""))) {
      if (i + 1 === line.length)
        throw usageError(`${name} ends with a backslash`, "Write it twice to mean the character.");
      word = (word ?? "") + line[++i]!;
    } else if (quote === '"') {
      if (character === '"') quote = "";
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw usageError(`${name} has a ${quote} that is not closed`, `Close it, or write \\${quote}.`);
  if (word !== undefined) words.push(word);
  return words;
}
