import type { DecisionSink } from "../../model/decision.ts";
import { errorMessage } from "../../model/thrown.ts";
import type { ReviewFeed } from "../feed.ts";
import { footer } from "../bars.ts";
import { screenRows } from "../frame.ts";
import { layoutOf, sizeOf } from "../layout.ts";
import type { Looker } from "../look.ts";
import type { Outside, OutsideWish } from "../outside.ts";
import type { Writer, WriteWish } from "../writer.ts";
import { createSession, type OuterEffect } from "../session.ts";
import type { ReviewState } from "../state.ts";
import { createFrameWriter } from "./frame-writer.ts";
import { paintRow, type Palette } from "./paint.ts";
import { runOnTerminal, startBeside } from "./programs.ts";
import {
  lineSequences,
  screenSequences,
  takeTerminal,
  type EndingSignal,
  type Terminal,
  type TerminalGuard,
} from "./terminal.ts";

/** What shows the states of a review, one after the other. */
export interface Display {
  show(state: ReviewState): void;
  /** The terminal no longer shows what was shown last. */
  forget(): void;
  stop(): void;
}

/** At most thirty frames a second: more is work that nobody sees. */
const frameMs = 33;

export interface ScreenOutcome {
  readonly state: ReviewState;
  readonly by: "quit" | "interrupt" | "hung-up" | EndingSignal;
}

/**
 * Runs the review on a terminal until the user leaves it or a signal does. Decisions are safe when it resolves, and the terminal is the
 * shell's again. Rejects with what was thrown anywhere in the process meanwhile.
 */
export async function runScreen(options: {
  readonly feed: ReviewFeed;
  readonly decisions: DecisionSink;
  readonly terminal: Terminal;
  readonly now: () => string;
  /** Undefined: no colours. */
  readonly palette: Palette | undefined;
  readonly looker?: Looker;
  readonly outside?: Outside;
  readonly writer?: Writer;
  /** For a screen reader: lines instead of a screen. */
  readonly isSpoken: boolean;
}): Promise<ScreenOutcome> {
  const { stdin, stdout } = options.terminal;
  const { promise, resolve, reject } = deferred<ScreenOutcome["by"]>();
  let lastFrameAt = 0;
  let frameTimer: NodeJS.Timeout | undefined;
  let isReady = false;

  const draw = (): void => {
    frameTimer = undefined;
    lastFrameAt = Date.now();
    display.show(session.state());
  };
  const changed = (): void => {
    if (!isReady || frameTimer !== undefined) return;
    frameTimer = setTimeout(draw, Math.max(0, lastFrameAt + frameMs - Date.now()));
  };
  const perform = (effect: OuterEffect): void => {
    switch (effect.kind) {
      case "copy":
        // OSC 52: the terminal, not a program, puts it on the clipboard; so it works over ssh.
        guard.write(`\x1b]52;c;${Buffer.from(effect.text).toString("base64")}\x07`);
        session.say(`${effect.what} sent to the terminal's clipboard`);
        break;
      case "outside":
        if (effect.wish.kind === "draft") void draft(effect.wish);
        else void doOutside(effect.wish, options.outside, guard).then(session.say);
        break;
      case "redraw":
        display.forget();
        break;
      case "suspend":
        guard.suspend();
        break;
      case "quit":
        resolve(effect.by);
        break;
    }
  };

  const draft = async ({ finding, place }: Pick<WriteWish, "finding" | "place">): Promise<void> => {
    const editor = await (
      options.writer?.draft(finding, place) ?? Promise.resolve("nothing can be written here")
    ).catch(errorMessage);
    const fault = typeof editor === "string" ? editor : guard.lend(() => runOnTerminal(editor));
    if (fault !== "") session.refuse(fault);
    else session.propose({ what: "rule", finding, place });
  };

  const write = (bytes: string): void => guard.write(bytes);
  const display: Display = options.isSpoken
    ? (await import("./speaker.tsx")).createSpeaker(stdin, write)
    : createScreenDisplay(write, options.palette);
  const session = createSession({
    feed: options.feed,
    decisions: options.decisions,
    size: sizeOf(stdout.columns, stdout.rows),
    now: options.now,
    changed,
    perform,
    ...(options.looker === undefined ? {} : { looker: options.looker }),
    ...(options.writer === undefined ? {} : { writer: options.writer }),
  });
  const guard = takeTerminal({ stdin, stdout }, options.isSpoken ? lineSequences : screenSequences, {
    key: session.key,
    resized: () => {
      display.forget();
      session.resize(sizeOf(stdout.columns, stdout.rows));
    },
    redraw: () => {
      display.forget();
      changed();
    },
    end: (cause) => {
      if (cause === "hung-up") resolve(cause);
      else if ("signal" in cause) resolve(cause.signal);
      else reject(cause.error);
    },
  });
  try {
    isReady = true;
    draw();
    return { by: await promise, state: session.state() };
  } finally {
    clearTimeout(frameTimer);
    isReady = false;
    guard.restore();
    display.stop();
    await session.close();
  }
}

/** Does what a key asks for outside; gives what is to be said of it. */
async function doOutside(
  wish: Exclude<OutsideWish, { kind: "draft" }>,
  outside: Outside | undefined,
  guard: TerminalGuard,
): Promise<string> {
  if (outside === undefined) return "not here";
  switch (wish.kind) {
    case "save":
      return outside.save(wish.findings);
    case "page": {
      const page = await outside.page(wish.finding, wish.place);
      if (typeof page === "string") return page;
      if (page.opener !== undefined) startBeside(page.opener);
      return page.url;
    }
    case "edit": {
      const editor = await outside.edit(wish.finding, wish.place);
      return typeof editor === "string" ? editor : guard.lend(() => runOnTerminal(editor));
    }
  }
}

/** Rows that are drawn over. */
function createScreenDisplay(write: (bytes: string) => void, palette: Palette | undefined): Display {
  const writer = createFrameWriter(write);
  return {
    show(state) {
      const { caret } = footer(state);
      const isSmall = layoutOf(state).kind === "small";
      writer.show(
        screenRows(state).map((row) => paintRow(row, palette)),
        caret === undefined || isSmall ? undefined : { row: state.size.rows - 1, column: caret },
      );
    },
    forget: () => writer.forget(),
    stop: () => {},
  };
}

function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
