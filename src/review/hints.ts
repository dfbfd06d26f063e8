import type { Command } from "./command.ts";
import { bindings, keyLabel } from "./keys.ts";

/** A key and what it does, in a word, for the footer. */
export interface Hint {
  readonly key: string;
  readonly word: string;
}

export function hint(command: Command): Hint {
  const { keys, word } = bindings.find((one) => one.command === command) ?? { keys: [], word: "" };
  return { key: keyLabel(keys[0] ?? ""), word };
}

/** In the order given. */
export function hints(...commands: readonly Command[]): readonly Hint[] {
  return commands.map(hint);
}
