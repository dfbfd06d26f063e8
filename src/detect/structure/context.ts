import { locate } from "./locate.ts";

/** What a value is in its text, for people. */
export type Context =
  | "comment"
  | "part of a URL"
  | "header"
  | "command-line option"
  | "call argument"
  | "map entry"
  | "assignment"
  | "element"
  | "text";

/** Comments of the usual languages, from the begin of a line or behind code. */
const comment =
  /^\s*(?:\/\/|#(?!\{|define\b|include\b|if)|--\s|\/\*|\*(?:\s|$)|;|%\s|'\s|"\s|rem\s|<!--)|\s(?:\/\/|#|--)\s/i;
const address = /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`]*$/i;
const headerCall = /(?:header|forHTTPHeaderField|setRequestProperty|curl_slist_append)[\w.]*["'\])]*[\s(:[{,@"']/i;
const headerName =
  /(?:^|[^\w-])(?:X-[\w-]+|(?:Proxy-)?Authorization|Cookie|[\w-]+-(?:Key|Token|Auth|Secret))["']?\s*(?:[:,=\]]|=>)/i;
const headerOption = /\s-H\s*["']?[\w-]+:\s*/;
const option = /(?:^|\s)--?[A-Za-z][\w-]*[ =]["']?$/;

/**
 * Tells what the value at `target` of a text stands as: light lexing of its line, then the blocks around it. A text is read as whatever it looks like; names of files and of languages are
 * not asked.
 */
export function contextOf(text: string, target: number): Context {
  const begin = text.lastIndexOf("\n", target - 1) + 1;
  const before = text.slice(Math.max(begin, target - 500), target);
  const end = text.indexOf("\n", target);
  const line = before + text.slice(target, Math.min(end < 0 ? text.length : end, target + 500));
  if (comment.test(outsideStrings(before))) return "comment";
  if (address.test(before)) return "part of a URL";
  if (headerCall.test(line) || headerOption.test(before) || headerName.test(before)) return "header";
  if (option.test(before)) return "command-line option";
  if (/<[\w:.-]{1,80}(?:\s[^<>]*)?>\s{0,8}$/.test(before)) return "element";
  const level = locate(text, target, true).at(-1);
  if (level === undefined) return "text";
  const { own, block } = level;
  if (own?.joint === "call") return block.kind === "bracket" ? "map entry" : "call argument";
  if (block.kind === "call") return "call argument";
  if (own === undefined) return "text";
  // `name: type = "…"`, `name := "…"`
  if (own.joint === ":" && /[^=<>!]=\s{0,8}[&@]?["'`]?$/.test(before)) return "assignment";
  if (own.joint === ":" || block.kind === "bracket") return "map entry";
  return "assignment";
}

/** A line with nothing between its quotes. */
function outsideStrings(line: string): string {
  return line.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1/g, "$1$1");
}
