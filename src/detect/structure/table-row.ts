const lineFeed = 10;
const quote = 34;
const opening = 40;
const less = 60;
const bar = 124;
/** In the order in which `inLines` of columns.ts takes them. */
const separators = ["|", "\t", ";", ","] as const;

/** A line that may part a header from its rows. */
export const signsAlone = /^[\s|:+=-]*$/;

/** A line is followed so far behind the name. */
const aheadOfName = 700;
/** An element that ends behind a name ends so soon (`inMarkup`). */
const aheadOfElement = 40;

/**
 * Whether a name stands, at a look, in a row below another row of as many cells: then it is no column's name, and `valuesBelow` finds nothing below it. In
 * tables that say `apiKey` or `password` in every row a regex for each would take most of the time. Where a closer look is needed it says no.
 * @param low address where what `valuesBelow` would see begins
 * @param hit address behind the name
 * @param high address where the content, or what is known of it, ends
 */
export function isBelowRow(bytes: Buffer, low: number, hit: number, high: number): boolean {
  const before = bytes.subarray(low, hit);
  const start = before.lastIndexOf(lineFeed) + 1;
  if (start < 2) return false;
  const behind = bytes.subarray(hit, Math.min(high, hit + aheadOfName));
  const rest = behind.indexOf(lineFeed);
  if (rest < 0 || behind.subarray(0, aheadOfElement).includes(less)) return false;
  const line = bytes.toString("latin1", low + start, hit + rest);
  const separator = separators.find((sign) => line.includes(sign));
  if (separator === undefined || line.includes("||") || !isOutsideStatement(before, start, separator)) return false;
  const above = before.toString("latin1", before.subarray(0, start - 1).lastIndexOf(lineFeed) + 1, start - 1);
  if (separator !== "|" && (bytes.subarray(low + start, hit + rest).includes(quote) || above.includes('"')))
    return false;
  return !signsAlone.test(above) && cellsIn(above, separator) === cellsIn(line, separator);
}

/** Names of columns in a statement stand in parentheses, with no bar between them. */
function isOutsideStatement(before: Buffer, start: number, separator: string): boolean {
  const parenthesis = before.lastIndexOf(opening);
  return parenthesis < 0 || (separator === "|" && before.lastIndexOf(bar) > Math.max(parenthesis, start - 1));
}

/** As many as `cellsOf` in columns.ts makes of a line without quotes. */
function cellsIn(line: string, separator: string): number {
  const isTable = separator === "|";
  const cells = isTable ? line.trim().replace(/^\|{1,2}/, "") : line;
  const to = isTable ? cells.replace(/\|{1,2}$/, "").length : cells.length;
  let count = 1;
  for (let at = cells.indexOf(separator); at >= 0 && at < to; at = cells.indexOf(separator, at + 1)) count++;
  return count;
}
