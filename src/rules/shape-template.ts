/** Characters of a run, from the narrowest alphabet of templates to the widest. */
const classes: readonly (readonly [name: string, form: RegExp])[] = [
  ["digits", /^[0-9]+$/],
  ["hex", /^[0-9a-f]+$/],
  ["HEX", /^[0-9A-F]+$/],
  ["lower", /^[a-z]+$/],
  ["upper", /^[A-Z]+$/],
  ["lowernum", /^[0-9a-z]+$/],
  ["uppernum", /^[0-9A-Z]+$/],
  ["alnum", /^[0-9A-Za-z]+$/],
];

/**
 * A template (templates.ts) for texts of the same shape as a match, in which nothing of its secret is left but what every secret of the rule has: its keywords. Undefined where the secret does not
 * stand in the match as it is, or goes over lines.
 */
export function shapeTemplate(match: string, secret: string, keywords: readonly string[]): string | undefined {
  const at = match.indexOf(secret);
  if (at < 0 || secret === "" || /[\r\n]/.test(match)) return undefined;
  const around = [match.slice(0, at), match.slice(at + secret.length)];
  // A secret that stands there twice would be told by what is around it.
  if (around.some((part) => part.includes(secret))) return undefined;
  const signs = secret.match(/[^0-9A-Za-z]/g)?.length ?? 0;
  // Signs stand for themselves: of a value of little else too much would be told.
  if (signs * 3 > secret.length) return undefined;
  return around.map(escaped).join(shapeOf(secret, keywords));
}

function shapeOf(secret: string, keywords: readonly string[]): string {
  const lower = secret.toLowerCase();
  const keyword = keywords.filter((one) => one !== "" && lower.includes(one)).sort((a, b) => b.length - a.length)[0];
  if (keyword !== undefined && keyword.length * 2 <= secret.length) {
    const at = lower.indexOf(keyword);
    const end = at + keyword.length;
    return runs(secret.slice(0, at)) + escaped(secret.slice(at, end)) + runs(secret.slice(end));
  }
  return runs(secret);
}

function runs(text: string): string {
  const [, base = "", padding = ""] = /^([0-9A-Za-z+/]{16,}?)(={0,2})$/.exec(text) ?? [];
  if (/[+/]/.test(base)) return `\${base64:${base.length}}${padding}`;
  return (text.match(/[0-9A-Za-z]+|[^0-9A-Za-z]+/g) ?? [])
    .map((run) => {
      const name = classes.find(([, form]) => form.test(run))?.[0];
      return name === undefined ? escaped(run) : `\${${name}:${run.length}}`;
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("${", "$${");
}
