import { Writable } from "node:stream";
import { Box, render, Text } from "ink";
import { spoken, type Spoken } from "../spoken-lines.ts";
import type { Display } from "./run-screen.ts";

/** The screen as Ink tells it to screen readers: roles and states in words. */
export function SpokenScreen({ spoken: { position, row, isMarked, opened, message } }: { readonly spoken: Spoken }) {
  return (
    <Box flexDirection="column">
      <Box aria-role="listitem" aria-state={{ selected: isMarked }}>
        <Text>{row}</Text>
      </Box>
      {opened.map((text, index) => (
        <Text key={index}>{text}</Text>
      ))}
      {message === "" ? null : <Text>{message}</Text>}
      <Text>{position}</Text>
    </Box>
  );
}

/**
 * Says a review to a screen reader: lines that differ from those said before, one after the other, nothing drawn over. `write` gets whole lines, each with
 * its end.
 */
export function createSpeaker(stdin: NodeJS.ReadStream, write: (text: string) => void): Display {
  let said = new Set<string>();
  let frame = "";
  const sink = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      if (chunk !== "") frame = chunk;
      done();
    },
  });
  // Ink asks a stdout for `columns`, `write` and events alone; this one has them. So wide that nothing is cut: the terminal breaks lines.
  const stdout = Object.assign(sink, { columns: 10_000, rows: 10_000 }) as unknown as NodeJS.WriteStream;
  let instance: ReturnType<typeof render> | undefined;
  return {
    show(state) {
      const tree = <SpokenScreen spoken={spoken(state)} />;
      const options = { debug: true, exitOnCtrlC: false, patchConsole: false, isScreenReaderEnabled: true };
      instance ??= render(tree, { stdout, stdin, ...options });
      instance.rerender(tree);
      const lines = frame.split("\n").filter((line) => line.trim() !== "");
      const fresh = lines.filter((line) => !said.has(line));
      said = new Set(lines);
      // The terminal is raw: a line feed alone would not go back to the first column.
      if (fresh.length > 0) write(fresh.map((line) => `${line}\r\n`).join(""));
    },
    forget() {
      said = new Set();
    },
    stop() {
      instance?.unmount();
      instance?.cleanup();
    },
  };
}
