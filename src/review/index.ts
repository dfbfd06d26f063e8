/**
 * The review: a person goes through the findings of a scan, while it runs or later, and says of each what it is.
 * In: a feed of findings, a place for decisions, a terminal. Out: decisions, each written as it is taken, and how many are left.
 * It never reads what was scanned, never shows a value that was not asked for, and never sends text from the scanned side to the
 * terminal unsanitised.
 */
import type { ReadStream, WriteStream } from "node:tty";
import { ToolError } from "../model/problem.ts";
import { summaryLine, type Counts } from "./counts.ts";
import type { DecisionSink } from "../model/decision.ts";
import type { ReviewFeed } from "./feed.ts";
import type { Looker } from "./look.ts";
import type { Outside } from "./outside.ts";
import type { Background } from "./screen/paint.ts";
import { runPlain } from "./plain.ts";
import type { ReviewState } from "./state.ts";
import type { Writer } from "./writer.ts";

export type { Counts } from "./counts.ts";
export type { Decision, DecisionChange, DecisionSink, Verdict } from "../model/decision.ts";
export { createListFeed, createLiveFeed, type FeedEvent, type LiveFeed, type ReviewFeed } from "./feed.ts";
export { usualAround } from "./look.ts";
export type { Looker, LookRow, ReadTab } from "./look.ts";
export type { Outside, ProgramStart } from "./outside.ts";
export type { Proposal, RuleForm, Writer, WriteWish, Written, WrittenIn } from "./writer.ts";
export { allowlistText, sameFile } from "./elsewhere.ts";
export { openIgnoreFile } from "./ignore-file-sink.ts";

export interface ReviewOptions {
  readonly feed: ReviewFeed;
  readonly decisions: DecisionSink;
  readonly terminal: { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };
  /** Numbered questions instead of a screen; works without a terminal. Default: false. */
  readonly isPlain?: boolean;
  /** Lines for a screen reader instead of a screen; keys are the same. Default: false. */
  readonly isSpoken?: boolean;
  /** Colours on the screen. Default: unless `NO_COLOR` is set. */
  readonly hasColour?: boolean;
  /** Of the terminal. Default: as the terminal tells, else unknown. */
  readonly background?: Background;
  /** Reads places again, for the detail and for `m`. Without it, what a report holds is all there is. */
  readonly looker?: Looker;
  /** The editor, web pages, files: what keys do outside of the terminal. */
  readonly outside?: Outside;
  /** Writes marks, allowlists and rules. */
  readonly writer?: Writer;
  /** Called before the screen takes the terminal: whoever has written a notice there takes it away. */
  readonly opening?: () => void;
}

export interface ReviewOutcome {
  /** How it ended: left by the user, interrupted (Ctrl-C), the terminal went away, or a signal. */
  readonly by: "quit" | "interrupt" | "hung-up" | "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";
  readonly counts: Counts;
  /** One line for the terminal that is left: `12 real, 40 false positive, 3 left; decisions in .leaktraceignore`. */
  readonly summary: string;
}

/**
 * Runs a review until it is left. When it resolves, every decision is written and the terminal is as it was; the caller prints `summary`.
 * Throws ToolError `no-terminal` when a screen is wanted and stdin or stdout is none; rethrows what is thrown uncaught in the process
 * meanwhile, after giving the terminal back.
 */
export async function review(options: ReviewOptions): Promise<ReviewOutcome> {
  const { feed, decisions, terminal } = options;
  const helpers = {
    ...(options.looker === undefined ? {} : { looker: options.looker }),
    ...(options.outside === undefined ? {} : { outside: options.outside }),
    ...(options.writer === undefined ? {} : { writer: options.writer }),
  };
  const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
  if (options.isPlain === true) {
    const state = await runPlain({
      feed,
      decisions,
      input: terminal.stdin,
      output: terminal.stdout,
      now,
      ...(options.writer === undefined ? {} : { writer: options.writer }),
    });
    return outcomeOf("quit", state);
  }
  const { stdin, stdout } = terminal;
  if (!isTerminal(stdin) || !isTerminal(stdout))
    throw new ToolError("no-terminal", "the review needs a terminal that can show a screen");
  const hasColour = options.hasColour ?? (process.env["NO_COLOR"] ?? "") === "";
  const { runScreen } = await import("./screen/run-screen.ts");
  const { paletteFor } = await import("./screen/paint.ts");
  options.opening?.();
  const { by, state } = await runScreen({
    ...helpers,
    feed,
    decisions,
    terminal: { stdin, stdout },
    now,
    palette: hasColour ? paletteFor(options.background, process.env) : undefined,
    isSpoken: options.isSpoken === true,
  });
  return outcomeOf(by, state);
}

/** Whether the screen can be shown here; where not, there is `isPlain`. */
export function canShowScreen({ stdin, stdout }: ReviewOptions["terminal"]): boolean {
  return isTerminal(stdin) && isTerminal(stdout) && process.env["TERM"] !== "dumb";
}

function outcomeOf(by: ReviewOutcome["by"], state: ReviewState): ReviewOutcome {
  return { by, counts: state.counts, summary: summaryLine(state) };
}

function isTerminal<S extends NodeJS.ReadStream | NodeJS.WriteStream>(
  stream: S,
): stream is S & (S extends NodeJS.ReadStream ? ReadStream : WriteStream) {
  return stream.isTTY === true;
}
