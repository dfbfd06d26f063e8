import { decisivePart, passes, veto, type Part, type Score } from "../../model/score.ts";

/** Width of the column of bits: `+123.4`, `never`. */
const bitsWidth = 6;

/** The parts of a score as a small table, one line each, with a mark at the one that decided; the sum is the first line. None for an empty score. */
export function* scoreLines(parts: readonly Part[]): Iterable<readonly [label: string, words: string]> {
  if (parts.length === 0) return;
  const score: Score = { parts, bits: parts.reduce((sum, { bits }) => sum + bits, 0) };
  const decided = decisivePart(score);
  const sum = parts.some(({ bits }) => bits <= veto) ? "one part outweighs all others" : `${shown(score.bits)} bits`;
  yield ["score", `${sum}: ${passes(score.bits) ? "at or above 0, a secret" : "below 0, dropped"}`];
  for (const part of parts) {
    const mark = part === decided ? "  <- decided" : "";
    yield ["", `${bitsOf(part).padStart(bitsWidth)}  ${part.name.padEnd(8)}  ${part.why}${mark}`];
  }
}

function bitsOf({ bits }: Part): string {
  return bits <= veto ? "never" : shown(bits);
}

function shown(bits: number): string {
  return `${bits < 0 ? "-" : "+"}${Math.abs(bits).toFixed(1)}`;
}
