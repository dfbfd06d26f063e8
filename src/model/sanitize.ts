/**
 * Characters that a terminal obeys or that a reader cannot see: C0 and C1 controls and DEL, bidirectional controls, zero-width and other
 * invisible format characters, fillers, line and paragraph separators, the tag block, and surrogates without their partner.
 * A name in a scanned tree is chosen by whoever wrote it; unescaped it could rewrite the screen or swap the words around it.
 */
const unsafe = /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Cs}\u2028\u2029\ufff9-\ufffb]/gu;

const named = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
]);

/**
 * Makes text from the scanned side safe to show on one line of a terminal or in a report: every character that acts instead of showing
 * stands as a visible escape (`\n`, `\x1b`, `\u202e`, `\u{e0041}`). Ordinary text comes back unchanged.
 */
export function sanitize(text: string): string {
  return text.replace(unsafe, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = named.get(code);
  if (name !== undefined) return name;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

/**
 * The same for JSON: the characters that `sanitize` makes visible, written as `\\uXXXX` in a text that is JSON already. It reads back as the
 * same data, and is safe to print. Takes one line of JSON.
 */
export function sanitizeJson(json: string): string {
  return json.replace(unsafe, (character) => {
    let units = "";
    for (let i = 0; i < character.length; i++) units += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    return units;
  });
}
