import type { Severity } from "../model/rule.ts";

/** How a piece of text is meant; the screen chooses colours, and without colours the words still say it all. */
export type Tone = "plain" | "dim" | "strong" | "good" | "alert" | Severity;

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One row of the screen, already sanitised and cut to its width. */
export interface StyledLine {
  readonly spans: readonly Span[];
  /** The row of the cursor: shown inverse, where the terminal can. */
  readonly isSelected?: boolean;
}

export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

export function line(...spans: readonly Span[]): StyledLine {
  return { spans };
}

export function plainText(styled: StyledLine): string {
  return styled.spans.map(({ text }) => text).join("");
}
