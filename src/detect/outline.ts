/** Fewer counted steps than this are as quickly tried as they stand. */
const leastSteps = 30;

/** What quantifiers can stand in that are none: escapes, quotations, classes. The last branch is a count with two ends. */
const parts =
  /\\Q[^]*?(?:\\E|$)|\\[xpP]\{[^}]*\}|\\[^]|\[\^?\]?(?:\[:[^\]]*:\]|\\[^]|[^\]\\])*\]|\{(?<least>\d+),(?<most>\d+)\}/g;

/**
 * A regex that matches wherever `pattern` (RE2 syntax) does, and seldom elsewhere: counts have no upper end. RE2 runs through a counted gap with
 * states of their own for each count, thousands in all, which are made while it reads and kept; without the counts a few dozen do. Undefined
 * where little is counted.
 */
export function outlineOf(pattern: string): string | undefined {
  let steps = 0;
  const outline = pattern.replaceAll(parts, (all, least?: string, most?: string) => {
    if (least === undefined || least === most) return all;
    steps += Number(most) - Number(least);
    return Number(least) === 0 ? "*" : `{${least},}`;
  });
  return steps < leastSteps ? undefined : outline;
}
