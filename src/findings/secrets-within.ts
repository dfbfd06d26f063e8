/** Up to so many secrets are looked for in every text, whole or in part; of more those that stand in it as a whole. */
const mostEverywhere = 200;
/** Secrets are found by so many first characters; shorter ones would be found in ordinary words. */
const headLength = 6;

/**
 * Tells which of some secrets a text may show. One content has many texts (a file and what lies in it, a document's markup and its words), and the line
 * around a secret of one of them can hold what was found in another.
 */
export function secretsWithin(secrets: ReadonlySet<string>): (text: string) => readonly string[] {
  if (secrets.size <= mostEverywhere) {
    const all = [...secrets];
    return () => all;
  }
  const lengths = new Map<string, Set<number>>();
  for (const secret of secrets) {
    if (secret.length < headLength) continue;
    const head = secret.slice(0, headLength);
    lengths.set(head, (lengths.get(head) ?? new Set()).add(secret.length));
  }
  return (text) => {
    const found: string[] = [];
    for (let i = 0; i + headLength <= text.length; i++)
      for (const length of lengths.get(text.slice(i, i + headLength)) ?? []) {
        const part = text.slice(i, i + length);
        if (secrets.has(part)) found.push(part);
      }
    return found;
  };
}
