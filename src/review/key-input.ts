/**
 * One key press. `name` is what the key table speaks of: a printable character as it is, `Up`, `PageDown`, `Enter`, `Esc`, `C-d` for Ctrl-D, `Paste`.
 * `text` is what it would type; empty for keys that type nothing.
 */
export interface Key {
  readonly name: string;
  readonly text: string;
}

/** Escape sequences that terminals send for keys without a character (xterm, VT220, rxvt, Linux console). */
const sequences: Readonly<Record<string, string>> = {
  "[A": "Up",
  "[B": "Down",
  "[C": "Right",
  "[D": "Left",
  "[H": "Home",
  "[F": "End",
  "[Z": "S-Tab",
  OA: "Up",
  OB: "Down",
  OC: "Right",
  OD: "Left",
  OH: "Home",
  OF: "End",
  OM: "Enter",
  "[1~": "Home",
  "[3~": "Delete",
  "[4~": "End",
  "[5~": "PageUp",
  "[6~": "PageDown",
  "[7~": "Home",
  "[8~": "End",
};

const pasteStart = "\x1b[200~";
const pasteEnd = "\x1b[201~";

/** A paste longer than this is cut: nothing in the review takes more, and a terminal can send without end. In UTF-16 units. */
const maxPasteLength = 4096;

export interface KeyReader {
  /** Takes what the terminal sent and gives the keys that are complete. */
  push(text: string): Key[];
  /** Whether an escape sequence has begun: then call `flush` after a short silence, for it may be the Esc key itself. */
  isWaiting(): boolean;
  /** Takes what is waiting for what it looks like by now. */
  flush(): Key[];
}

/**
 * Turns the bytes of a raw terminal (decoded as UTF-8) into keys.
 * Several keys in one chunk come apart; a bracketed paste is one key, so that pasted text never acts as commands.
 */
export function createKeyReader(): KeyReader {
  let waiting = "";
  const read = (text: string, isFinal: boolean): Key[] => {
    const keys: Key[] = [];
    let rest = text;
    while (rest !== "") {
      const next = takeKey(rest, isFinal);
      if (next === undefined) break;
      if (next.key !== undefined) keys.push(next.key);
      rest = rest.slice(next.length);
    }
    waiting = rest;
    return keys;
  };
  return {
    push: (text) => read(waiting + text, false),
    isWaiting: () => waiting !== "" && !waiting.startsWith(pasteStart),
    flush: () => read(waiting, true),
  };
}

interface Taken {
  readonly key?: Key;
  readonly length: number;
}

function takeKey(text: string, isFinal: boolean): Taken | undefined {
  if (text.startsWith("\x1b")) return takeEscape(text, isFinal);
  const character = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return { key: keyOf(character), length: character.length };
}

function takeEscape(text: string, isFinal: boolean): Taken | undefined {
  if (text.startsWith(pasteStart)) {
    const end = text.indexOf(pasteEnd, pasteStart.length);
    if (end < 0 && text.length < maxPasteLength) return undefined;
    const stop = end < 0 ? text.length : end;
    const pasted = text.slice(pasteStart.length, Math.min(stop, pasteStart.length + maxPasteLength));
    return {
      key: { name: "Paste", text: pasted },
      length: end < 0 ? text.length : end + pasteEnd.length,
    };
  }
  // CSI: parameters and intermediates up to a final byte; SS3: one more byte. (ECMA-48, 5.4)
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
  const sequence = /^\x1b(?:\[\[?[0-?]*[ -/]*[@-~]|O[ -~])/.exec(text)?.[0];
  if (sequence !== undefined) {
    const name = sequences[sequence.slice(1)] ?? sequences[withoutModifiers(sequence.slice(1))];
    return { ...(name === undefined ? {} : { key: { name, text: "" } }), length: sequence.length };
  }
  // oxlint-disable-next-line no-control-regex -- as above
  if (!isFinal && /^\x1b(?:$|\[\[?[0-?]*[ -/]*$|O$)/.test(text)) return undefined;
  // Alt with a character: no key of ours, and it must not act as Esc followed by a command.
  const alt = text.length > 1 && text[1] !== "\x1b" ? String.fromCodePoint(text.codePointAt(1) ?? 0) : "";
  return { key: { name: alt === "" ? "Esc" : `M-${alt}`, text: "" }, length: 1 + alt.length };
}

/** Shift-Up and its like (`[1;2A`, `[5;2~`) do what the bare key does. */
function withoutModifiers(sequence: string): string {
  return sequence.replace(/^\[1;\d+([A-Z])$/, "[$1").replace(/^\[(\d+);\d+~$/, "[$1~");
}

function keyOf(character: string): Key {
  switch (character) {
    case "\r":
    case "\n":
      return { name: "Enter", text: "" };
    case "\t":
      return { name: "Tab", text: "" };
    case " ":
      return { name: "Space", text: " " };
    case "\x7f":
    case "\b":
      return { name: "Backspace", text: "" };
    default:
      if (character < " ") return { name: `C-${String.fromCharCode(character.charCodeAt(0) + 96)}`, text: "" };
      return { name: character, text: character };
  }
}
