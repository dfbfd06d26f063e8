import { commonLines } from "../model/common-lines.ts";

/** Lines around a change, where nobody asks for others. */
const usualContext = 3;

/** What turns one text into another, as `git apply` takes it; nothing where they are equal. `before` is undefined for a file that is new. For short texts: time grows with the product of their lines. */
export function unifiedDiff(path: string, before: string | undefined, after: string, context = usualContext): string {
  if (before === after) return "";
  const [old, fresh] = [linesOf(before ?? ""), linesOf(after)];
  const steps = compare(old, fresh);
  const head = before === undefined ? [`new file mode 100644`, `--- /dev/null`] : [`--- a/${path}`];
  const lines = [`diff --git a/${path} b/${path}`, ...head, `+++ b/${path}`];
  for (let at = 0; at < steps.length;) {
    const next = steps.findIndex((step, index) => index >= at && step.sign !== " ");
    if (next < 0) break;
    let last = next;
    for (let index = next; index < steps.length && index <= last + 2 * context; index++)
      if (steps[index]!.sign !== " ") last = index;
    const from = Math.max(at, next - context);
    const to = Math.min(steps.length, last + context + 1);
    lines.push(...hunk(steps, from, to));
    at = to;
  }
  return `${lines.join("\n")}\n`;
}

interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

function hunk(steps: readonly Step[], from: number, to: number): string[] {
  const count = (signs: string, part: readonly Step[]): number =>
    part.filter(({ sign }) => signs.includes(sign)).length;
  const [before, here] = [steps.slice(0, from), steps.slice(from, to)];
  const range = (sign: string): string => {
    const length = count(` ${sign}`, here);
    return `${count(` ${sign}`, before) + (length === 0 ? 0 : 1)},${length}`;
  };
  const body = here.flatMap(({ sign, line }) =>
    line.endsWith("\n") ? [`${sign}${line.slice(0, -1)}`] : [`${sign}${line}`, "\\ No newline at end of file"],
  );
  return [`@@ -${range("-")} +${range("+")} @@`, ...body];
}

function compare(old: readonly string[], fresh: readonly string[]): Step[] {
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  for (const [nextOld, nextFresh] of [...commonLines(old, fresh), [old.length, fresh.length] as const]) {
    while (i < nextOld) steps.push({ sign: "-", line: old[i++]! });
    while (j < nextFresh) steps.push({ sign: "+", line: fresh[j++]! });
    if (i < old.length && j < fresh.length) steps.push({ sign: " ", line: old[i]! });
    i++;
    j++;
  }
  return steps;
}

/** With their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
