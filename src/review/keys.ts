import type { Command } from "./command.ts";
import { queryFields } from "./completion.ts";

export interface Binding {
  readonly command: Command;
  /** Names as `key-input.ts` gives them; the first is the one that is shown in the footer. */
  readonly keys: readonly string[];
  readonly group: "move" | "look" | "mark" | "decide" | "leave";
  /** For the help screen. */
  readonly text: string;
  /** For the footer: one word. */
  readonly word: string;
}

/** Every key of the review. The help screen, the footer and the reducer are drawn from this table alone. */
export const bindings: readonly Binding[] = [
  {
    command: "down",
    keys: ["j", "Down"],
    group: "move",
    word: "down",
    text: "next finding; in the detail: scroll down",
  },
  {
    command: "up",
    keys: ["k", "Up"],
    group: "move",
    word: "up",
    text: "previous finding; in the detail: scroll up",
  },
  {
    command: "half-down",
    keys: ["C-d"],
    group: "move",
    word: "half page",
    text: "half a page down",
  },
  { command: "half-up", keys: ["C-u"], group: "move", word: "half page", text: "half a page up" },
  {
    command: "page-down",
    keys: ["PageDown", "C-f"],
    group: "move",
    word: "page",
    text: "a page down",
  },
  { command: "page-up", keys: ["PageUp", "C-b"], group: "move", word: "page", text: "a page up" },
  { command: "top", keys: ["g", "Home"], group: "move", word: "top", text: "to the first" },
  { command: "bottom", keys: ["G", "End"], group: "move", word: "bottom", text: "to the last" },
  {
    command: "next-open",
    keys: ["n"],
    group: "move",
    word: "next",
    text: "next open finding that the filter shows",
  },
  {
    command: "previous-open",
    keys: ["N"],
    group: "move",
    word: "previous",
    text: "previous open finding that the filter shows",
  },

  { command: "pane", keys: ["Tab", "S-Tab"], group: "look", word: "pane", text: "the other pane" },
  {
    command: "zoom",
    keys: ["+", "_"],
    group: "look",
    word: "zoom",
    text: "the pane that has the keys fills the screen, or shares it again",
  },
  {
    command: "into",
    keys: ["Enter", "l", "Right"],
    group: "look",
    word: "detail",
    text: "into the detail; a head: unfold or fold it",
  },
  {
    command: "out",
    keys: ["h", "Left"],
    group: "look",
    word: "out",
    text: "back to the list; from a finding to its head; a head: fold it",
  },
  {
    command: "back",
    keys: ["Esc"],
    group: "look",
    word: "back",
    text: "back to the list; then drop range, marks, filter",
  },
  {
    command: "group",
    keys: ["t"],
    group: "look",
    word: "group",
    text: "put findings under heads: by rule, cause (commit or layer), file, folder; or by value, without heads",
  },
  { command: "fold-all", keys: ["H"], group: "look", word: "fold", text: "fold all heads" },
  { command: "unfold-all", keys: ["L"], group: "look", word: "unfold", text: "unfold all heads" },
  {
    command: "filter",
    keys: ["/"],
    group: "look",
    word: "filter",
    text: `filter as you type, tab completes: words, -word, "two words", ${queryFields.join(" ")}`,
  },
  {
    command: "sort",
    keys: ["s"],
    group: "look",
    word: "sort",
    text: "sort by the next: severity, rule, path, places, date",
  },
  { command: "reverse", keys: ["S"], group: "look", word: "reverse", text: "reverse the order" },
  {
    command: "tab-facts",
    keys: ["1"],
    group: "look",
    word: "facts",
    text: "detail: what it is, what to do, every place",
  },
  {
    command: "tab-text",
    keys: ["2"],
    group: "look",
    word: "text",
    text: "detail: the lines around it, read again, masked",
  },
  {
    command: "tab-change",
    keys: ["3"],
    group: "look",
    word: "change",
    text: "detail: what the commit or layer that brought it changed",
  },
  {
    command: "tab-story",
    keys: ["4"],
    group: "look",
    word: "story",
    text: "detail: from the first commit to refs, images and removal; layers by secret",
  },
  {
    command: "tab-why",
    keys: ["5"],
    group: "look",
    word: "why",
    text: "detail: why it was reported, and what it scored",
  },
  {
    command: "tab-blame",
    keys: ["6"],
    group: "look",
    word: "blame",
    text: "detail: who brought each of the lines around it",
  },
  { command: "next-tab", keys: ["]"], group: "look", word: "next tab", text: "the next of these" },
  { command: "previous-tab", keys: ["["], group: "look", word: "previous tab", text: "the one before" },
  {
    command: "fewer-lines",
    keys: ["{"],
    group: "look",
    word: "fewer",
    text: "text, change, blame: fewer lines around it",
  },
  {
    command: "more-lines",
    keys: ["}"],
    group: "look",
    word: "more",
    text: "text, change, blame: more lines around it",
  },
  {
    command: "next-place",
    keys: ["."],
    group: "look",
    word: "next place",
    text: "look at the next place of this secret",
  },
  { command: "previous-place", keys: [","], group: "look", word: "place before", text: "look at the place before" },
  {
    command: "show",
    keys: ["m"],
    group: "look",
    word: "show",
    text: "show this one value until you move away, or hide it",
  },
  {
    command: "copy",
    keys: ["y"],
    group: "look",
    word: "copy",
    text: "copy the fingerprint (never the value) to the clipboard",
  },
  { command: "edit", keys: ["e"], group: "look", word: "edit", text: "open the file in your editor at the line" },
  { command: "page", keys: ["o"], group: "look", word: "page", text: "the web page of the commit" },
  {
    command: "export",
    keys: ["E"],
    group: "look",
    word: "export",
    text: "write what the filter shows to a file, masked",
  },
  {
    command: "problems",
    keys: ["p"],
    group: "look",
    word: "problems",
    text: "what the scan could not read, and what went wrong",
  },
  { command: "help", keys: ["?"], group: "look", word: "help", text: "this screen" },
  { command: "redraw", keys: ["C-l"], group: "look", word: "redraw", text: "draw the screen anew" },

  {
    command: "mark",
    keys: ["Space"],
    group: "mark",
    word: "mark",
    text: "mark or unmark, and go on",
  },
  {
    command: "range",
    keys: ["v"],
    group: "mark",
    word: "range",
    text: "begin a range, move, and v again (or decide)",
  },
  {
    command: "mark-all",
    keys: ["a"],
    group: "mark",
    word: "all",
    text: "mark all that the filter shows, or none",
  },
  {
    command: "similar",
    keys: ["*"],
    group: "mark",
    word: "similar",
    text: "mark what is like the selected one (rule, name, kind of place); again: with a wider view",
  },

  {
    command: "real",
    keys: ["r"],
    group: "decide",
    word: "real",
    text: "real: it stays in every report",
  },
  {
    command: "false-positive",
    keys: ["f"],
    group: "decide",
    word: "false",
    text: "false positive: later scans leave it out",
  },
  {
    command: "ignore",
    keys: ["i"],
    group: "decide",
    word: "ignore",
    text: "ignore, with a reason (and until:2027-01-31 or for:90d, in:test/): later scans leave it out",
  },
  {
    command: "rotated",
    keys: ["x"],
    group: "decide",
    word: "rotated",
    text: "rotated: real, and no longer valid",
  },
  {
    command: "comment",
    keys: ["c"],
    group: "decide",
    word: "comment",
    text: "write or change the reason",
  },
  {
    command: "elsewhere",
    keys: ["w"],
    group: "decide",
    word: "elsewhere",
    text: "write it elsewhere: a mark in the line, an allowlist, the rule; and what that would hide",
  },
  {
    command: "rule",
    keys: ["R"],
    group: "decide",
    word: "rule",
    text: "edit its rule, see what appears and vanishes, save it in your configuration",
  },
  {
    command: "undo",
    keys: ["u", "z"],
    group: "decide",
    word: "undo",
    text: "undo the last decision",
  },
  { command: "redo", keys: ["C-r", "Z"], group: "decide", word: "redo", text: "redo" },

  {
    command: "close",
    keys: ["q"],
    group: "leave",
    word: "quit",
    text: "close what is open, or quit",
  },
  { command: "quit", keys: ["Q"], group: "leave", word: "quit", text: "quit" },
  {
    command: "interrupt",
    keys: ["C-c"],
    group: "leave",
    word: "quit",
    text: "quit at once, from anywhere",
  },
  {
    command: "suspend",
    keys: ["C-z"],
    group: "leave",
    word: "suspend",
    text: "suspend; fg comes back",
  },
];

const commandsByKey = new Map(bindings.flatMap(({ keys, command }) => keys.map((key) => [key, command] as const)));

/** What a key asks for outside a line being typed; nothing for keys without a meaning. */
export function commandOf(keyName: string): Command | undefined {
  return commandsByKey.get(keyName);
}

/** A key as people write it: `C-d` as `^D`, arrows as words. */
export function keyLabel(name: string): string {
  const control = /^C-(.)$/.exec(name)?.[1];
  if (control !== undefined) return `^${control.toUpperCase()}`;
  const words: Readonly<Record<string, string>> = {
    Space: "space",
    Enter: "enter",
    Esc: "esc",
    Tab: "tab",
    "S-Tab": "shift-tab",
    PageDown: "pgdn",
    PageUp: "pgup",
  };
  return words[name] ?? (name.length > 1 ? name.toLowerCase() : name);
}
