import type { ReadStream, WriteStream } from "node:tty";
import { createKeyReader, type Key } from "../key-input.ts";

/** The streams of a terminal. */
export interface Terminal {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
}

/** What is sent when the terminal is taken, and when it is given back. */
export interface Sequences {
  readonly enter: string;
  readonly leave: string;
}

/**
 * The alternate screen without cursor, line wrap (a character that is wider than we think must not push rows down) or pasted text that
 * looks typed (bracketed paste).
 */
export const screenSequences: Sequences = {
  enter: "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h",
  leave: "\x1b[0m\x1b[2J\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l",
};

/** Lines one after the other, for screen readers: pasted text must not look typed here either. */
export const lineSequences: Sequences = { enter: "\x1b[?2004h", leave: "\x1b[?2004l" };

/** An Esc that nothing follows for this long is the key itself; slow lines deliver the rest of a sequence later than Ink would wait. */
const escapeDelayMs = 40;

/** After a stop signal to ourselves the process goes on at once where no shell can stop it (an orphaned process group): then this is the pause. */
const suspendPauseMs = 50;

/** Signals that end the review; the terminal is given back first. */
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export type EndingSignal = (typeof endingSignals)[number];

export interface TerminalGuard {
  /** Writes to the screen; nothing once the terminal was given back. */
  write(bytes: string): void;
  /** Gives the terminal to the shell until the user comes back. */
  suspend(): void;
  /** Gives the terminal to another program while `use` runs, and takes it again. */
  lend<T>(use: () => T): T;
  /** Gives the terminal back for good. May be called more than once. */
  restore(): void;
}

/**
 * Takes the terminal: alternate screen, raw keys. It is given back on `restore`, and also when the process exits by any other way that
 * can be noticed. `redraw` is called when the screen has to be drawn anew, `end` when the review has to end at once.
 */
export function takeTerminal(
  terminal: Terminal,
  sequences: Sequences,
  handlers: {
    readonly key: (key: Key) => void;
    readonly resized: () => void;
    readonly redraw: () => void;
    readonly end: (cause: { readonly signal: EndingSignal } | { readonly error: unknown } | "hung-up") => void;
  },
): TerminalGuard {
  const { stdin, stdout } = terminal;
  let hasScreen = false;
  let isOver = false;

  const enter = (): void => {
    if (isOver) return;
    // Node remembers the mode and would not set it again, but a shell in between has changed it.
    if (stdin.isRaw) stdin.setRawMode(false);
    stdin.setRawMode(true);
    stdout.write(sequences.enter);
    hasScreen = true;
    // Node asks for the size when this signal comes; who is stopped, or has lent the terminal, is not told of it.
    process.emit("SIGWINCH", "SIGWINCH");
    handlers.redraw();
  };
  const leave = (): void => {
    if (!hasScreen) return;
    hasScreen = false;
    try {
      stdout.write(sequences.leave);
      stdin.setRawMode(false);
    } catch {
      // The terminal is gone (hang-up): there is nothing left to restore.
    }
  };

  const stopKeys = readKeys(stdin, handlers.key, () => handlers.end("hung-up"));
  const onStop = (): void => suspend();
  const onContinue = (): void => enter();
  const suspend = (): void => {
    leave();
    // Without our handler the signal does what it does by default; the whole group stops, as it would on ^Z without raw mode.
    process.removeListener("SIGTSTP", onStop);
    process.kill(0, "SIGTSTP");
    setTimeout(() => {
      if (isOver) return;
      process.on("SIGTSTP", onStop);
      if (!hasScreen) enter();
    }, suspendPauseMs);
  };
  const signalHandlers = endingSignals.map((signal) => [signal, () => handlers.end({ signal })] as const);
  const onError = (error: unknown): void => handlers.end({ error });
  const onHangUp = (): void => handlers.end("hung-up");

  for (const [signal, handler] of signalHandlers) process.on(signal, handler);
  process.on("SIGTSTP", onStop);
  process.on("SIGCONT", onContinue);
  process.on("uncaughtException", onError);
  process.on("exit", leave);
  stdout.on("resize", handlers.resized);
  stdout.on("error", onHangUp);

  enter();
  return {
    write: (bytes) => {
      if (hasScreen) stdout.write(bytes);
    },
    suspend,
    lend: (use) => {
      leave();
      stdin.pause();
      try {
        return use();
      } finally {
        enter();
        stdin.resume();
      }
    },
    restore: () => {
      leave();
      if (isOver) return;
      isOver = true;
      stopKeys();
      for (const [signal, handler] of signalHandlers) process.removeListener(signal, handler);
      process.removeListener("SIGTSTP", onStop);
      process.removeListener("SIGCONT", onContinue);
      process.removeListener("uncaughtException", onError);
      process.removeListener("exit", leave);
      stdout.removeListener("resize", handlers.resized);
      // The error listener stays: after a hang-up the last writes fail later than now.
    },
  };
}

function readKeys(stdin: ReadStream, give: (key: Key) => void, ended: () => void): () => void {
  const reader = createKeyReader();
  let timer: NodeJS.Timeout | undefined;
  const onData = (chunk: Buffer | string): void => {
    clearTimeout(timer);
    for (const key of reader.push(chunk.toString())) give(key);
    if (reader.isWaiting()) {
      timer = setTimeout(() => {
        for (const key of reader.flush()) give(key);
      }, escapeDelayMs);
    }
  };
  stdin.setEncoding("utf8");
  stdin.on("data", onData);
  stdin.on("end", ended);
  stdin.on("error", ended);
  stdin.resume();
  return () => {
    clearTimeout(timer);
    stdin.removeListener("data", onData);
    stdin.removeListener("end", ended);
    stdin.removeListener("error", ended);
    stdin.pause();
  };
}
