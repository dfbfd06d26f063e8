import type { MarkWord } from "./marks.ts";

const wordByte = "[^\\x00-\\x20\"'`()<>[\\]{},\\x7f]";
const wordBefore = new RegExp(`${wordByte}{0,20}$`);
const wordBehind = new RegExp(`^${wordByte}{0,20}`);
/** A code of a byte that stands in ASCII text. */
const textual = (code: number): boolean => (code >= 0x20 && code < 0x7f) || code === 9 || code === 10 || code === 13;

/** What the kernel's `markAt` gives, told by regexes: `before` and `from` are the content's text before and from the place on, a character a byte. */
export function markAt(before: string, from: string): MarkWord {
  const word = (before.match(wordBefore)?.[0] ?? "").length;
  const behind = (text: string): number => (wordBehind.exec(text)?.[0] ?? "").length;
  const inWord = (length: number): MarkWord => (length + behind(from.slice(length)) + word >= 20 ? length << 1 : 0);
  const coded = (found: RegExpExecArray | null, base: number): MarkWord =>
    found !== null && textual(Number.parseInt(found[1]!, base)) ? inWord(found[0].length) : 0;

  const percent = /^%([0-9a-f]{2})/i.exec(from);
  if (percent !== null) {
    const isPlain = /[0-9A-Za-z._-]/.test(String.fromCharCode(Number.parseInt(percent[1]!, 16)));
    const isNear = /^...%[0-9a-f]{2}/i.test(from) || /%[0-9a-f]{2}$/i.test(before);
    return isPlain && !isNear ? 0 : coded(percent, 16);
  }
  const braced = /^\\[uU]\{([0-9a-fA-F]{1,6})\}(\\[^]\{)?/.exec(from);
  if (braced !== null && textual(Number.parseInt(braced[1]!, 16)) && (braced[2] !== undefined || before.endsWith("}")))
    return (braced[1]!.length + 4) << 1;
  const sixteen =
    /^\\[uU]\{([0-9a-fA-F]{1,6})\}/.exec(from) ??
    /^\\u([0-9a-fA-F]{4})/.exec(from) ??
    /^\\U([0-9a-fA-F]{8})/.exec(from) ??
    /^\\x([0-9a-fA-F]{2})/.exec(from) ??
    /^&#[xX]([0-9a-fA-F]{1,6});/.exec(from);
  if (sixteen !== null) return coded(sixteen, 16);
  const ten = /^&#([0-9]{1,6});/.exec(from);
  if (ten !== null) return coded(ten, 10);
  const simple = /^(?:\\\/|&(?:lt|gt|amp|quot|apos);|=3D|\\(?:0[4-7]|1[0-7])[0-7])/.exec(from);
  if (simple !== null) return inWord(simple[0].length);
  if (/^\\[nrt][0-9A-Za-z]/.test(from)) {
    return new RegExp(`^\\\\.(?:(?!\\\\)${wordByte}){16}`).test(from) ? 4 : 0;
  }
  if (/^\\" ?:/.test(from)) return 4;
  const listed = /^0x([0-9a-f]{2})(?![0-9a-z])/i.exec(from);
  if (listed !== null) return textual(Number.parseInt(listed[1]!, 16)) ? 9 : 0;
  const soft = /^=\r?\n/.exec(from);
  if (soft !== null) {
    const line = before.length - (before.lastIndexOf("\n") + 1) + 1;
    const isInWord = word > 0 && !before.endsWith("=") && behind(from.slice(soft[0].length)) > 0;
    return isInWord && line >= 70 && line < 77 ? soft[0].length << 1 : 0;
  }
  return seam(before, from, word, behind);
}

function seam(before: string, from: string, word: number, behind: (text: string) => number): MarkWord {
  const found = /^(["'])((?:[ \t\r\n+&\\._]|\|\||<<|<>|\.concat\()*)\1/.exec(from.slice(0, 48));
  // What goes on with `_`, in Visual Basic, stands before the line's end and behind an operator.
  if (found !== null && !/^[^_]*$|^[^_\n]*[+&\\.|<][^\n]*(?:\n[^_]*)?$/.test(found[2]!)) return 0;
  if (found === null || word === 0 || before.endsWith("\\")) return 0;
  const next = from.slice(found[0].length);
  const isJoined = /[+&\\.|<]/.test(found[2]!);
  if (!(isJoined || found[2]!.includes("\n")) || behind(next) === 0 || next.startsWith("\\")) return 0;
  const joined = before.slice(before.length - word) + "\0" + next.slice(0, behind(next));
  if (!isJoined && joined.includes("/")) return 0;
  return word + behind(next) >= 16 ? found[0].length << 1 : 0;
}
