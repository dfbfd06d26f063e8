import { createRequire } from "node:module";
import { join } from "node:path";
import * as nodePty from "@lydell/node-pty";
import { build } from "esbuild";
import { vi } from "vitest";

// A CommonJS package whose names Node does not see from an ES module.
const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as typeof import("@xterm/headless");

const root = join(import.meta.dirname, "../..");

/** Long enough for a busy machine; a test that works never waits for it. */
const patienceMs = 30_000;

/** A program that has sent nothing for so long is done. */
const settleMs = 120;

/** How a cell of the terminal is drawn. `colour`: number of one of the 256; absent: the terminal's own. */
export interface Cell {
  readonly text: string;
  readonly row: number;
  readonly colour?: number;
  readonly isDim: boolean;
}

/** A program in a real pseudo-terminal, and what a person would see there. */
export interface Seat extends Disposable {
  /** Everything the program has sent. */
  readonly sent: () => string;
  /** The rows of the screen, without the spaces at their ends. */
  readonly rows: () => string[];
  readonly text: () => string;
  /** Cells of the screen that show something. */
  readonly cells: () => readonly Cell[];
  readonly isAlternate: () => boolean;
  readonly isCursorHidden: () => boolean;
  readonly press: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly pid: number;
  /** Waits until the screen shows a text (or matches, or passes). */
  readonly sees: (what: string | RegExp | ((text: string) => boolean)) => Promise<void>;
  /** Waits until the program has sent nothing for a while, and the screen shows it. */
  readonly settles: () => Promise<void>;
  /** Waits for the end of the program, and until the screen shows what it said. */
  readonly ended: () => Promise<{ readonly exitCode: number; readonly signal: number }>;
}

/** Starts a program on a terminal of its own. `CI` is taken from the environment: libraries behave differently under it. */
export function sit(
  file: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly columns?: number;
    readonly rows?: number;
    readonly env?: Readonly<Record<string, string>>;
  },
): Seat {
  const columns = options.columns ?? 100;
  const rows = options.rows ?? 30;
  const env: Record<string, string | undefined> = {
    ...process.env,
    TERM: "xterm-256color",
    FORCE_COLOR: "1",
    ...options.env,
  };
  for (const name of ["CI", "CONTINUOUS_INTEGRATION", "NO_COLOR", "NODE_OPTIONS", "VITEST"])
    if (options.env?.[name] === undefined) delete env[name];
  const pty = nodePty.spawn(file, [...args], {
    name: "xterm-256color",
    cols: columns,
    rows,
    cwd: options.cwd,
    env,
  });
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
  let sent = "";
  let end: { exitCode: number; signal: number } | undefined;
  pty.onData((data) => {
    sent += data;
    terminal.write(data);
  });
  pty.onExit(({ exitCode, signal }) => {
    end = { exitCode, signal: signal ?? 0 };
  });
  const read = (): string[] => {
    const { active } = terminal.buffer;
    return Array.from(
      { length: terminal.rows },
      (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? "",
    );
  };
  const text = (): string => read().join("\n");
  const settles = async (): Promise<void> => {
    // Long enough for an Esc to be told from the beginning of a sequence, and for a frame.
    for (let before = -1; before !== sent.length;) {
      before = sent.length;
      await new Promise((resolve) => setTimeout(resolve, settleMs));
    }
    // What was sent is on the screen when the terminal has read it.
    await new Promise<void>((resolve) => terminal.write("", resolve));
  };
  return {
    sent: () => sent,
    rows: read,
    text,
    cells() {
      const { active } = terminal.buffer;
      const cells: Cell[] = [];
      for (let row = 0; row < terminal.rows; row++) {
        const line = active.getLine(active.viewportY + row);
        for (let column = 0; column < terminal.cols; column++) {
          const cell = line?.getCell(column);
          const shown = cell?.getChars().trim() ?? "";
          if (cell === undefined || shown === "") continue;
          const colour = cell.isFgPalette() ? { colour: cell.getFgColor() } : {};
          cells.push({ text: shown, row, ...colour, isDim: cell.isDim() !== 0 });
        }
      }
      return cells;
    },
    isAlternate: () => terminal.buffer.active.type === "alternate",
    // The headless terminal does not tell; the last of the two sequences does.
    isCursorHidden: () => sent.lastIndexOf("\x1b[?25l") > sent.lastIndexOf("\x1b[?25h"),
    press: (keys) => pty.write(keys),
    resize: (width, height) => {
      terminal.resize(width, height);
      pty.resize(width, height);
    },
    kill: (signal) => pty.kill(signal),
    pid: pty.pid,
    sees: (what) =>
      vi.waitFor(
        () => {
          const shown = text();
          const isThere =
            typeof what === "string"
              ? shown.includes(what)
              : typeof what === "function"
                ? what(shown)
                : what.test(shown);
          if (!isThere) throw new Error(`the screen does not show ${String(what)}:\n${shown}`);
        },
        { timeout: patienceMs, interval: 20 },
      ),
    settles,
    ended: async () => {
      const how = await vi.waitFor(
        () => {
          if (end === undefined) throw new Error(`the program is still there:\n${text()}`);
          return end;
        },
        { timeout: patienceMs, interval: 20 },
      );
      // The last that it said may come after its end.
      await settles();
      return how;
    },
    [Symbol.dispose]() {
      if (end === undefined) pty.kill("SIGKILL");
      terminal.dispose();
    },
  };
}

/** Bundles a program of the tests, as the product is bundled: one entry and its lazy chunks. Gives the path to run. */
export async function bundle(entry: string, folder: string): Promise<string> {
  await build({
    entryPoints: { app: join(import.meta.dirname, entry) },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["re2"],
    define: { "process.env.NODE_ENV": '"production"' },
    alias: { "react-devtools-core": join(root, ".ci/empty.mjs") },
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  return join(folder, "app.mjs");
}
