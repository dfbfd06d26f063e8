/** A full line of uuencode: its first letter says that it holds 45 bytes, and it has no letter that is small. */
const FULL_LINE = /^M[ -`]{60}\s?$/;

/** Whether a line is uuencoded data, in which any word may stand by chance. */
export function isUuencoded(line: string): boolean {
  return FULL_LINE.test(line);
}
