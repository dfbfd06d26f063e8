import { Writable } from "node:stream";
import { render } from "ink";
import type { DecisionSink } from "../../model/decision.ts";
import type { ReviewFeed } from "../feed.ts";
import { footer } from "../bars.ts";
import { layoutOf, sizeOf } from "../layout.ts";
import { createSession, type OuterEffect } from "../session.ts";
import type { ReviewState } from "../state.ts";
import { createFrameWriter } from "./frame-writer.ts";
import { ReviewScreen } from "./ReviewScreen.tsx";
import { takeTerminal, type EndingSignal, type Terminal } from "./terminal.ts";

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
}): Promise<ScreenOutcome> {
  const { stdin, stdout } = options.terminal;
  const { promise, resolve, reject } = deferred<ScreenOutcome["by"]>();
  let lastFrameAt = 0;
  let frameTimer: NodeJS.Timeout | undefined;
  let isReady = false;

  const draw = (): void => {
    frameTimer = undefined;
    lastFrameAt = Date.now();
    paint.paint(session.state());
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
        session.copied();
        break;
      case "redraw":
        writer.forget();
        break;
      case "suspend":
        guard.suspend();
        break;
      case "quit":
        resolve(effect.by);
        break;
    }
  };

  const writer = createFrameWriter((bytes) => guard.write(bytes));
  const session = createSession({
    feed: options.feed,
    decisions: options.decisions,
    size: sizeOf(stdout.columns, stdout.rows),
    now: options.now,
    changed,
    perform,
  });
  const guard = takeTerminal(
    { stdin, stdout },
    {
      key: session.key,
      resized: () => {
        writer.forget();
        session.resize(sizeOf(stdout.columns, stdout.rows));
      },
      redraw: () => {
        writer.forget();
        changed();
      },
      end: (cause) => {
        if (cause === "hung-up") resolve(cause);
        else if ("signal" in cause) resolve(cause.signal);
        else reject(cause.error);
      },
    },
  );
  const paint = createPainter(stdin, (frame, state) => {
    const { caret } = footer(state);
    const isSmall = layoutOf(state.size).kind === "small";
    writer.show(
      frame,
      state.size.rows,
      caret === undefined || isSmall ? undefined : { row: state.size.rows - 1, column: caret },
    );
  });
  try {
    isReady = true;
    draw();
    return { by: await promise, state: session.state() };
  } finally {
    clearTimeout(frameTimer);
    isReady = false;
    guard.restore();
    paint.stop();
    await session.close();
  }
}

interface Painter {
  paint(state: ReviewState): void;
  stop(): void;
}

/**
 * Ink lays the screen out; what it writes goes to a stream of ours, whole frame by whole frame (its debug mode), because its own way of
 * updating erases the screen and the scrollback whenever a frame is as tall as the terminal.
 */
function createPainter(stdin: NodeJS.ReadStream, show: (frame: string, state: ReviewState) => void): Painter {
  let frame = "";
  const sink = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      if (chunk !== "") frame = chunk;
      done();
    },
  });
  let instance: ReturnType<typeof render> | undefined;
  return {
    paint(state) {
      const tree = <ReviewScreen state={state} />;
      // Ink asks a stdout for `columns`, `write` and events alone; this one has them.
      const stdout = Object.assign(sink, {
        columns: state.size.columns,
        rows: state.size.rows,
      }) as unknown as NodeJS.WriteStream;
      instance ??= render(tree, {
        stdout,
        stdin,
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
        isScreenReaderEnabled: false,
      });
      instance.rerender(tree);
      // React commits nothing, and Ink writes nothing, where the frame is as it was; the screen may have been lost all the same.
      show(frame, state);
    },
    stop() {
      instance?.unmount();
      instance?.cleanup();
    },
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
