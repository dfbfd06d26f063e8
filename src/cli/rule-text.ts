import type { Near } from "../model/near.ts";
import type { Rule, RuleNotes } from "../model/rule.ts";
import type { ToldBy } from "../model/told-by.ts";
import { sanitize } from "../model/sanitize.ts";
import { wrap } from "../report/index.ts";
import { liveLines } from "../rules/live-check.ts";

/** What of a longer regex is shown; one that was made of words is not for reading at all. */
const shownRegex = 300;
const shownMade = 60;
const labelWidth = 10;
/** Addresses and patterns, which are taken from the screen: a break that is not theirs would spoil them. */
const exact: ReadonlySet<string> = new Set(["near", "path", "live", "see", "regex"]);

/** Everything about one rule, for people: what it finds, how, and what to do about it. `width`: of a line; `isWhole`: its regex as a whole. */
export function* ruleLines(rule: Rule, notes: RuleNotes, width: number, isWhole: boolean): Iterable<string> {
  yield* wrap(`${sanitize(rule.id)}: ${sanitize(rule.description)}`, width);
  const { near } = notes;
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ["severity", [rule.severity]],
    ["kind", [`${rule.kind}, ${rule.confidence}`]],
    ["near", near === undefined ? [] : nearLines(near)],
    ["keywords", near === undefined && rule.keywords.length > 0 ? [rule.keywords.join(", ")] : []],
    ["path", rule.path === undefined ? [] : [rule.path]],
    ["file", fileLines(rule)],
    ["told by", rule.toldBy === undefined ? [] : [toldWords[rule.toldBy]]],
    ["entropy", rule.entropy === 0 ? [] : [`above ${rule.entropy} bits a character`]],
    ["check", rule.check === undefined ? [] : [rule.check]],
    ["needs", rule.required.map((part) => part.id)],
    ["looks at", reachLines(rule)],
    ["live", [...liveLines(notes)]],
    ["revoke", rule.revoke === "" ? [] : [rule.revoke]],
    ["see", rule.references],
    ["regex", rule.regex === undefined ? [] : [...regexLines(rule.regex, near !== undefined, isWhole)]],
  ];
  for (const [label, lines] of facts) yield* labelled(label, lines, exact.has(label) ? Infinity : width);
}

function* labelled(label: string, lines: readonly string[], width: number): Iterable<string> {
  let head = label;
  for (const line of lines) {
    for (const [row, text] of wrap(sanitize(line), width - labelWidth - 2).entries()) {
      yield `  ${head.padEnd(labelWidth)}${row === 0 ? "" : "  "}${text}`.trimEnd();
      head = "";
    }
  }
}

/** What a rule that is told by names says: its regex is made of that. */
function nearLines({ names, roles, value }: Near): string[] {
  const spoken = (word: string): string => word.replace(/^=/, "").replaceAll(/[ _]/g, " ");
  const told = (roles.length === 0 ? ["*"] : roles).map((role) =>
    role === "*" ? "any word for a key, token, secret or password" : role.startsWith("/") ? `${role}/ in a URL` : role,
  );
  return [`name   ${names.map(spoken).join(", ")}`, `then   ${told.join(", ")}`, `value  ${value}`];
}

function* regexLines(regex: string, isMade: boolean, isWhole: boolean): Iterable<string> {
  const limit = isMade ? shownMade : shownRegex;
  if (isWhole || regex.length <= limit) yield regex;
  else yield `${regex.slice(0, limit)}… (${regex.length} characters; --regex shows all)`;
}

const toldWords: Readonly<Record<ToldBy, string>> = {
  "layer-table": "a layer whose table of contents and tar differ",
};

function reachLines({ regex, reach, before, after }: Rule): string[] {
  if (regex === undefined) return [];
  return [reach === "whole" ? "whole contents" : `${before} bytes before a keyword's end, ${after} after`];
}

/** What a file has to be beside its path. */
function fileLines({ file }: Rule): string[] {
  if (file === undefined) return [];
  const { heads, at, text, check, most } = file;
  return [
    ...(heads.length === 0 ? [] : [`begins with ${heads.join(" or ")}${at === 0 ? "" : ` at byte ${at}`}`]),
    ...(text === undefined ? [] : [`matches ${text}`]),
    ...(check === undefined ? [] : [`is ${check}`]),
    ...(most === 0 ? [] : [`has ${most} bytes at most`]),
  ];
}
