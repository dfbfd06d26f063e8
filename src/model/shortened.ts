/** The longest name that is told whole: no system has longer paths. In trees of git, in tars and in ZIP files names may have megabytes, and every place in a report tells one. */
export const mostName = 4096;

/** A text of at most about `most` characters: of a longer one its beginning and its end, and how much stands between them. */
export function shortened(text: string, most: number = mostName): string {
  if (text.length <= most) return text;
  const kept = Math.floor(most / 2) - 32;
  return `${text.slice(0, kept)}…(${text.length - 2 * kept} characters left out)…${text.slice(-kept)}`;
}
