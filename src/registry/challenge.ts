/** One way to prove who one is, as a server offers it (RFC 9110, 11.6.1). */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads the values of `WWW-Authenticate`, several in one field too. What does not parse is left out. */
export function parseChallenges(fields: readonly string[]): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  const token = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;
  for (const field of fields) {
    const text = field.slice(0, longest);
    token.lastIndex = 0;
    for (let match = token.exec(text); match !== null; match = token.exec(text)) {
      const [, name = "", assigned, quoted, plain = ""] = match;
      if (assigned === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} });
      else {
        const last = found.at(-1);
        if (last !== undefined)
          last.parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
      }
    }
  }
  return found;
}

/** Real ones have some hundred bytes. */
const longest = 8192;
