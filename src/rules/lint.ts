import type { Rule } from "../model/rule.ts";
import { parseRegex } from "./regex-syntax.ts";
import { textWithoutKeyword } from "./regex-witness.ts";

/** Shorter keywords stand everywhere. */
const shortKeyword = 3;

/**
 * What the writer of a rule may want to know: why it is slow, or says more than was meant. A line each, unescaped. `matches` asks the regex engine
 * whether a pattern matches somewhere in a text.
 */
export function lintRule(rule: Rule, matches: (pattern: string, text: string) => boolean): string[] {
  const { regex, keywords } = rule;
  if (regex === undefined) return [];
  const notes: string[] = [];
  if (matches(regex, "")) notes.push("its regex matches the empty text; empty matches are never reported");
  if (keywords.length === 0) notes.push("it has no keywords: its regex is tried on every content, which is slow");
  else if (rule.reach === "whole") notes.push(wholeText(regex, keywords));
  const short = keywords.filter((keyword) => Buffer.byteLength(keyword) < shortKeyword);
  if (short.length > 0) notes.push(`keywords of one or two letters stand everywhere: ${short.join(", ")}`);
  if (rule.description === "") notes.push("it has no description: reports have nothing to say of it");
  return notes;
}

function wholeText(regex: string, keywords: readonly string[]): string {
  try {
    const text = textWithoutKeyword(parseRegex(regex).root, keywords);
    if (text !== undefined)
      return `a match need not hold a keyword (${JSON.stringify(text)}), so contents with one are searched whole, which is slow`;
  } catch {
    // Syntax that only the engine knows: nothing can be proved of it.
  }
  return "its matches have no bound near a keyword, so contents with one are searched whole, which is slow (window = N bounds them)";
}
