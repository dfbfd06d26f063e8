import stringWidth from "string-width";
import type { TargetSummary } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";

/** Fits every terminal and every mail. */
const columns = 80;
/** The end of a path tells more than its beginning; less than this tells nothing. */
const leastNameColumns = 16;

/** What needs somebody's attention comes last: that is what a terminal still shows when the table is long. */
const order: readonly TargetSummary["status"][] = ["clean", "unreachable", "incomplete", "found"];

const headings = ["status", "secrets", "contents", "left out"] as const;

/**
 * The table at the end of a run over several targets: status, secrets, contents scanned and left out of each, then how many there are of
 * each status. Lines of at most 80 columns; names from the scanned side are escaped, and cut at their beginning where they are too long.
 */
export function* targetTable(targets: readonly TargetSummary[], unvisited: number): Iterable<string> {
  const rows = targets
    .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    .map(({ target, status, findings, ledger }) => ({
      name: sanitize(target),
      cells:
        status === "unreachable"
          ? [status, "-", "-", "-"]
          : [status, String(findings), String(ledger.scanned), String(ledger.planned - ledger.scanned)],
    }));
  const widths = headings.map((heading, i) =>
    rows.reduce((width, { cells }) => Math.max(width, cells[i]?.length ?? 0), heading.length),
  );
  const line = (cells: readonly string[], name: string): string => {
    const fixed = cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
    return `${fixed}  ${endOf(name, Math.max(leastNameColumns, columns - fixed.length - 2))}`;
  };
  yield line(headings, "target");
  for (const { cells, name } of rows) yield line(cells, name);
  yield "";
  const counts = order
    .map((status) => ({ status, count: targets.filter((target) => target.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  if (unvisited > 0) counts.push(`${unvisited} not reached yet`);
  const all = targets.length + unvisited;
  yield `${all} ${all === 1 ? "target" : "targets"}: ${counts.join(", ")}`;
}

/** The end of a name, as much as fits into a number of columns. */
function endOf(name: string, width: number): string {
  if (stringWidth(name) <= width) return name;
  const mark = "...";
  const kept: string[] = [];
  let left = width - mark.length;
  for (const { segment } of [...new Intl.Segmenter().segment(name)].reverse()) {
    left -= stringWidth(segment);
    if (left < 0) break;
    kept.push(segment);
  }
  return mark + kept.reverse().join("");
}
